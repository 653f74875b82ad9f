"""Phones and sensitive fields lie sealed in every table, are found, and move to a new key."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import clock
from app.audit.models import AuditEntry
from app.batches.imports import add_rows, begin_import, end_reading
from app.cli import privacy
from app.customers.actions import (
    FieldDraft,
    add_field,
    edit_field,
    read_number,
    reveal_field,
    save_view,
    set_field,
)
from app.customers.actions.fields import MOST_REVEALED
from app.customers.actions.listed import Asking, record_listed
from app.customers.actions.listed_tags import read_tag_names
from app.customers.actions.sealing import set_mobiles
from app.customers.models import (
    Customer,
    CustomField,
    FieldChange,
    FieldValue,
    FollowMobile,
    FollowUser,
    TimelineEntry,
)
from app.customers.queries import (
    CustomerFilter,
    digest_number,
    find_field_state,
    list_customers,
    mask_value,
    read_mobiles,
    word_value,
)
from app.customers.queries.field_settings import find_field_row
from app.data_keys import BoxShut, DataKeys
from app.db import DATA_KEYS, Database
from app.errors import Refused
from app.privacy import sealing
from app.privacy.sealing import (
    SEALED,
    begin_anew,
    look_on,
    reseal,
    seal_what_is_left,
    walk_on,
)
from app.runtime import Runtime, build_runtime
from app.seal_walks import SealWalk
from app.sheet_files import SheetRow
from app.tables import metadata
from app.wecom.external_contact import CustomerRow, ExternalContact, FollowInfo
from tests.settings import make_config

WANG, ZHAO, DAY = "wmWang", "zhaoyi", date(2026, 11, 30)
NOTED, TYPED, BEFORE, SECRET = "13912340001", "13712340002", "13612340003", "南山区机密路8号"
IN_TABLE, LOOKED_FOR = "13512340004", "13412340005"
CANARIES = (NOTED, TYPED, BEFORE, SECRET, IN_TABLE, LOOKED_FOR)
NEW_KEYS = DataKeys(
    {"server": "a secret key for tests only", "y2027": "a secret of next year"},
    current="y2027",
    index="a secret key for tests only",
)


@pytest.fixture
def kept(tmp_path: Path, any_db: Database) -> Any:
    """Give a runtime on every database, with a customer of whom all of these are kept."""
    url = any_db.url.render_as_string(hide_password=False)
    runtime = build_runtime(make_config(tmp_path, database={"url": url}))
    with runtime.db.write() as session:
        _keep(session)
    yield runtime
    runtime.db.close()


def _keep(session: Session) -> None:
    now = clock.utcnow()
    session.add(Customer(external_userid=WANG, name="王", created_at=now))
    session.flush()
    follow = FollowUser(
        userid=ZHAO, external_userid=WANG, period=1, remark_mobiles=[], added_at=now
    )
    session.add(follow)
    session.flush()
    set_mobiles(session, follow, [f"+86 {NOTED[:3]}-{NOTED[3:]}"])
    add_field(session, FieldDraft(name="试证件", sensitive=True), kind="text")
    for seen, (name, typed) in enumerate((("手机", BEFORE), ("手机", TYPED))):
        _type(session, name, typed, seen=seen)
    _type(session, "试证件", SECRET)
    batch = begin_import(
        session,
        userid=ZHAO,
        filename="a.csv",
        heading=SheetRow(1, ("电话", "跟进")),
        is_manager=False,
    )
    end_reading(batch, total=add_rows(session, batch.id, [SheetRow(2, (IN_TABLE, "你好"))]))
    save_view(session, userid=ZHAO, name="找", choices=[["name", LOOKED_FOR]], shared=False)


def _type(session: Session, name: str, text: str, *, seen: int = 0) -> None:
    field = session.scalars(select(CustomField).where(CustomField.name == name)).one()
    set_field(session, WANG, field_id=field.id, typed=[text], userid=ZHAO, seen=seen, today=DAY)


def _field(session: Session, name: str) -> CustomField:
    return session.scalars(select(CustomField).where(CustomField.name == name)).one()


def _dump(runtime: Runtime) -> str:
    with runtime.db.read() as session:
        rows = [row for table in metadata.sorted_tables for row in session.execute(select(table))]
    return repr(rows)


def _lie_in(runtime: Runtime) -> list[str]:
    """List what lies in clear in the file of the database and in those beside it."""
    path = Path(str(runtime.db.url.database))
    files = b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*"))
    assert WANG.encode() in files
    return [one for one in (*CANARIES, NOTED[3:]) if one.encode() in files]


def _lie_in_clear(session: Session) -> None:
    """Have everything lie there as the version before wrote it."""
    follow = session.scalars(select(FollowUser)).one()
    follow.remark_mobiles = read_mobiles(session, follow)
    session.execute(delete(FollowMobile))
    field = _field(session, "手机")
    value = session.scalars(select(FieldValue).where(FieldValue.field_id == field.id)).one()
    value.text, value.box, value.digest = TYPED, None, None


def _found(runtime: Runtime, number: str) -> int:
    with runtime.db.read() as session:
        mark = digest_number(session, read_number(number)) if read_number(number) else ""
        wanted = CustomerFilter(name=number, number=mark)
        return len(list_customers(session, wanted).rows)


def _keys_used(runtime: Runtime) -> set[str]:
    with runtime.db.read() as session:
        boxes = [
            *session.scalars(select(FollowUser.remark_mobiles)),
            *session.scalars(select(FieldValue.box)),
            *session.scalars(select(FieldChange.before)),
        ]
    return {str(box).partition(":")[0] for box in boxes}


def test_no_table_holds_a_number_or_a_sensitive_text(kept: Runtime) -> None:
    told = _dump(kept)
    assert [one for one in CANARIES if one in told] == []


def test_the_file_of_sqlite_sheds_what_lay_there_in_clear(runtime: Runtime) -> None:
    with runtime.db.write() as session:
        _keep(session)
    assert _lie_in(runtime) == []
    with runtime.db.write() as session:
        _lie_in_clear(session)
        begin_anew(session)
    assert _lie_in(runtime) == [TYPED, NOTED[3:]]
    seal_what_is_left(runtime)
    assert _lie_in(runtime) == []


def test_what_is_kept_is_read_as_it_was_written(kept: Runtime) -> None:
    with kept.db.read() as session:
        state = find_field_state(session, WANG, _field(session, "试证件").id)
        assert state is not None
        assert (word_value(state.field, state.value), mask_value(state.field, SECRET)) == (
            SECRET,
            "****",
        )
        assert read_mobiles(session, session.scalars(select(FollowUser)).one())[0].startswith("+86")


def test_a_box_moved_to_another_row_does_not_open(kept: Runtime) -> None:
    with kept.db.write() as session:
        row = session.scalars(
            select(FieldValue).where(FieldValue.field_id == _field(session, "手机").id)
        )
        other = session.scalars(
            select(FieldValue).where(FieldValue.field_id == _field(session, "试证件").id)
        )
        other.one().box = row.one().box
    with kept.db.read() as session, pytest.raises(BoxShut):
        find_field_state(session, WANG, _field(session, "试证件").id)


@pytest.mark.parametrize(
    ("number", "found"),
    [
        (NOTED, 1),
        (f"+86 {NOTED[:3]} {NOTED[3:7]} {NOTED[7:]}", 1),
        (f"0086{TYPED}", 1),
        (BEFORE, 0),
        (NOTED[:7], 0),
    ],
)
def test_a_number_finds_its_customer_however_it_is_written(
    kept: Runtime, number: str, found: int
) -> None:
    assert _found(kept, number) == found


def test_what_a_sync_lists_is_sealed_found_and_follows_wecom(kept: Runtime) -> None:
    for mobiles in (("133 0000 0001",), ("13300000002", "0755-12345678"), ()):
        follow = FollowInfo(
            userid=ZHAO,
            remark="",
            description="",
            createtime=clock.from_unix(1_700_000_000),
            remark_mobiles=mobiles,
            remark_corp_name=None,
            oper_userid=None,
            add_way=1,
            state=None,
            tag_ids=(),
        )
        contact = ExternalContact(
            external_userid="wmListed",
            name="新",
            type=1,
            gender=0,
            avatar="",
            unionid=None,
            position=None,
            corp_name=None,
            corp_full_name=None,
        )
        row = CustomerRow(external_contact=contact, follow_info=follow)
        changed = []
        for _again in range(2):
            with kept.db.write() as session:
                tags = read_tag_names(session)
                asking = Asking(asked_at=clock.utcnow(), since=None, userids={}, tags=tags)
                listed = record_listed(session, [row], asking)
                changed.append(listed.new + listed.changed)
        assert changed == [1, 0]
        assert not any(one and one in _dump(kept) for one in mobiles)
        found = [_found(kept, number) for number in ("13300000001", "13300000002", "075512345678")]
        assert found == [len(mobiles) == 1, len(mobiles) == 2, len(mobiles) == 2]


def test_rows_from_before_are_sealed_and_found_again(kept: Runtime) -> None:
    with kept.db.write() as session:
        _lie_in_clear(session)
        begin_anew(session)
    assert TYPED in _dump(kept)
    seal_what_is_left(kept)
    told = _dump(kept)
    assert [one for one in CANARIES if one in told] == []
    assert (_found(kept, NOTED), _found(kept, TYPED)) == (1, 1)


def test_a_field_made_sensitive_is_sealed_with_its_history_and_opened_again(kept: Runtime) -> None:
    with kept.db.write() as session:
        field = add_field(session, FieldDraft(name="试地址"), kind="address")
        for seen, text in enumerate(("旧址一号", "新址二号")):
            _type(session, "试地址", text, seen=seen)
    seal_what_is_left(kept)
    for sensitive in (True, False):
        with kept.db.write() as session:
            row = find_field_row(session, field.id)
            assert row is not None
            draft = FieldDraft(name="试地址", sensitive=sensitive)
            edit_field(session, field.id, draft, seen=row.mark)
        seal_what_is_left(kept)
        told = _dump(kept)
        assert ("旧址一号" in told, "新址二号" in told) == (not sensitive, not sensitive)
    with kept.db.read() as session:
        # What the timeline told of it stays away.
        entries = session.scalars(select(TimelineEntry)).all()
        assert not any("value" in one.data for one in entries)
        state = find_field_state(session, WANG, field.id)
        assert state is not None
        assert state.value.text == "新址二号"


def test_few_options_cannot_be_sensitive(runtime: Runtime) -> None:
    with pytest.raises(Refused), runtime.db.write() as session:
        add_field(session, FieldDraft(name="试", sensitive=True), kind="yes_no")


def test_a_rotation_killed_half_way_goes_on_and_leaves_nothing_behind(
    kept: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with kept.db.write() as session:
        for number in range(7):
            who = f"wm{number}"
            session.add(Customer(external_userid=who, created_at=clock.utcnow()))
            session.flush()
            follow = FollowUser(
                userid=ZHAO,
                external_userid=who,
                period=1,
                remark_mobiles=[],
                added_at=clock.utcnow(),
            )
            session.add(follow)
            session.flush()
            set_mobiles(session, follow, [f"1330000000{number}"])
    monkeypatch.setattr(sealing, "AT_ONCE", 3)
    seal_what_is_left(kept)
    kept.db.info[DATA_KEYS] = NEW_KEYS
    # The first piece, and then nobody is there any more.
    assert walk_on(kept, SEALED[0]).changed == 3
    assert _keys_used(kept) >= {"server", "y2027"}
    with kept.db.read() as session:
        walk = session.get_one(SealWalk, SEALED[0].name)
        assert (walk.key_id, walk.ended_at) == ("y2027", None)
    # It goes on where it was: those three are not done again.
    assert walk_on(kept, SEALED[0]).changed == 3
    seal_what_is_left(kept)
    assert _keys_used(kept) == {"y2027"}
    kept.db.info[DATA_KEYS] = DataKeys(
        {"y2027": "a secret of next year"}, current="y2027", index="a secret key for tests only"
    )
    with kept.db.read() as session:
        read = [read_mobiles(session, one) for one in session.scalars(select(FollowUser))]
    assert len(read) == 8
    assert _found(kept, NOTED) == 1


def test_what_is_written_while_a_rotation_runs_is_not_overwritten(kept: Runtime) -> None:
    kept.db.info[DATA_KEYS] = NEW_KEYS
    with kept.db.read() as session:
        look = look_on(session, SEALED[0])
    assert look is not None
    with kept.db.write() as session:
        set_mobiles(session, session.scalars(select(FollowUser)).one(), ["13300000001"])
    with kept.db.write() as session:
        assert (len(look.keys), reseal(session, look)) == (1, 0)
    with kept.db.read() as session:
        assert read_mobiles(session, session.scalars(select(FollowUser)).one()) == ["13300000001"]


def test_a_walk_that_was_begun_anew_is_not_ended_by_a_piece_of_the_one_before(
    kept: Runtime,
) -> None:
    with kept.db.read() as session:
        look = look_on(session, SEALED[0])
    assert look is not None
    assert look.is_over
    for anew in (True, False):
        with kept.db.write() as session:
            if anew:
                begin_anew(session)
            reseal(session, look)
    with kept.db.read() as session:
        assert session.get_one(SealWalk, SEALED[0].name).ended_at is None


def test_the_command_says_when_the_old_key_may_go(
    tmp_path: Path, kept: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"y2026": "a secret of this year", "y2027": "a secret of next year"}
    url = kept.db.url.render_as_string(hide_password=False)
    make_config(tmp_path, database={"url": url}, privacy={"current": "y2027", "keys": keys})
    monkeypatch.setenv("BANKE_CONFIG", str(tmp_path / "config.toml"))
    told = CliRunner().invoke(privacy.group, ["rotate"])
    assert told.exit_code == 0, told.output
    assert "可以从 privacy.keys 去掉：y2026" in told.output
    assert _keys_used(kept) == {"y2027"}
    with kept.db.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "keys_rotated")).one()
    assert entry.detail == {"key": "y2027"}


def test_who_looks_at_very_many_is_stopped_for_a_while(runtime: Runtime) -> None:
    with runtime.db.write() as session:
        _keep(session)
        field_id = _field(session, "手机").id
        for _look in range(MOST_REVEALED):
            reveal_field(session, WANG, field_id=field_id, userid=ZHAO)
        with pytest.raises(Refused):
            reveal_field(session, WANG, field_id=field_id, userid=ZHAO)
        assert reveal_field(session, WANG, field_id=field_id, userid="lisi") == TYPED


def test_a_page_of_the_list_opens_no_more_than_it_shows(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with runtime.db.write() as session:
        _keep(session)
    opened: list[str] = []
    original = DataKeys.open

    def count(self: DataKeys, box: str, *, place: str) -> str:
        opened.append(place)
        return original(self, box, place=place)

    monkeypatch.setattr(DataKeys, "open", count)
    assert _found(runtime, "王") == 1
    assert opened == []

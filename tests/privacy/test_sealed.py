"""Phones and sensitive fields lie sealed in every table, and are found."""

from functools import partial

import pytest
from sqlalchemy import select

from app import clock
from app.customers.actions import (
    FieldDraft,
    add_field,
    edit_field,
    import_fields,
    reveal_field,
)
from app.customers.actions.fields import MOST_REVEALED
from app.customers.actions.listed import Asking, record_listed
from app.customers.actions.listed_tags import read_tag_names
from app.customers.models import (
    FieldValue,
    FollowUser,
    TimelineEntry,
)
from app.customers.queries import (
    find_field_state,
    mask_value,
    read_mobiles,
    word_value,
)
from app.customers.queries.field_settings import find_field_row
from app.data_keys import BoxShut, DataKeys
from app.errors import Refused
from app.privacy.sealing import (
    begin_anew,
    seal_what_is_left,
)
from app.runtime import Runtime
from app.wecom.external_contact import CustomerRow, ExternalContact, FollowInfo
from tests.privacy.sealed import (
    BEFORE,
    CANARIES,
    NOTED,
    SECRET,
    TYPED,
    WANG,
    ZHAO,
    count_found,
    dump_all,
    field_of,
    keep,
    kept,
    lie_in,
    lie_in_clear,
    type_in,
)

__all__ = ["kept"]


def test_no_table_holds_a_number_or_a_sensitive_text(kept: Runtime) -> None:
    told = dump_all(kept)
    assert [one for one in CANARIES if one in told] == []


def test_the_file_of_sqlite_sheds_what_lay_there_in_clear(runtime: Runtime) -> None:
    with runtime.db.write() as session:
        keep(session)
    assert lie_in(runtime) == []
    with runtime.db.write() as session:
        lie_in_clear(session)
        begin_anew(session)
    assert lie_in(runtime) == [TYPED, NOTED[3:]]
    seal_what_is_left(runtime)
    assert lie_in(runtime) == []


def test_what_is_kept_is_read_as_it_was_written(kept: Runtime) -> None:
    with kept.db.read() as session:
        state = find_field_state(session, WANG, field_of(session, "试证件").id)
        assert state is not None
        assert (word_value(state.field, state.value), mask_value(state.field, SECRET)) == (
            SECRET,
            "****",
        )
        assert read_mobiles(session, session.scalars(select(FollowUser)).one())[0].startswith("+86")


def test_a_box_moved_to_another_row_does_not_open(kept: Runtime) -> None:
    with kept.db.write() as session:
        row = session.scalars(
            select(FieldValue).where(FieldValue.field_id == field_of(session, "手机").id)
        )
        other = session.scalars(
            select(FieldValue).where(FieldValue.field_id == field_of(session, "试证件").id)
        )
        other.one().box = row.one().box
    with kept.db.read() as session, pytest.raises(BoxShut):
        find_field_state(session, WANG, field_of(session, "试证件").id)


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
    assert count_found(kept, number) == found


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
        assert not any(one and one in dump_all(kept) for one in mobiles)
        found = [
            count_found(kept, number) for number in ("13300000001", "13300000002", "075512345678")
        ]
        assert found == [len(mobiles) == 1, len(mobiles) == 2, len(mobiles) == 2]


def test_rows_from_before_are_sealed_and_found_again(kept: Runtime) -> None:
    with kept.db.write() as session:
        lie_in_clear(session)
        begin_anew(session)
    assert TYPED in dump_all(kept)
    seal_what_is_left(kept)
    told = dump_all(kept)
    assert [one for one in CANARIES if one in told] == []
    assert (count_found(kept, NOTED), count_found(kept, TYPED)) == (1, 1)


def test_a_field_made_sensitive_is_sealed_with_its_history_and_opened_again(kept: Runtime) -> None:
    with kept.db.write() as session:
        field = add_field(session, FieldDraft(name="试地址"), kind="address")
        for seen, text in enumerate(("旧址一号", "新址二号")):
            type_in(session, "试地址", text, seen=seen)
    seal_what_is_left(kept)
    for sensitive in (True, False):
        with kept.db.write() as session:
            row = find_field_row(session, field.id)
            assert row is not None
            draft = FieldDraft(name="试地址", sensitive=sensitive)
            edit_field(session, field.id, draft, seen=row.mark)
        seal_what_is_left(kept)
        told = dump_all(kept)
        assert ("旧址一号" in told, "新址二号" in told) == (not sensitive, not sensitive)
    with kept.db.read() as session:
        # What the timeline told of it stays away.
        entries = session.scalars(select(TimelineEntry)).all()
        assert not any("value" in one.data for one in entries)
        state = find_field_state(session, WANG, field.id)
        assert state is not None
        assert state.value.text == "新址二号"


def test_a_file_seals_what_stands_in_a_field_and_one_without_the_word_leaves_it(
    kept: Runtime,
) -> None:
    text = '[[field]]\nkey = "t_file"\nname = "试文件"\nkind = "address"\n'
    kept.db.commit(lambda session: import_fields(session, text))
    with kept.db.write() as session:
        type_in(session, "试文件", "文件一号")
    for word, sealed in (("sensitive = true", True), ("", True), ("sensitive = false", False)):
        imported = kept.db.commit(partial(import_fields, toml_text=text + word))
        assert bool(imported.changed) == bool(word)
        seal_what_is_left(kept)
        assert ("文件一号" in dump_all(kept)) != sealed


def test_few_options_cannot_be_sensitive(runtime: Runtime) -> None:
    with pytest.raises(Refused), runtime.db.write() as session:
        add_field(session, FieldDraft(name="试", sensitive=True), kind="yes_no")


def test_who_looks_at_very_many_is_stopped_for_a_while(runtime: Runtime) -> None:
    with runtime.db.write() as session:
        keep(session)
        field_id = field_of(session, "手机").id
        for _look in range(MOST_REVEALED):
            reveal_field(session, WANG, field_id=field_id, userid=ZHAO)
        with pytest.raises(Refused):
            reveal_field(session, WANG, field_id=field_id, userid=ZHAO)
        assert reveal_field(session, WANG, field_id=field_id, userid="lisi") == TYPED


def test_a_page_of_the_list_opens_no_more_than_it_shows(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with runtime.db.write() as session:
        keep(session)
    opened: list[str] = []
    original = DataKeys.open

    def count(self: DataKeys, box: str, *, place: str) -> str:
        opened.append(place)
        return original(self, box, place=place)

    monkeypatch.setattr(DataKeys, "open", count)
    assert count_found(runtime, "王") == 1
    assert opened == []

"""What lies sealed moves to a new key, piece by piece, beside everything else."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from app import clock
from app.audit.models import AuditEntry
from app.cli import privacy
from app.customers.actions.sealing import set_mobiles
from app.customers.models import (
    Customer,
    FieldValue,
    FollowUser,
)
from app.customers.queries import (
    read_mobiles,
)
from app.data_keys import DataKeys
from app.db import DATA_KEYS
from app.privacy import sealing
from app.privacy.sealing import (
    SEALED,
    begin_anew,
    look_on,
    reseal,
    seal_what_is_left,
    walk_on,
)
from app.runtime import Runtime
from app.seal_walks import SealWalk
from tests.privacy.sealed import (
    NEW_KEYS,
    NOTED,
    ZHAO,
    count_found,
    field_of,
    kept,
    keys_used,
)
from tests.settings import make_config
from tests.statements import counted

__all__ = ["kept"]


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
    assert keys_used(kept) >= {"server", "y2027"}
    with kept.db.read() as session:
        walk = session.get_one(SealWalk, SEALED[0].name)
        assert (walk.key_id, walk.ended_at) == ("y2027", None)
    # It goes on where it was: those three are not done again.
    assert walk_on(kept, SEALED[0]).changed == 3
    seal_what_is_left(kept)
    assert keys_used(kept) == {"y2027"}
    kept.db.info[DATA_KEYS] = DataKeys(
        {"y2027": "a secret of next year"}, current="y2027", index="a secret key for tests only"
    )
    with kept.db.read() as session:
        read = [read_mobiles(session, one) for one in session.scalars(select(FollowUser))]
    assert len(read) == 8
    assert count_found(kept, NOTED) == 1


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


def test_a_piece_costs_few_statements_however_many_rows_are_sealed_in_it(kept: Runtime) -> None:
    [values] = [rows for rows in SEALED if rows.table is FieldValue]
    now = clock.utcnow()
    with kept.db.write() as session:
        phone = field_of(session, "手机").id
        for number in range(40):
            who = f"wmMany{number}"
            session.add(Customer(external_userid=who, created_at=now))
            session.flush()
            in_clear = {"text": f"137{number:08}", "userid": ZHAO, "changed_at": now}
            session.add(FieldValue(external_userid=who, field_id=phone, version=1, **in_clear))
    with kept.db.read() as session:
        look = look_on(session, values)
    assert look is not None
    with counted(kept.db) as statements, kept.db.write() as session:
        assert reseal(session, look) == 40
    # A server's driver may write row by row; what is asked for and how often is ours.
    asked = [one for one in statements if not one.startswith("UPDATE")]
    assert len(asked) < 10


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
    assert keys_used(kept) == {"y2027"}
    with kept.db.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "keys_rotated")).one()
    assert entry.detail == {"key": "y2027"}

"""What a restore leaves alone, and what it ends because it may have been done already."""

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.accounts.models import AdminSession, LoginLink
from app.audit.models import AuditEntry
from app.backup.settling import Settled, settle
from app.cli.backup import restore
from app.db import Database
from app.deliveries.actions import record_intent
from app.deliveries.models import Delivery
from app.deliveries.queries import word_outcome
from app.pushes.actions import record_push
from app.pushes.models import Push
from app.schedule_runs import find_restore
from app.sync.actions import begin_run
from app.sync.models import SyncRun
from tests import settings

NOW = clock.utcnow()


def settled(db: Database) -> Settled:
    return db.commit(partial(settle, made_at=NOW))


def intend(db: Database, kind: str, wanted_at: datetime) -> int:
    """Have something be open; return its number."""
    with db.write() as session:
        row = record_intent(
            session,
            kind=kind,
            dedupe_key=f"{kind}:{wanted_at}",
            recipient="zhaoyi",
            due_at=wanted_at,
            wanted_at=wanted_at,
        )
        assert row is not None
        return row.id


def outcome(db: Database, delivery_id: int) -> tuple[str | None, bool]:
    """Return how it ended, and whether it still wants work."""
    with db.read() as session:
        row = session.get_one(Delivery, delivery_id)
        return row.outcome, row.due_at is not None


def test_an_open_welcome_is_unknown_however_young(any_db: Database) -> None:
    row = intend(any_db, "welcome", NOW)
    assert settled(any_db).welcomes == 1
    assert outcome(any_db, row) == ("unknown", False)
    with any_db.read() as session:
        assert "从备份恢复" in word_outcome(session.get_one(Delivery, row))


@pytest.mark.parametrize(
    ("age", "ended"),
    [(timedelta(hours=3), ("unknown", False)), (timedelta(hours=1), (None, True))],
)
def test_a_message_is_sent_while_wecom_drops_the_same(
    db: Database, age: timedelta, ended: tuple[str | None, bool]
) -> None:
    row = intend(db, "loss", clock.utcnow() - age)
    settled(db)
    assert outcome(db, row) == ended


def test_a_reminder_for_later_comes(db: Database) -> None:
    row = intend(db, "reminder", clock.utcnow() + timedelta(days=1))
    settled(db)
    assert outcome(db, row) == (None, True)


def test_what_was_being_worked_waits_for_nobody(any_db: Database) -> None:
    row = intend(any_db, "loss", clock.utcnow() - timedelta(minutes=5))
    with any_db.write() as session:
        kept = session.get_one(Delivery, row)
        kept.claimed_by, kept.due_at = "gone", clock.later(60)
    settled(any_db)
    with any_db.read() as session:
        kept = session.get_one(Delivery, row)
        assert kept.claimed_by is None
        assert kept.due_at is not None
        assert kept.due_at <= clock.utcnow()


def test_a_members_change_is_not_told_and_a_batchs_is(db: Database) -> None:
    with db.write() as session:
        for external_userid, lane in (("wmOne", "pushes"), ("wmTwo", "bulk")):
            push = record_push(
                session,
                kind="remark",
                userid="zhaoyi",
                external_userid=external_userid,
                value="老客",
            )
            push.lane = lane
    assert settled(db).pushes == 1
    with db.read() as session:
        rows = session.execute(select(Push.lane, Push.outcome).order_by(Push.id)).all()
    assert [tuple(row) for row in rows] == [("pushes", "failed"), ("bulk", None)]


def test_whoever_was_signed_in_signs_in_anew(db: Database) -> None:
    times = dict.fromkeys(("begun_at", "seen_at", "ends_at", "proved_at"), NOW)
    with db.write() as session:
        session.add(AdminSession(digest="d", userid="qianer", stay=1, **times))
        session.add(LoginLink(digest="d", userid="qianer", made_at=NOW, ends_at=NOW))
    settled(db)
    with db.read() as session:
        assert count(session, AdminSession) + count(session, LoginLink) == 0


def test_a_comparison_begins_in_place_of_one_that_was_under_way(db: Database) -> None:
    with db.write() as session:
        begin_run(session, why="nightly")
    settled(db)
    with db.read() as session:
        rows = session.execute(select(SyncRun.why, SyncRun.outcome).order_by(SyncRun.id)).all()
    assert [tuple(row) for row in rows] == [("nightly", "cancelled"), ("restored", None)]


def test_the_moment_is_kept_and_stands_in_the_audit_log(any_db: Database) -> None:
    before = clock.utcnow()
    settled(any_db)
    settled(any_db)
    with any_db.read() as session:
        restored_at = find_restore(session)
        assert restored_at is not None
        assert before < restored_at <= clock.utcnow()
        actions = session.scalars(select(AuditEntry.action)).all()
    assert actions == ["backup_restored"] * 2


def count(session: Session, table: type[AdminSession | LoginLink]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_database_that_another_tool_brought_back_is_settled_when_told(
    tmp_path: Path, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = settings.settings(tmp_path, database={"url": str(db.url)})
    path = settings.write_toml(tmp_path / "config.toml", tree)
    monkeypatch.setenv("BANKE_CONFIG", str(path))
    row = intend(db, "welcome", NOW)
    assert CliRunner().invoke(restore, []).exit_code == 1
    assert outcome(db, row) == (None, True)
    told = CliRunner().invoke(restore, ["--loaded"])
    assert "欢迎语 1 条" in told.output
    assert outcome(db, row) == ("unknown", False)

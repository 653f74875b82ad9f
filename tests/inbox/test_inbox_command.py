"""`flask inbox replay` works events again as the page does, and that is on record as well."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from app.audit.models import AuditEntry
from app.cli.inbox import group
from app.db import Database
from app.inbox.models import InboxEvent
from tests import settings
from tests.inbox.test_inbox_queries import received, store

NOON = datetime(2026, 11, 18, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def configured(tmp_path: Path, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = settings.settings(tmp_path, database={"url": str(db.url)})
    path = settings.write_toml(tmp_path / "config.toml", tree)
    monkeypatch.setenv("BANKE_CONFIG", str(path))


def run(*arguments: str) -> str:
    result = CliRunner().invoke(group, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_dead_events_are_replayed_and_that_is_on_record(db: Database) -> None:
    store(db, received(1, NOON, "dead"), received(2, NOON, "dead"), received(3, NOON, "done"))
    assert "2" in run("replay", "1", "2", "3")
    with db.read() as session:
        fates = session.scalars(select(InboxEvent.fate).order_by(InboxEvent.id)).all()
        [entry] = session.scalars(select(AuditEntry))
    assert fates == [None, None, "done"]
    assert (entry.userid, entry.action) == ("", "inbox_replayed")
    assert entry.detail == {"count": 2, "event": 1}


def test_nothing_replayed_is_nothing_to_record(db: Database) -> None:
    run("replay", "7")
    with db.read() as session:
        assert session.scalars(select(AuditEntry)).all() == []

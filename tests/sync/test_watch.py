"""When a walk begins by itself: at night, and when nobody was here for a while."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app import clock
from app.runtime import Runtime
from app.schedule import SCHEDULE, run_if_due
from app.schedule_runs import ScheduleRun
from app.sync.jobs import WATCH, watch_sync
from app.sync.models import SyncRun

# Three in the morning in Shanghai, and the evening before.
NIGHT = datetime(2026, 11, 30, 19, 5, tzinfo=UTC)
EVENING = NIGHT - timedelta(hours=7)


@pytest.fixture(autouse=True)
def _true_clock_afterwards() -> Iterator[None]:
    yield
    clock.follow(None)


def at(moment: datetime, folder: Path) -> None:
    file = folder / "moved"
    file.write_text(f"{(moment - datetime.now(UTC)).total_seconds()}")
    clock.follow(file)


def ended(runtime: Runtime, moment: datetime) -> None:
    """Have a first walk have ended at a time."""
    with runtime.db.write() as session:
        session.add(
            SyncRun(
                why="manual",
                created_at=moment,
                ended_at=moment,
                outcome="done",
                members=1,
                walking=[],
                attempts=0,
            )
        )


def begun(runtime: Runtime) -> list[str]:
    with runtime.db.read() as session:
        return list(session.scalars(select(SyncRun.why).where(SyncRun.open_key == 1)))


def watched(runtime: Runtime, moment: datetime) -> None:
    with runtime.db.write() as session:
        session.add(ScheduleRun(name=WATCH, started_at=moment, ended_at=moment))


def test_never_before_somebody_has_begun_the_first(runtime: Runtime, tmp_path: Path) -> None:
    at(NIGHT, tmp_path)
    watched(runtime, NIGHT - timedelta(days=3))
    watch_sync(runtime)
    assert begun(runtime) == []


def test_once_a_night(runtime: Runtime, tmp_path: Path) -> None:
    ended(runtime, EVENING)
    at(NIGHT - timedelta(minutes=10), tmp_path)
    watch_sync(runtime)
    assert begun(runtime) == []
    at(NIGHT, tmp_path)
    watch_sync(runtime)
    assert begun(runtime) == ["nightly"]
    watch_sync(runtime)
    assert begun(runtime) == ["nightly"]


def test_not_again_when_it_was_done_this_night(runtime: Runtime, tmp_path: Path) -> None:
    ended(runtime, NIGHT)
    at(NIGHT + timedelta(minutes=30), tmp_path)
    watch_sync(runtime)
    assert begun(runtime) == []


def test_after_nobody_was_here(runtime: Runtime, tmp_path: Path) -> None:
    ended(runtime, EVENING - timedelta(hours=1))
    watched(runtime, EVENING - timedelta(minutes=11))
    at(EVENING, tmp_path)
    watch_sync(runtime)
    assert begun(runtime) == ["downtime"]


def test_as_long_as_somebody_looks_every_minute_nothing_begins(
    runtime: Runtime, tmp_path: Path
) -> None:
    ended(runtime, EVENING - timedelta(hours=1))
    [job] = [one for one in SCHEDULE if one.name == WATCH]
    for minutes in (0, 1, 5):
        at(EVENING + timedelta(minutes=minutes), tmp_path)
        run_if_due(runtime, job)
    assert begun(runtime) == []
    at(EVENING + timedelta(minutes=20), tmp_path)
    run_if_due(runtime, job)
    assert begun(runtime) == ["downtime"]

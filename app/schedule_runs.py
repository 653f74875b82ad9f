"""When each periodic job last ran: so that of many machines one runs it, and none forgets it.

Among them stands when the database was last brought back from a backup.
"""

from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app import clock
from app.claims import changed_one
from app.db import Base, WireId, fit
from app.rows import upsert

TURN = timedelta(minutes=10)
FAULT_LENGTH = 64
RESTORE = "backup.restore"


class ScheduleRun(Base):
    """One periodic job. `due_at` moves on when a machine takes the turn.

    `ended_at` and `fault`, the name of the error or "", are of the last turn that ended.
    """

    __tablename__ = "schedule_runs"

    name: Mapped[str] = mapped_column(WireId(64), primary_key=True)
    due_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    fault: Mapped[str] = mapped_column(WireId(FAULT_LENGTH), default="")


# Made once: every welcome asks.
RESTORED_AT = select(ScheduleRun.started_at).where(ScheduleRun.name == RESTORE)


def is_due(session: Session, name: str) -> bool:
    """Tell whether `take_turn` is worth a try: a look that waits for no writer."""
    run = session.get(ScheduleRun, name)
    return run is None or run.due_at is None or run.due_at <= clock.utcnow()


def take_turn(session: Session, name: str) -> bool:
    """Tell whether this process is the one to run `name` now.

    The turn is kept for ten minutes; a process that dies in the middle leaves it to another then.
    """
    upsert(session, ScheduleRun, [{"name": name, "fault": ""}], key=["name"])
    now = clock.utcnow()
    taken = session.execute(
        update(ScheduleRun)
        .where(
            ScheduleRun.name == name, or_(ScheduleRun.due_at.is_(None), ScheduleRun.due_at <= now)
        )
        .values(due_at=now + TURN, started_at=now)
        .execution_options(synchronize_session=False)
    )
    return changed_one(taken)


def end_turn(session: Session, name: str, *, again_in: float, fault: str = "") -> None:
    """Have the next turn come so many seconds from now; `fault`: what this one failed of.

    Whoever hastened the job while it ran does so for what it may not have seen: that stays.
    """
    run = session.get_one(ScheduleRun, name, populate_existing=True, with_for_update=True)
    if run.due_at is None or run.started_at is None or run.due_at >= run.started_at + TURN:
        run.due_at = clock.later(again_in)
    run.ended_at, run.fault = clock.utcnow(), fit(fault, FAULT_LENGTH)
    session.flush()


def list_runs(session: Session) -> dict[str, ScheduleRun]:
    """Return every job that ever had a turn, by its name."""
    return {run.name: run for run in session.scalars(select(ScheduleRun))}


def note_restore(session: Session) -> None:
    """Note that the database was brought back from a backup now."""
    session.merge(ScheduleRun(name=RESTORE, started_at=clock.utcnow(), fault=""))
    session.flush()


def find_restore(session: Session) -> datetime | None:
    """Return when the database was brought back last: what came of all before it may be lost."""
    return session.scalar(RESTORED_AT)


def hasten(session: Session, name: str, *, apart: float) -> None:
    """Have the next turn now, or so many seconds after the last one began."""
    began = session.scalar(select(ScheduleRun.started_at).where(ScheduleRun.name == name))
    if began is None:
        return
    soon = max(clock.utcnow(), began + timedelta(seconds=apart))
    session.execute(
        update(ScheduleRun)
        .where(ScheduleRun.name == name, ScheduleRun.due_at > soon)
        .values(due_at=soon)
        .execution_options(synchronize_session=False)
    )

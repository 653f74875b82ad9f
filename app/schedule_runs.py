"""When each periodic job last ran: so that of many machines one runs it, and none forgets it."""

from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app import clock
from app.claims import changed_one
from app.db import Base, WireId, upsert


class ScheduleRun(Base):
    """One periodic job. `due_at` moves on when a machine takes the turn."""

    __tablename__ = "schedule_runs"

    name: Mapped[str] = mapped_column(WireId(64), primary_key=True)
    due_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]


def is_due(session: Session, name: str) -> bool:
    """Tell whether `take_turn` is worth a try: a look that waits for no writer."""
    run = session.get(ScheduleRun, name)
    return run is None or run.due_at is None or run.due_at <= clock.utcnow()


def take_turn(session: Session, name: str, *, every: float) -> bool:
    """Tell whether this process is the one to run `name` now; the next turn is `every` s later."""
    upsert(session, ScheduleRun, [{"name": name}], key=["name"])
    now = clock.utcnow()
    taken = session.execute(
        update(ScheduleRun)
        .where(
            ScheduleRun.name == name, or_(ScheduleRun.due_at.is_(None), ScheduleRun.due_at <= now)
        )
        .values(due_at=now + timedelta(seconds=every), started_at=now)
        .execution_options(synchronize_session=False)
    )
    return changed_one(taken)

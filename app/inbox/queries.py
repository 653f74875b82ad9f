"""Reads of the received events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.claims import Claim
from app.inbox.models import InboxEvent


@dataclass(frozen=True)
class Backlog:
    """How a lane stands: events that are due or will be, and the age of the oldest due one."""

    lane: str
    waiting: int
    oldest_seconds: float


def find_claimed(session: Session, claim: Claim) -> InboxEvent | None:
    """Return the claimed event, None when the claim has gone to somebody else."""
    event = session.get(InboxEvent, claim.id)
    if event is None or event.claimed_by != claim.token or event.due_at is None:
        return None
    return event


def list_backlogs(session: Session) -> list[Backlog]:
    """Return each lane that has something to do."""
    now = clock.utcnow()
    rows = session.execute(
        select(InboxEvent.lane, func.count(), func.min(InboxEvent.due_at))
        .where(InboxEvent.due_at.is_not(None))
        .group_by(InboxEvent.lane)
    )
    return [Backlog(lane, count, _age(now, oldest)) for lane, count, oldest in rows]


def count_fates(session: Session) -> dict[str, int]:
    """Return how many events ended how; "open" for those that have not."""
    rows = session.execute(select(InboxEvent.fate, func.count()).group_by(InboxEvent.fate))
    return {fate or "open": count for fate, count in rows}


def list_dead(session: Session, *, limit: int = 50) -> Sequence[InboxEvent]:
    """Return the newest dead events."""
    return session.scalars(
        select(InboxEvent)
        .where(InboxEvent.fate == "dead")
        .order_by(InboxEvent.finished_at.desc())
        .limit(limit)
    ).all()


def _age(now: datetime, due_at: datetime | None) -> float:
    return max(0.0, (now - due_at).total_seconds()) if due_at else 0.0

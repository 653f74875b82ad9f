"""Reads of the received events."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, defer
from sqlalchemy.sql import ColumnElement

from app import clock
from app.claims import Backlog, Claim, backlog_columns, build_backlog
from app.inbox.models import InboxEvent

PAGE = 50
# What is replayed at once; the rest with another press.
MOST_REPLAYED = 1000
# How many events one that is worked may take along.
MOST_ALIKE = 500
OPEN = "open"
LANES = ("urgent", "events")
# Every answer to how an event ended.
FATES = (OPEN, "done", "ignored", "unsupported", "unreadable", "dead", "erased")


@dataclass(frozen=True, kw_only=True)
class EventFilter:
    """Which events are wanted; what is empty does not choose. `fate` "open": not at its end."""

    fate: str = ""
    event: str = ""
    change_type: str = ""
    external_userid: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Say it in SQL."""
        wanted = [
            getattr(InboxEvent, name) == getattr(self, name)
            for name in ("event", "change_type", "external_userid")
            if getattr(self, name)
        ]
        if self.fate:
            fate = InboxEvent.fate
            wanted.append(fate.is_(None) if self.fate == OPEN else fate == self.fate)
        if self.since:
            wanted.append(InboxEvent.received_at >= self.since)
        if self.until:
            wanted.append(InboxEvent.received_at < self.until)
        return wanted


@dataclass(frozen=True)
class Alike:
    """An event that the same work would serve as another one's, and the member it names."""

    id: int
    userid: str


def find_claimed(session: Session, claim: Claim) -> InboxEvent | None:
    """Return the claimed event, None when the claim has gone to somebody else."""
    event = session.get(InboxEvent, claim.id)
    if event is None or event.claimed_by != claim.token or event.due_at is None:
        return None
    return event


def list_alike(
    session: Session,
    event_id: int,
    *,
    kind: tuple[str, str],
    external_userid: str,
    since: datetime,
    until: datetime,
) -> list[Alike]:
    """List what is not at its end of the other events of a kind about a customer, oldest first.

    Of those that came since then and until then: from where the index says on, not all he ever had.
    """
    rows = session.execute(
        select(InboxEvent.id, InboxEvent.userid)
        .where(
            InboxEvent.external_userid == external_userid,
            InboxEvent.received_at >= since,
            InboxEvent.received_at <= until,
            InboxEvent.due_at.is_not(None),
            InboxEvent.event == kind[0],
            InboxEvent.change_type == kind[1],
            InboxEvent.id != event_id,
        )
        .order_by(InboxEvent.received_at)
        .limit(MOST_ALIKE)
    )
    return [Alike(event_id, userid) for event_id, userid in rows]


def list_backlogs(session: Session) -> list[Backlog]:
    """Return each lane that has something to do."""
    now = clock.utcnow()
    rows = session.execute(
        select(InboxEvent.lane, *backlog_columns(InboxEvent, now))
        # Named, so that every database finds those that wait by the index, past all that is done.
        .where(InboxEvent.lane.in_(LANES), InboxEvent.due_at.is_not(None))
        .group_by(InboxEvent.lane)
    )
    return [build_backlog(lane, row, now) for lane, *row in rows]


def count_fates(session: Session) -> dict[str, int]:
    """Return how many events ended how; "open" for those that have not."""
    rows = session.execute(select(InboxEvent.fate, func.count()).group_by(InboxEvent.fate))
    return {fate or OPEN: count for fate, count in rows}


def list_dead(session: Session, *, limit: int = 50) -> Sequence[InboxEvent]:
    """Return the newest dead events."""
    return session.scalars(
        select(InboxEvent)
        .where(InboxEvent.fate == "dead")
        .order_by(InboxEvent.finished_at.desc())
        .limit(limit)
    ).all()


def list_events(
    session: Session, wanted: EventFilter, *, before: tuple[datetime, int] | None = None
) -> tuple[Sequence[InboxEvent], bool]:
    """List a page of events, newest first, from below the place `before`; and whether more follow.

    A place is (received_at, id). Bodies stay where they are.
    """
    conditions = wanted.conditions()
    if before:
        at, last = before
        same = and_(InboxEvent.received_at == at, InboxEvent.id < last)
        # The first says to every database where in the index to begin.
        conditions += [InboxEvent.received_at <= at, or_(InboxEvent.received_at < at, same)]
    rows = session.scalars(
        select(InboxEvent)
        .options(defer(InboxEvent.body))
        .where(*conditions)
        .order_by(InboxEvent.received_at.desc(), InboxEvent.id.desc())
        .limit(PAGE + 1)
    ).all()
    return rows[:PAGE], len(rows) > PAGE


def list_replayable(
    session: Session, wanted: EventFilter, *, limit: int = MOST_REPLAYED
) -> Sequence[int]:
    """List the dead events among those wanted, the oldest first: what came later comes last."""
    return session.scalars(
        select(InboxEvent.id)
        .where(*replace(wanted, fate="dead").conditions())
        .order_by(InboxEvent.received_at, InboxEvent.id)
        .limit(limit)
    ).all()


def last_received(session: Session, event: str) -> datetime | None:
    """Return when the last event of this name came."""
    return session.scalar(
        select(InboxEvent.received_at)
        .where(InboxEvent.event == event)
        .order_by(InboxEvent.received_at.desc())
        .limit(1)
    )


def find_event(session: Session, event_id: int) -> InboxEvent | None:
    """Find an event, its body too."""
    return session.get(InboxEvent, event_id)

"""Working one stored event: find its reactions, run those not ticked off, note how it ended.

A reaction that fails is recorded and the next one still runs; the event comes back for what is left
after 2, 10, 60, 300 and 1800 seconds, and is dead after that, for a person to look at. Everything
that is not urgent moves to the lane `events`, so that the next customer's welcome does not wait.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app import clock
from app.claims import Claim, Later
from app.inbox.actions import record_finished, record_postponed, record_ticked
from app.inbox.models import InboxEvent
from app.inbox.queries import find_claimed
from app.log import get_logger
from app.runtime import Runtime
from app.wecom.envelope import read_event
from app.wecom.errors import WeComError
from callbacks.reaction import BODY_PURPOSE, Reaction, StoredEvent, is_stale, is_urgent
from callbacks.routing import find_reactions

RETRY_SECONDS = (2, 10, 60, 300, 1800)

log = get_logger(__name__)


@dataclass
class _Work:
    """The course of one event through its reactions."""

    runtime: Runtime
    claim: Claim
    row: InboxEvent
    ticked: list[str]
    stored: list[str]
    faults: list[str] = field(default_factory=list)


def work_event(runtime: Runtime, claim: Claim) -> datetime | None:
    """Work one claimed event; return when it wants to be worked again."""
    with runtime.db.read() as session:
        row = find_claimed(session, claim)
    if row is None:
        return None
    work = _Work(runtime, claim, row, list(row.ticked), row.ticked)
    if row.attempts > len(RETRY_SECONDS) + 1:
        return _finish(work, "dead", "它多次使工作进程中断")
    reactions, fate, why = find_reactions(row.event, row.change_type)
    if not reactions:
        return _finish(work, fate, why)
    try:
        return _react(work, reactions)
    except Later as later:
        return _postpone(work, later.at, attempts=row.attempts - 1)


def _react(work: _Work, reactions: tuple[Reaction, ...]) -> datetime | None:
    event = _opened(work)
    for reaction in reactions:
        if reaction.__name__ in work.ticked:
            continue
        if work.row.lane == "urgent" and not is_urgent(reaction):
            return _hand_over(work)
        _tick(work)
        if _tried(work, reaction, event):
            work.ticked.append(reaction.__name__)
    return _come_back(work) if work.faults else _finish(work, "done")


def _opened(work: _Work) -> StoredEvent:
    row = work.row
    body = work.runtime.sealer.open(row.body or b"", purpose=BODY_PURPOSE)
    event = read_event(body)
    return StoredEvent(
        id=row.id,
        key=row.dedupe_key,
        received_at=row.received_at,
        at=event.create_time or row.received_at,
        stale=is_stale(event, row.received_at),
        event=event,
    )


def _tried(work: _Work, reaction: Reaction, event: StoredEvent) -> bool:
    try:
        reaction(work.runtime, event)
    except Later:
        raise
    except Exception as error:  # one reaction's fault must not take the next one along
        work.faults.append(f"{reaction.__name__}: {_said(error)}")
        log.warning(
            "reaction_failed",
            reaction_name=reaction.__name__,
            event_id=event.id,
            attempts=work.row.attempts,
            error_name=type(error).__name__,
            exc_info=not isinstance(error, WeComError),
        )
        return False
    return True


def _said(error: Exception) -> str:
    return error.plain if isinstance(error, WeComError) else type(error).__name__


def _tick(work: _Work) -> None:
    """Note what is done before the next reaction begins; after the last one, its end says it."""
    if work.ticked != work.stored:
        with work.runtime.db.write() as session:
            record_ticked(session, work.claim, work.ticked)
        work.stored = list(work.ticked)


def _hand_over(work: _Work) -> datetime | None:
    """Leave the rest to the lane `events`, with all its tries before it."""
    with work.runtime.db.write() as session:
        record_postponed(
            session,
            work.claim,
            due_at=clock.utcnow(),
            lane="events",
            attempts=0,
            ticked=work.ticked,
            note="；".join(work.faults),
        )
    work.runtime.bell.ring("events")
    return None


def _come_back(work: _Work) -> datetime | None:
    note = "；".join(work.faults)
    if work.row.attempts > len(RETRY_SECONDS):
        return _finish(work, "dead", note)
    pause = RETRY_SECONDS[max(0, work.row.attempts - 1)]
    return _postpone(work, clock.utcnow() + timedelta(seconds=pause), note=note)


def _postpone(
    work: _Work, due_at: datetime, *, note: str = "", attempts: int | None = None
) -> datetime:
    changes = {} if attempts is None else {"attempts": attempts}
    with work.runtime.db.write() as session:
        record_postponed(
            session, work.claim, due_at=due_at, ticked=work.ticked, note=note, **changes
        )
    return due_at


def _finish(work: _Work, fate: str, note: str = "") -> datetime | None:
    with work.runtime.db.write() as session:
        record_finished(session, work.claim, fate=fate, ticked=work.ticked, note=note)
    if fate in {"dead", "unsupported"}:
        log.warning("event_not_worked", fate=fate, event_id=work.row.id, kind=work.row.event)
    return None

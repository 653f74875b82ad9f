"""Working one stored event: find its reactions, run those not ticked off, note how it ended.

A reaction that fails is recorded and the next one still runs; the event comes back for what is left
after 2, 10, 60, 300 and 1800 seconds, and is dead after that, for a person to look at. Everything
that is not urgent moves to the lane `events`, so that the next customer's welcome does not wait.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import clock
from app.claims import RETRY_SECONDS, Claim, Later, next_try
from app.db import wake_after_commit
from app.erased import find_erased, is_erased
from app.i18n import N_
from app.inbox.actions import (
    record_erased_event,
    record_finished,
    record_postponed,
    record_ticked,
)
from app.inbox.models import BODY_PURPOSE, InboxEvent
from app.inbox.queries import find_claimed
from app.log import get_logger
from app.runtime import Runtime
from app.seal import SealBroken
from app.wecom.envelope import read_event
from app.wecom.errors import WeComError
from callbacks.reaction import (
    SETTLE,
    Reaction,
    Record,
    StoredEvent,
    is_idle,
    is_shared,
    is_stale,
    is_urgent,
)
from callbacks.routing import find_reactions

# As long as a welcome_code may live, whatever failed around it is tried again in its own lane.
URGENT_SECONDS = 18

log = get_logger(__name__)


@dataclass
class _Work:
    """The course of one event through its reactions.

    `record`: what the reaction ticked last wants committed, together with its tick. `people`: whom
    the event names besides.
    """

    runtime: Runtime
    claim: Claim
    row: InboxEvent
    ticked: list[str]
    record: Record | None = None
    unsaved: bool = False
    faults: list[str] = field(default_factory=list)
    people: tuple[str, ...] = ()


def work_event(runtime: Runtime, claim: Claim) -> datetime | None:
    """Work one claimed event; return when it wants to be worked again."""
    with runtime.db.read() as session:
        row = find_claimed(session, claim)
        is_gone = row is not None and is_erased(session, row.external_userid)
    if row is None:
        return None
    if is_gone:
        runtime.db.commit(lambda session: record_erased_event(session, claim, ticked=row.ticked))
        return None
    work = _Work(runtime, claim, row, list(row.ticked))
    if row.attempts > len(RETRY_SECONDS) + 1:
        return _finish(work, "dead", N_("它多次使工作进程中断"))
    reactions, fate, why = find_reactions(row.event, row.change_type)
    if not reactions:
        return _finish(work, fate, why)
    try:
        with _alone(work, reactions):
            return _react(work, reactions)
    except Later as later:
        return _postpone(work, later.at, attempts=row.attempts - 1)


@contextmanager
def _alone(work: _Work, reactions: tuple[Reaction, ...]) -> Iterator[None]:
    """Have no two events worked at once of those that one of them may serve.

    Raises:
        Later: one of them is being worked. Whoever stands aside gives his claim back, so that his
            event may be taken along.
    """
    if not any(map(is_shared, reactions)):
        yield
        return
    row = work.row
    with work.runtime.busy.held((row.event, row.change_type, row.external_userid)) as is_ours:
        if not is_ours:
            raise Later(clock.utcnow() + SETTLE)
        yield


def _react(work: _Work, reactions: tuple[Reaction, ...]) -> datetime | None:
    try:
        event = _opened(work)
    except SealBroken:
        return _finish(work, "dead", N_("无法解封：server.secret_key 换过吗？换回去后可以重新处理"))
    work.people = event.event.items("MemChangeList")
    for reaction in reactions:
        if reaction.__name__ in work.ticked:
            continue
        if work.row.lane == "urgent" and not is_urgent(reaction):
            return _come_back(work) if _still_urgent(work) else _hand_over(work)
        if work.unsaved:
            _commit(work, _tick(work))
        _try(work, reaction, event)
    return _come_back(work) if work.faults else _finish(work, "done")


def _still_urgent(work: _Work) -> bool:
    """Tell whether the welcome failed for a reason of ours, and may be sent yet."""
    age = clock.utcnow() - work.row.received_at
    return bool(work.faults) and age < timedelta(seconds=URGENT_SECONDS)


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


def _try(work: _Work, reaction: Reaction, event: StoredEvent) -> None:
    try:
        work.record = reaction(work.runtime, event)
    except Later:
        raise
    except Exception as error:  # noqa: BLE001 -- one fault must not take the next reaction along
        _note_fault(work, reaction.__name__, error)
        return
    work.ticked.append(reaction.__name__)
    work.unsaved = not is_idle(reaction)


def _note_fault(work: _Work, name: str, error: Exception) -> None:
    said = error.plain if isinstance(error, WeComError) else type(error).__name__
    work.faults.append(f"{name}: {said}")
    log.warning(
        "reaction_failed",
        reaction_name=name,
        event_id=work.row.id,
        attempts=work.row.attempts,
        error_name=type(error).__name__,
        exc_info=None if isinstance(error, WeComError) else error,
    )


def _commit(work: _Work, change: Callable[[Session], object]) -> None:
    """Commit what the last reaction wants recorded, and `change`, which says that it is done.

    A record that cannot be made is that reaction's fault: it is not ticked, `change` is committed
    without it, and the event comes back.
    """
    record, work.record, work.unsaved = work.record, None, False
    if record is not None:
        try:
            work.runtime.db.commit(lambda session: (record(session), change(session)))
        except Exception as error:  # noqa: BLE001 -- whatever the record stumbled over
            _note_fault(work, work.ticked.pop(), error)
        else:
            return
    work.runtime.db.commit(change)


def _tick(work: _Work) -> Callable[[Session], object]:
    return lambda session: record_ticked(session, work.claim, work.ticked)


def _hand_over(work: _Work) -> datetime | None:
    """Leave the rest to the lane `events`, with all its tries before it."""

    def change(session: Session) -> None:
        record_postponed(
            session,
            work.claim,
            due_at=clock.utcnow(),
            lane="events",
            attempts=0,
            ticked=list(work.ticked),
            note="；".join(work.faults),
        )
        wake_after_commit(session, "events")

    _commit(work, change)
    return None


def _come_back(work: _Work) -> datetime | None:
    note = "；".join(work.faults)
    again_at = next_try(work.row.attempts)
    return _postpone(work, again_at, note=note) if again_at else _finish(work, "dead", note)


def _postpone(
    work: _Work, due_at: datetime, *, note: str = "", attempts: int | None = None
) -> datetime:
    def change(session: Session) -> object:
        changes = {} if attempts is None else {"attempts": attempts}
        return record_postponed(
            session, work.claim, due_at=due_at, ticked=list(work.ticked), note=note, **changes
        )

    _commit(work, change)
    return due_at


def _finish(work: _Work, fate: str, note: str = "") -> datetime | None:
    known_faults = len(work.faults)

    def change(session: Session) -> object:
        if len(work.faults) > known_faults:
            return None  # the last record could not be made: it has to come back instead
        if find_erased(session, work.people):
            return record_erased_event(session, work.claim, ticked=work.ticked)
        return record_finished(session, work.claim, fate=fate, ticked=work.ticked, note=note)

    _commit(work, change)
    if len(work.faults) > known_faults:
        return _come_back(work)
    if fate in {"dead", "unsupported"}:
        log.warning("event_not_worked", fate=fate, event_id=work.row.id, kind=work.row.event)
    return None

"""Verbs on received events: store, claim, tick off, postpone, finish, replay."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, or_, select, update
from sqlalchemy.orm import Session

from app import clock
from app.claims import Claim, changed_one
from app.db import fit, wake_after_commit
from app.inbox.models import InboxEvent
from app.rows import upsert

NOTE_LENGTH = 500
PRUNE_AT_ONCE = 5000
# The end of an event about somebody who was erased.
ERASED = "erased"


@dataclass(frozen=True)
class Received:
    """One callback, verified and decrypted, as it goes into the table."""

    corp_id: str
    dedupe_key: str
    receiver: str
    lane: str
    event: str
    change_type: str
    userid: str
    external_userid: str
    chat_id: str
    create_time: datetime | None
    body: bytes
    msg_signature: str
    received_at: datetime
    fate: str | None = None


def record_received(session: Session, callbacks: Sequence[Received]) -> None:
    """Store these callbacks and wake who works them; one that is there is counted on its row."""
    upsert(
        session,
        InboxEvent,
        [_row(callback) for callback in callbacks],
        key=["corp_id", "dedupe_key"],
        update=["last_msg_signature"],
        count="duplicates",
    )
    for lane in {callback.lane for callback in callbacks if callback.fate is None}:
        wake_after_commit(session, lane)


def record_ticked(session: Session, claim: Claim, ticked: Iterable[str]) -> bool:
    """Note which reactions are done; False when the claim has gone to somebody else."""
    return _change(session, claim, ticked=list(ticked))


def record_postponed(
    session: Session, claim: Claim, *, due_at: datetime, note: str = "", **changes: Any
) -> bool:
    """Have the event worked again at `due_at`; `changes` may name its lane, attempts and ticks."""
    # Without a claimer, so that a renewal under way cannot move the time that is set here.
    changes |= {"due_at": due_at, "note": fit(note, NOTE_LENGTH), "claimed_by": None}
    return _change(session, claim, **changes)


def record_finished(
    session: Session, claim: Claim, *, fate: str, ticked: Sequence[str], note: str = ""
) -> bool:
    """End the event with this fate."""
    return _change(
        session,
        claim,
        due_at=None,
        fate=fate,
        ticked=list(ticked),
        note=fit(note, NOTE_LENGTH),
        finished_at=clock.utcnow(),
    )


def record_finished_along(
    session: Session, event_ids: Sequence[int], *, ticked: Sequence[str], note: str
) -> None:
    """End as done those of these events that nobody holds: what was done for another served them.

    Whoever holds one works it himself, and one that is at its end stays as it is.
    """
    if not event_ids:
        return
    now = clock.utcnow()
    session.execute(
        update(InboxEvent)
        .where(
            InboxEvent.id.in_(event_ids),
            InboxEvent.due_at.is_not(None),
            or_(InboxEvent.claimed_by.is_(None), InboxEvent.due_at <= now),
        )
        .values(
            due_at=None,
            claimed_by=None,
            fate="done",
            ticked=list(ticked),
            note=fit(note, NOTE_LENGTH),
            finished_at=now,
        )
        .execution_options(synchronize_session=False)
    )


def record_erased_event(session: Session, claim: Claim, *, ticked: Sequence[str]) -> bool:
    """End an event about somebody who was erased, and keep nothing of what it says."""
    return _change(
        session,
        claim,
        due_at=None,
        fate=ERASED,
        ticked=list(ticked),
        note="",
        body=None,
        external_userid="",
        finished_at=clock.utcnow(),
    )


# Ends from which an event may be taken up again.
REPLAYABLE = frozenset({"dead", "unsupported", "ignored"})


def replay(session: Session, ids: Sequence[int]) -> int:
    """Have dead, unsupported or ignored events worked again from their first unticked reaction.

    Returns how many; a row that is not at its end is left alone.
    """
    result = session.execute(
        update(InboxEvent)
        .where(InboxEvent.id.in_(ids), InboxEvent.due_at.is_(None), InboxEvent.body.is_not(None))
        .where(InboxEvent.fate.in_(REPLAYABLE))
        .values(due_at=clock.utcnow(), fate=None, attempts=0, finished_at=None, note="")
        .execution_options(synchronize_session=False)
    )
    for lane in ("urgent", "events"):
        wake_after_commit(session, lane)
    return cast("CursorResult[Any]", result).rowcount


def prune(session: Session, *, before: datetime) -> int:
    """Delete events that were finished before then, at most 5,000 at a time; dead ones stay.

    Returns how many went.
    """
    return _delete(session, ["done", "ignored", "unsupported", "unreadable", ERASED], before)


def delete_failed(session: Session, *, before: datetime) -> int:
    """Delete events that were given up before then, as `prune` does the others."""
    return _delete(session, ["dead"], before)


def _delete(session: Session, fates: Sequence[str], before: datetime) -> int:
    old = session.scalars(
        select(InboxEvent.id)
        .where(InboxEvent.fate.in_(fates), InboxEvent.finished_at < before)
        .limit(PRUNE_AT_ONCE)
    ).all()
    # Once more by their fate: somebody may have had one of them worked again.
    gone = delete(InboxEvent).where(InboxEvent.id.in_(old), InboxEvent.fate.in_(fates))
    session.execute(gone.execution_options(synchronize_session=False))
    return len(old)


def _row(callback: Received) -> dict[str, Any]:
    ended = callback.fate is not None
    return vars(callback) | {
        "last_msg_signature": callback.msg_signature,
        "duplicates": 0,
        "attempts": 0,
        "ticked": [],
        "note": "",
        "due_at": None if ended else callback.received_at,
        "finished_at": callback.received_at if ended else None,
        "claimed_by": None,
    }


def _change(session: Session, claim: Claim, **values: Any) -> bool:
    return changed_one(
        session.execute(
            update(InboxEvent)
            .where(
                InboxEvent.id == claim.id,
                InboxEvent.claimed_by == claim.token,
                InboxEvent.due_at.is_not(None),
            )
            .values(**values)
            .execution_options(synchronize_session=False)
        )
    )

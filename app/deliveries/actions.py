"""Writing down what is about to be sent, and how it ended; other rooms do the sending."""

from collections.abc import Collection
from datetime import datetime
from types import EllipsisType
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import clock
from app.claims import changed_one
from app.db import wake_after_commit
from app.deliveries.models import Delivery
from app.erased import is_erased
from app.rows import among

OUTCOMES = frozenset({"sent", "failed", "missed", "skipped", "cancelled", "unknown"})
# The reason of what was open in a backup: it may have been sent since.
RESTORED = "restored"


def record_intent(
    session: Session,
    *,
    kind: str,
    dedupe_key: str,
    recipient: str,
    userid: str = "",
    external_userid: str = "",
    state: str = "",
    ref: str = "",
    event_id: int | None = None,
    due_at: datetime | None = None,
    wanted_at: datetime | None = None,
    payload: bytes | None = None,
) -> Delivery | None:
    """Open a delivery; None: there is one of this `dedupe_key`, also when it came this instant.

    None too where the customer whom it is about was erased.

    `payload` must be sealed. With `due_at` the lane `deliveries` takes it up then. `wanted_at`: it
    is not wanted before this time.
    """
    if external_userid and is_erased(session, external_userid):
        return None
    now = clock.utcnow()
    delivery = Delivery(
        kind=kind,
        dedupe_key=dedupe_key,
        recipient=recipient,
        userid=userid,
        external_userid=external_userid,
        state=state,
        ref=ref,
        event_id=event_id,
        due_at=due_at,
        payload=payload,
        created_at=now,
        wanted_at=wanted_at or now,
        attempts=0,
        detail={},
    )
    try:
        with session.begin_nested():
            session.add(delivery)
    except IntegrityError:
        return None
    if due_at is not None:
        wake_after_commit(session, "deliveries")
    return delivery


def release_held(session: Session, until: datetime) -> None:
    """Have what was put off until exactly then looked at now: there is no reason to wait any more.

    What is not wanted before then, or was tried already, keeps its time.
    """
    now = clock.utcnow()
    session.execute(
        update(Delivery)
        .where(
            Delivery.due_at == until,
            Delivery.outcome.is_(None),
            Delivery.claimed_by.is_(None),
            Delivery.payload.is_(None),
            Delivery.wanted_at <= now,
        )
        .values(due_at=now)
        .execution_options(synchronize_session=False)
    )
    wake_after_commit(session, "deliveries")


def give_up_open(session: Session, *conditions: ColumnElement[bool]) -> int:
    """End what is open, of a database that was brought back, as unknown; return how many."""
    result = session.execute(
        update(Delivery)
        .where(Delivery.outcome.is_(None), *conditions)
        .values(outcome="unknown", reason=RESTORED, due_at=None, claimed_by=None)
        .execution_options(synchronize_session=False)
    )
    return result.rowcount if isinstance(result, CursorResult) else 0


def record_carried(session: Session, delivery_ids: Collection[int], *, digest_id: int) -> None:
    """End those of these that are still open: a digest says what they would have said.

    Whether it reached anybody, the digest's own row will say. All at once, as they may be a
    thousand, and whoever wants to claim a message waits meanwhile.
    """
    if not delivery_ids:
        return
    session.execute(
        update(Delivery)
        .where(among(session, Delivery.id, delivery_ids), Delivery.outcome.is_(None))
        .values(
            outcome="cancelled",
            reason="in_digest",
            took_ms=None,
            due_at=None,
            claimed_by=None,
            detail={"digest": digest_id},
        )
        .execution_options(synchronize_session=False)
    )


def record_outcome(
    session: Session,
    delivery_id: int,
    *,
    outcome: str,
    reason: str = "",
    took_ms: int | None = None,
    detail: dict[str, Any] | None = None,
    payload: bytes | EllipsisType | None = ...,
    event_id: int | None = None,
) -> bool:
    """End a delivery that is still open; it wants no more work then.

    `took_ms` runs from the receipt of the callback to WeCom's acceptance. `detail` and `payload`
    replace what was there when they are given. False: it had ended already, or it is the business
    of another event than `event_id` by now; nothing was changed.
    """
    if outcome not in OUTCOMES:
        raise ValueError(f"no such outcome: {outcome}")
    values: dict[str, Any] = {
        "outcome": outcome,
        "reason": reason,
        "took_ms": took_ms,
        "due_at": None,
        "claimed_by": None,
    }
    if outcome == "sent":
        values["sent_at"] = clock.utcnow()
    if detail is not None:
        values["detail"] = detail
    if not isinstance(payload, EllipsisType):
        values["payload"] = payload
    still_ours = [Delivery.id == delivery_id, Delivery.outcome.is_(None)]
    if event_id is not None:
        still_ours.append(Delivery.event_id == event_id)
    result = session.execute(update(Delivery).where(*still_ours).values(**values))
    return changed_one(result)

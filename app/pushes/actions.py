"""Writing down what WeCom has to be told, and how it ended; `app.pushing` does the telling."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import CursorResult, Subquery, delete, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from app import clock
from app.claims import Claim
from app.db import UtcDateTime, wake_after_commit
from app.pushes.models import Push

LANE, BULK = "pushes", "bulk"
OUTCOMES = frozenset({"done", "failed", "superseded"})
DELETED_AT_ONCE = 5000


def record_push(
    session: Session, *, kind: str, userid: str, external_userid: str, value: str, subject: str = ""
) -> Push:
    """Open a push in the transaction of our own change; it is due at once.

    What waits to be told of the same subject is superseded; what is being told right now ends by
    itself, before this one is begun. Hold the customer's row: pushes of one pair are to be
    committed in the order of their ids.
    """
    now = clock.utcnow()
    session.execute(
        update(Push)
        .where(
            Push.external_userid == external_userid,
            Push.userid == userid,
            Push.kind == kind,
            Push.subject == subject,
            Push.outcome.is_(None),
            or_(Push.claimed_by.is_(None), Push.due_at <= now),
        )
        .values(outcome="superseded", ended_at=now, due_at=None, claimed_by=None)
        .execution_options(synchronize_session=False)
    )
    push = Push(
        kind=kind,
        userid=userid,
        external_userid=external_userid,
        subject=subject,
        value=value,
        created_at=now,
        due_at=now,
        attempts=0,
    )
    session.add(push)
    session.flush()
    wake_after_commit(session, LANE)
    return push


def record_bulk_pushes(
    session: Session,
    pairs: Subquery,
    *,
    kind: str,
    subject: str,
    value: str,
    batch_id: int,
) -> None:
    """Open one push for each of many pairs (`userid`, `external_userid`), which nobody waits for.

    As `record_push` does it, in the lane of its own. Hold the customers' rows. What waits to be
    told of the same subject stays: whoever tells it tells the last value, and if the batch is
    taken back, it is to be told after all.
    """
    now = clock.utcnow()
    values = {"kind": kind, "subject": subject, "value": value, "lane": BULK, "reason": ""}
    rows = select(
        pairs.c.userid,
        pairs.c.external_userid,
        *[literal(one) for one in values.values()],
        literal(now, UtcDateTime()),
        literal(now, UtcDateTime()),
        literal(0),
        literal(batch_id),
    )
    names = ["userid", "external_userid", *values, "created_at", "due_at", "attempts", "batch_id"]
    session.execute(insert(Push).from_select(names, rows))
    wake_after_commit(session, BULK)


def end_pushes(
    session: Session,
    push_ids: Collection[int],
    *,
    outcome: str,
    reason: str = "",
    errcode: int | None = None,
) -> None:
    """End those of these that are still open; they want no more work then."""
    if outcome not in OUTCOMES:
        raise ValueError(f"no such outcome: {outcome}")
    if not push_ids:
        return
    session.execute(
        update(Push)
        .where(Push.id.in_(push_ids), Push.outcome.is_(None))
        .values(
            outcome=outcome,
            reason=reason,
            errcode=errcode,
            ended_at=clock.utcnow(),
            due_at=None,
            claimed_by=None,
        )
        .execution_options(synchronize_session=False)
    )


def give_up_waiting(session: Session, *, reason: str) -> int:
    """End what members' changes wait to be told as failed; return how many they are.

    Of a database that was brought back: WeCom may know something newer by now. What a batch wants
    told is the same today as it was then, and goes on.
    """
    result = session.execute(
        update(Push)
        .where(Push.lane == LANE, Push.outcome.is_(None))
        .values(
            outcome="failed",
            reason=reason,
            ended_at=clock.utcnow(),
            due_at=None,
            claimed_by=None,
        )
        .execution_options(synchronize_session=False)
    )
    return result.rowcount if isinstance(result, CursorResult) else 0


def postpone_push(session: Session, claim: Claim, due_at: datetime) -> None:
    """Have it tried again at `due_at`, if it is still the claimer's."""
    session.execute(
        update(Push)
        .where(Push.id == claim.id, Push.claimed_by == claim.token, Push.due_at.is_not(None))
        # So that a renewal under way cannot move the time that is set here.
        .values(due_at=due_at, claimed_by=None)
        .execution_options(synchronize_session=False)
    )


def confirm_pushes(session: Session, push_ids: Collection[int]) -> None:
    """End as done what had failed: WeCom shows the value by now, however it came there."""
    if not push_ids:
        return
    session.execute(
        update(Push)
        .where(Push.id.in_(push_ids), Push.outcome == "failed")
        .values(outcome="done", ended_at=clock.utcnow())
        .execution_options(synchronize_session=False)
    )


def delete_told(session: Session, *, before: datetime) -> int:
    """Delete what is done or superseded and was made before then, at most 5,000 at a time.

    Returns how many went. What is open stays, and so does what failed.
    """
    # They were made in the order of their ids: nothing from here on need be looked at.
    young = session.scalar(
        select(Push.id).where(Push.created_at >= before).order_by(Push.id).limit(1)
    )
    told = select(Push.id).where(Push.outcome.in_(["done", "superseded"]))
    if young is not None:
        told = told.where(Push.id < young)
    ids = session.scalars(told.order_by(Push.id).limit(DELETED_AT_ONCE)).all()
    session.execute(delete(Push).where(Push.id.in_(ids)))
    return len(ids)

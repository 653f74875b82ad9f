"""Writing down what WeCom has to be told, and how it ended; `app.pushing` does the telling."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from app import clock
from app.claims import Claim
from app.db import wake_after_commit
from app.pushes.models import Push

LANE = "pushes"
OUTCOMES = frozenset({"done", "failed", "superseded"})


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

"""Reads of one loss: what is told of it in a message, and why the customer left."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.churn.models import Loss
from app.customers.queries import get_standing
from app.members.queries import find_member

# Made once: a card that shows it is opened again and again.
_REASON = select(Loss).where(Loss.follow_id == bindparam("follow_id"))


@dataclass(frozen=True)
class LossReason:
    """Why a customer left, as a member put it down. `reason` "": nobody has."""

    reason: str = ""
    note: str = ""
    userid: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class LossFacts:
    """What a message says about one loss. `assigned_by`: who gave him to somebody, "" nobody."""

    external_userid: str
    kind: str
    customer: str
    remark: str
    member: str
    stage: str
    days_known: int
    added_at: datetime | None
    state: str
    returned: bool
    reason: str
    reason_note: str
    assigned_by: str


def find_loss_facts(session: Session, loss_id: int) -> LossFacts | None:
    """Return the facts of a loss as they are now."""
    loss = session.get(Loss, loss_id)
    if loss is None:
        return None
    standing = get_standing(session, loss.userid, loss.external_userid)
    member = find_member(session, loss.userid)
    return LossFacts(
        external_userid=loss.external_userid,
        kind=loss.kind,
        customer=standing.name,
        remark=standing.remark,
        member=member.name if member else loss.userid,
        stage=standing.stage,
        days_known=loss.days_known,
        added_at=standing.follow.added_at if standing.follow else None,
        state=standing.follow.state if standing.follow else "",
        returned=loss.returned_at is not None,
        reason=loss.reason,
        reason_note=loss.reason_note,
        assigned_by=loss.assigned_by,
    )


def get_loss_reason(session: Session, follow_id: int) -> LossReason:
    """Return why the customer ended this period of a relation."""
    loss = session.scalar(_REASON, {"follow_id": follow_id})
    if loss is None or not loss.reason:
        return LossReason()
    return LossReason(loss.reason, loss.reason_note, loss.reason_by, loss.reason_at)

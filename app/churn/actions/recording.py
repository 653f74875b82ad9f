"""Recording losses from the periods of a relation, and bringing them into line with those."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.churn.models import Loss
from app.customers.models import FollowUser
from app.customers.queries import list_periods


def record_losses(session: Session, userid: str, external_userid: str) -> list[Loss]:
    """Bring the pair's losses into line with its periods; return those that are new.

    Works from the folded periods and not from the event, so that it is right in any order: a loss
    that a later period follows is marked as returned.
    """
    periods = list_periods(session, userid, external_userid)
    known = {
        loss.follow_id: loss
        for loss in session.scalars(
            select(Loss).where(Loss.userid == userid, Loss.external_userid == external_userid)
        )
    }
    new = []
    for period, following in zip(periods, [*periods[1:], None], strict=True):
        if period.removed_at is None:
            continue
        loss = known.get(period.id)
        if loss is None:
            loss = _make_loss(session, period)
            new.append(loss)
        _bring_into_line(loss, period, following)
    session.flush()
    return new


def take_back_loss(session: Session, follow_id: int) -> None:
    """Forget the loss of a period that goes on after all."""
    session.execute(delete(Loss).where(Loss.follow_id == follow_id))


def _make_loss(session: Session, period: FollowUser) -> Loss:
    loss = Loss(follow_id=period.id, userid=period.userid, external_userid=period.external_userid)
    session.add(loss)
    return loss


def _bring_into_line(loss: Loss, period: FollowUser, following: FollowUser | None) -> None:
    if period.removed_at is None or period.removed_by is None:
        return
    loss.kind = period.removed_by
    loss.lost_at = period.removed_at
    loss.days_known = max(0, (period.removed_at - period.added_at).days)
    loss.returned_at = following.added_at if following else None

"""Whether a lost customer is back with the corp: read from his relations, put down nowhere."""

from datetime import datetime

from sqlalchemy import ScalarSelect, select
from sqlalchemy.orm import Session, aliased

from app.churn.models import Loss
from app.customers.models import FollowUser


def came_back_at() -> ScalarSelect[datetime]:
    """Say in SQL when the customer of a loss added anybody again, the same member or another."""
    again = aliased(FollowUser)
    return (
        select(again.added_at)
        .where(
            again.external_userid == Loss.external_userid,
            again.added_at > Loss.lost_at,
        )
        .order_by(again.added_at)
        .limit(1)
        .correlate(Loss)
        .scalar_subquery()
    )


def find_back_at(session: Session, loss_id: int) -> datetime | None:
    """Find when the customer of this loss came back; None: he has not."""
    return session.scalar(select(came_back_at()).where(Loss.id == loss_id))


def turn_of(loss: Loss) -> str:
    """Name the time for which somebody is to win him back; "" when nobody is."""
    return f"{loss.assigned_at:%Y%m%d%H%M%S%f}" if loss.assigned_at else ""

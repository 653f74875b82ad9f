"""Reads of days on which a member deleted or lost too many customers at once."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.churn.models import MassLoss
from app.members.queries import Scope

MOST = 20


def list_mass_losses(session: Session, scope: Scope, *, since: date) -> Sequence[MassLoss]:
    """List those that nobody has taken note of yet, the latest first."""
    return session.scalars(
        select(MassLoss)
        .where(MassLoss.day >= since, MassLoss.seen_at.is_(None), scope.holds(MassLoss.userid))
        .order_by(MassLoss.day.desc(), MassLoss.id.desc())
        .limit(MOST)
    ).all()


def find_mass_loss(session: Session, mass_id: int, scope: Scope) -> MassLoss | None:
    """Find one of somebody in the scope."""
    return session.scalar(
        select(MassLoss).where(MassLoss.id == mass_id, scope.holds(MassLoss.userid))
    )

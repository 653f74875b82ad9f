"""The saved views of the list of customers."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.customers.models import CustomerView

MOST_LISTED = 100


def list_views(session: Session, *, userid: str) -> Sequence[CustomerView]:
    """List one's own views and those that others share, by name."""
    seen = (CustomerView.userid == userid) | CustomerView.shared.is_(True)
    ordered = select(CustomerView).where(seen).order_by(CustomerView.name, CustomerView.id)
    return session.scalars(ordered.limit(MOST_LISTED)).all()

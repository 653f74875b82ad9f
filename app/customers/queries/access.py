"""Who may see a customer: whoever follows him, and whoever manages one who does."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from app.customers.models import FollowUser
from app.members.queries import list_managed


@dataclass(frozen=True)
class Viewpoint:
    """How a viewer comes to see a customer: through his own relation, or one that he manages."""

    viewer_userid: str
    follow: FollowUser
    is_own: bool


def find_viewpoint(session: Session, userid: str, external_userid: str) -> Viewpoint | None:
    """Return how this member sees this customer; None: he may not.

    A relation that the customer ended, or may have, still counts, so that the member can win him
    back; one that the member or a transfer ended does not. His own goes before those of members
    whom he manages, a living one before an ended one, a newer before an older. `userid` in our
    spelling.
    """
    open_ones = [row for row in list_last_periods(session, external_userid) if counts(row)]
    own = [row for row in open_ones if row.userid == userid]
    if own:
        return Viewpoint(userid, own[0], is_own=True)
    managed = set(list_managed(session, userid, {row.userid for row in open_ones}))
    theirs = _best(row for row in open_ones if row.userid in managed)
    return Viewpoint(userid, theirs, is_own=False) if theirs else None


def list_last_periods(session: Session, external_userid: str) -> Sequence[FollowUser]:
    """Return the last period of every pair: what went before it no longer says anything."""
    last = (
        select(FollowUser.userid, func.max(FollowUser.period).label("period"))
        .where(FollowUser.external_userid == external_userid)
        .group_by(FollowUser.userid)
        .subquery()
    )
    return session.scalars(
        select(FollowUser)
        .join(last, and_(FollowUser.userid == last.c.userid, FollowUser.period == last.c.period))
        .where(FollowUser.external_userid == external_userid)
    ).all()


def counts(follow: FollowUser) -> bool:
    """Tell whether a last period still lets its member see the customer."""
    if follow.removed_at is None:
        return True
    # What reconciliation found ended may be the customer's doing.
    return follow.removed_by in {"customer", "reconcile"} and follow.gave_up_at is None


def _best(rows: Iterable[FollowUser]) -> FollowUser | None:
    return max(rows, key=lambda row: (row.removed_at is None, row.added_at, row.id), default=None)

"""Reads of everybody who follows a customer or did: whom the corp's side looks at, as one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.customers.models import Customer, FollowUser
from app.customers.queries.access import counts, list_last_periods
from app.customers.queries.colleagues import last_follow_ups
from app.members.queries import Scope, list_names

# More than ever looked after one customer.
MOST = 200


@dataclass(frozen=True)
class Follower:
    """A member who follows a customer or did: the last period of the two.

    `is_within`: he is in the scope that was asked about. `followed_up_at` None: he never has.
    """

    follow: FollowUser
    name: str
    is_within: bool
    followed_up_at: datetime | None

    @property
    def is_current(self) -> bool:
        """Whether they still are together."""
        return self.follow.removed_at is None

    @property
    def sees_him(self) -> bool:
        """Whether the customer is still his to look at; as `find_viewpoint` has it."""
        return counts(self.follow)


def find_customer(session: Session, external_userid: str, scope: Scope) -> Customer | None:
    """Find a customer whom somebody of this scope follows or did; None: there is none such."""
    found = select(Customer).where(Customer.external_userid == external_userid)
    if scope.manager:
        theirs = select(FollowUser.id).where(
            FollowUser.external_userid == Customer.external_userid, scope.holds(FollowUser.userid)
        )
        found = found.where(theirs.exists())
    return session.scalar(found)


def list_followers(session: Session, external_userid: str, scope: Scope) -> list[Follower]:
    """List who follows a customer or did, `MOST` at most: who still does first, then the latest."""
    rows = sorted(
        list_last_periods(session, external_userid),
        key=lambda row: (row.removed_at is None, row.added_at, row.id),
        reverse=True,
    )[:MOST]
    userids = [row.userid for row in rows]
    within = _list_within(session, external_userid, scope)
    names = list_names(session, userids)
    last = last_follow_ups(session, external_userid, userids)
    return [
        Follower(
            row, names.get(row.userid) or row.userid, row.userid in within, last.get(row.userid)
        )
        for row in rows
    ]


def find_relation(
    session: Session, external_userid: str, follow_id: int, scope: Scope
) -> FollowUser | None:
    """Find a relation with this customer by its id, if its member is in this scope."""
    return session.scalar(
        select(FollowUser).where(
            FollowUser.id == follow_id,
            FollowUser.external_userid == external_userid,
            scope.holds(FollowUser.userid),
        )
    )


def list_all_periods(
    session: Session, external_userid: str, userids: Iterable[str], *, limit: int
) -> Sequence[FollowUser]:
    """List when a customer and these members were together, the latest first."""
    return session.scalars(
        select(FollowUser)
        .where(FollowUser.external_userid == external_userid, FollowUser.userid.in_(list(userids)))
        .order_by(FollowUser.added_at.desc(), FollowUser.id.desc())
        .limit(limit)
    ).all()


def _list_within(session: Session, external_userid: str, scope: Scope) -> set[str]:
    return set(
        session.scalars(
            select(FollowUser.userid)
            .where(FollowUser.external_userid == external_userid, scope.holds(FollowUser.userid))
            .distinct()
        )
    )

"""Reads of who else follows a customer, and when a member and a customer were together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.customers.models import FollowUser, TimelineEntry
from app.members.models import Member

# What counts as following up, of all that the timeline tells of a member.
FOLLOWING_UP = ("noted", "stage_changed")


@dataclass(frozen=True)
class Colleague:
    """Another member who follows a customer. `followed_up_at` None: he never has."""

    name: str
    added_at: datetime
    followed_up_at: datetime | None


def list_colleagues(
    session: Session, follow: FollowUser, *, limit: int, offset: int = 0
) -> list[Colleague]:
    """Return the members besides this one who follow the customer now, the latest first."""
    rows = session.execute(
        select(FollowUser.userid, FollowUser.added_at, Member.name)
        .outerjoin(Member, Member.userid == FollowUser.userid)
        .where(
            FollowUser.external_userid == follow.external_userid,
            FollowUser.userid != follow.userid,
            FollowUser.removed_at.is_(None),
        )
        .order_by(FollowUser.added_at.desc(), FollowUser.id.desc())
        .limit(limit)
        .offset(offset)
    ).all()
    last = _last_follow_ups(session, follow.external_userid, [row.userid for row in rows])
    return [Colleague(row.name or row.userid, row.added_at, last.get(row.userid)) for row in rows]


def list_latest_periods(
    session: Session, follow: FollowUser, *, limit: int, offset: int = 0
) -> Sequence[FollowUser]:
    """Return the periods of a pair, the latest first."""
    return session.scalars(
        select(FollowUser)
        .where(
            FollowUser.userid == follow.userid,
            FollowUser.external_userid == follow.external_userid,
        )
        .order_by(FollowUser.period.desc())
        .limit(limit)
        .offset(offset)
    ).all()


def _last_follow_ups(
    session: Session, external_userid: str, userids: Sequence[str]
) -> dict[str, datetime]:
    rows = session.execute(
        select(TimelineEntry.userid, func.max(TimelineEntry.at))
        .where(
            TimelineEntry.external_userid == external_userid,
            TimelineEntry.userid.in_(userids),
            TimelineEntry.kind.in_(FOLLOWING_UP),
        )
        .group_by(TimelineEntry.userid)
    )
    return {row[0]: row[1] for row in rows}

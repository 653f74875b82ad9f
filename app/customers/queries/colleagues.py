"""Reads of who else follows a customer, and when a member and a customer were together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.customers.models import FollowUser, Pipeline, Stage, StageChange, TimelineEntry
from app.members.models import Member

# What counts as following up, of all that the timeline tells of a member.
FOLLOWING_UP = ("noted", "stage_changed")


@dataclass(frozen=True)
class Colleague:
    """Another member who follows a customer. `followed_up_at` None: he never has.

    The stage is the customer's, one for the whole corp: `moved_to` is the one, of the default
    pipeline, to which this member has moved him last; "" if he never has.
    """

    name: str
    added_at: datetime
    followed_up_at: datetime | None
    moved_to: str


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
    userids = [row.userid for row in rows]
    last = last_follow_ups(session, follow.external_userid, userids)
    moved = _last_moves(session, follow.external_userid, userids)
    return [
        Colleague(
            row.name or row.userid, row.added_at, last.get(row.userid), moved.get(row.userid, "")
        )
        for row in rows
    ]


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


def last_follow_ups(
    session: Session, external_userid: str, userids: Sequence[str]
) -> dict[str, datetime]:
    """Return when each of these members last followed up on a customer."""
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


def _last_moves(session: Session, external_userid: str, userids: Sequence[str]) -> dict[str, str]:
    default = (
        select(Pipeline.id)
        .where(Pipeline.removed_at.is_(None))
        .order_by(Pipeline.position, Pipeline.id)
        .limit(1)
    )
    newest = (
        select(func.max(StageChange.id))
        .where(
            StageChange.external_userid == external_userid,
            StageChange.userid.in_(userids),
            StageChange.pipeline_id == default.scalar_subquery(),
        )
        .group_by(StageChange.userid)
    )
    rows = session.execute(
        select(StageChange.userid, Stage.name)
        .join(Stage, Stage.id == StageChange.to_stage_id)
        .where(StageChange.id.in_(newest))
    )
    return {row.userid: row.name for row in rows}

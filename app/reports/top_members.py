"""Which members won the most customers lately, and how many of theirs left."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.customers.models import FollowUser
from app.members.queries import list_names
from app.reports.asked import Asked

DAYS, MOST = 30, 10


def read_top_members(session: Session, asked: Asked) -> dict[str, Any]:
    """Read the first of them: `userid`, `name`, `new` and `lost` within the last days."""
    since = asked.days_ago(DAYS - 1)
    new = _count_new(session, asked, since)
    lost = _count_lost(session, list(new), since)
    names = list_names(session, new)
    return {
        "days": DAYS,
        "rows": [
            {
                "userid": userid,
                "name": names.get(userid, userid),
                "new": count,
                "lost": lost.get(userid, 0),
            }
            for userid, count in new.items()
        ],
    }


def _count_new(session: Session, asked: Asked, since: datetime) -> dict[str, int]:
    """Count what began with each of those with whom the most began, these in order."""
    new = func.count()
    rows = session.execute(
        select(FollowUser.userid, new)
        .where(FollowUser.added_at >= since, asked.scope.holds(FollowUser.userid))
        .group_by(FollowUser.userid)
        .order_by(new.desc(), FollowUser.userid)
        .limit(MOST)
    )
    return dict(rows.all())


def _count_lost(session: Session, userids: Sequence[str], since: datetime) -> dict[str, int]:
    rows = session.execute(
        select(FollowUser.userid, func.count())
        .where(
            FollowUser.removed_at >= since,
            FollowUser.removed_by == "customer",
            FollowUser.userid.in_(userids),
        )
        .group_by(FollowUser.userid)
    )
    return dict(rows.all())

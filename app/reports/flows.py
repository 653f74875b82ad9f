"""How many relations began and ended in each quarter of an hour, which reports fold into more.

Quarters, since every time zone there is lies a multiple of them from UTC: days and hours of the
corp come out exact without asking three databases for time zones.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, cast, extract, func, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.customers.models import FollowUser
from app.reports.asked import Asked

QUARTER = 900
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def count_begun(session: Session, asked: Asked, since: datetime) -> list[tuple[datetime, int]]:
    """Count the relations that began since then, by quarter, as (when it began, how many)."""
    quarter = _quarter(session, FollowUser.added_at)
    rows = session.execute(
        select(quarter, func.count())
        .where(FollowUser.added_at >= since, asked.scope.holds(FollowUser.userid))
        .group_by(quarter)
    )
    return [(_begin(began), count) for began, count in rows]


def count_ended(session: Session, asked: Asked, since: datetime) -> list[tuple[datetime, str, int]]:
    """Count the relations that ended since then, by quarter and by whom: (when, by whom, how many).

    By whom: customer, member or transfer.
    """
    quarter = _quarter(session, FollowUser.removed_at)
    rows = session.execute(
        select(quarter, FollowUser.removed_by, func.count())
        .where(FollowUser.removed_at >= since, asked.scope.holds(FollowUser.userid))
        .group_by(quarter, FollowUser.removed_by)
    )
    return [(_begin(began), by or "", count) for began, by, count in rows]


def add_up(parts: Iterable[tuple[Any, int]]) -> Counter[Any]:
    """Add up what has the same key."""
    total: Counter[Any] = Counter()
    for key, count in parts:
        total[key] += count
    return total


def _begin(quarter: int) -> datetime:
    return EPOCH + timedelta(seconds=quarter * QUARTER)


def _quarter(session: Session, at: InstrumentedAttribute[Any]) -> ColumnElement[int]:
    """Say in SQL how many quarters after 1970 something was; each database in its own words."""
    dialect = session.get_bind().dialect.name
    if dialect == "sqlite":
        # SQLAlchemy's own division asks for FLOOR, which not every SQLite has.
        return cast(func.strftime("%s", at), Integer).op("/")(literal_column(str(QUARTER)))
    if dialect == "postgresql":
        seconds: ColumnElement[Any] = extract("epoch", at)
    else:
        seconds = func.timestampdiff(
            literal_column("SECOND"), literal_column("'1970-01-01 00:00:00'"), at
        )
    return cast(func.floor(seconds / literal_column(str(QUARTER))), Integer)

"""The losses of a day: by who ended it, against the day before, and who lost most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.churn.models import COUNTED, Loss
from app.churn.queries.board import LossFilter, loss_conditions
from app.members.queries import Scope

MOST_NAMED = 5


@dataclass(frozen=True)
class DayLosses:
    """How many relations ended on a day and on the day before, by kind as in `Loss`.

    `top`: who lost most, as (userid, how many), transfers left out.
    """

    counts: Mapping[str, int]
    before: Mapping[str, int]
    top: Sequence[tuple[str, int]]

    @property
    def total(self) -> int:
        """How many were lost: a transfer is the corp's own doing."""
        return sum(self.counts.get(kind, 0) for kind in COUNTED)


def read_day_losses(session: Session, day: date, zone: ZoneInfo, scope: Scope) -> DayLosses:
    """Read what happened on this day, the corp's, to those in the scope."""
    lost = func.count()
    top = session.execute(
        select(Loss.userid, lost)
        .where(*loss_conditions(_filter(day, zone, scope)), Loss.kind.in_(COUNTED))
        .group_by(Loss.userid)
        .order_by(lost.desc(), Loss.userid)
        .limit(MOST_NAMED)
    )
    return DayLosses(
        counts=_count(session, _filter(day, zone, scope)),
        before=_count(session, _filter(day - timedelta(days=1), zone, scope)),
        top=[(userid, count) for userid, count in top],
    )


def list_losers(session: Session, day: date, zone: ZoneInfo) -> Sequence[str]:
    """List who lost somebody on this day."""
    since, until = _bounds(day, zone)
    return session.scalars(
        select(Loss.userid)
        .where(Loss.lost_at >= since, Loss.lost_at < until, Loss.kind.in_(COUNTED))
        .distinct()
    ).all()


def _count(session: Session, wanted: LossFilter) -> dict[str, int]:
    rows = session.execute(
        select(Loss.kind, func.count()).where(*loss_conditions(wanted)).group_by(Loss.kind)
    )
    return dict(rows.all())


def _filter(day: date, zone: ZoneInfo, scope: Scope) -> LossFilter:
    since, until = _bounds(day, zone)
    return LossFilter(since=since, until=until, scope=scope)


def _bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    begin = datetime.combine(day, time(), tzinfo=zone)
    return begin, datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)

"""Figures about losses: how many, against how many adds, and after how many days."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.churn.models import Loss
from app.churn.queries.board import LossFilter, loss_conditions, people_conditions
from app.customers.models import FollowUser

# Days since the add, from and to; the last has no end.
SPANS: tuple[tuple[int, int | None], ...] = (
    (0, 1),
    (2, 3),
    (4, 7),
    (8, 14),
    (15, 30),
    (31, None),
)


@dataclass(frozen=True)
class KeptDays:
    """After how many days relations ended: how many after each number of whole days."""

    counts: Mapping[int, int]

    @property
    def total(self) -> int:
        """How many ended."""
        return sum(self.counts.values())

    @property
    def mean(self) -> float | None:
        """The days that they lasted on average; None without any."""
        days = sum(day * count for day, count in self.counts.items())
        return days / self.total if self.total else None

    @property
    def median(self) -> float | None:
        """The days that half of them lasted at least; None without any."""
        if not self.total:
            return None
        # With an even number, between the two in the middle.
        return (self._day_of((self.total - 1) // 2) + self._day_of(self.total // 2)) / 2

    def spans(self) -> list[int]:
        """Return how many ended within each of SPANS."""
        return [
            sum(
                count
                for day, count in self.counts.items()
                if first <= day and (last is None or day <= last)
            )
            for first, last in SPANS
        ]

    def _day_of(self, place: int) -> int:
        for day, count in sorted(self.counts.items()):
            place -= count
            if place < 0:
                return day
        raise IndexError("no such place")


def count_gone(session: Session, wanted: LossFilter, *, since: datetime, until: datetime) -> int:
    """Count the wanted losses of another time."""
    conditions = loss_conditions(replace(wanted, since=since, until=until))
    return session.scalar(select(func.count()).select_from(Loss).where(*conditions)) or 0


def count_begun(session: Session, wanted: LossFilter) -> int:
    """Count the relations that began in this time, of the people and the channel wanted."""
    conditions = [
        FollowUser.added_at >= wanted.since,
        FollowUser.added_at < wanted.until,
        *people_conditions(wanted, FollowUser.userid, FollowUser.external_userid),
    ]
    if wanted.state is not None:
        conditions.append(FollowUser.state == wanted.state)
    return session.scalar(select(func.count()).select_from(FollowUser).where(*conditions)) or 0


def read_kept_days(session: Session, wanted: LossFilter) -> KeptDays:
    """Read after how many days the wanted relations ended."""
    rows = session.execute(
        select(Loss.days_known, func.count())
        .where(*loss_conditions(wanted))
        .group_by(Loss.days_known)
    )
    return KeptDays(dict(rows.all()))

"""How the relations grew: what began, what ended and by whom, by day, week and month."""

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.reports.asked import Asked
from app.reports.flows import add_up, count_begun, count_ended

DAYS, WEEKS, MONTHS = 30, 13, 12
# By whom a relation was ended, and what that is called here.
ENDS = {"customer": "lost", "member": "deleted", "transfer": "moved"}
Counts = Counter[tuple[date, str]]


def read_growth(session: Session, asked: Asked) -> dict[str, Any]:
    """Read it by day, week and month, each oldest first; a week begins on Monday.

    Of each stretch: `begins` (a day), `new`, `lost`, `deleted`, `moved`.
    """
    starts = {
        "day": _days(asked.today),
        "week": _weeks(asked.today),
        "month": _months(asked.today),
    }
    since = asked.begin(min(days[0] for days in starts.values()))
    by_day = _count_by_day(session, asked, since)
    return {
        unit: _fold(by_day, days, _BEGINS[unit], today=asked.today) for unit, days in starts.items()
    }


def _count_by_day(session: Session, asked: Asked, since: datetime) -> Counts:
    def day(at: datetime) -> date:
        return at.astimezone(asked.zone).date()

    begun = count_begun(session, asked, since)
    ended = count_ended(session, asked, since)
    counts = add_up(((day(at), "new"), count) for at, count in begun)
    counts += add_up(((day(at), ENDS.get(by, "deleted")), count) for at, by, count in ended)
    return counts


def _fold(
    by_day: Counts, starts: list[date], begin: Callable[[date], date], *, today: date
) -> list[dict[str, Any]]:
    # What a clock that was wrong has put into the future belongs to no stretch.
    counts = add_up(
        ((begin(day), what), count) for (day, what), count in by_day.items() if day <= today
    )
    return [
        {"begins": start.isoformat()}
        | {what: counts[start, what] for what in ("new", *ENDS.values())}
        for start in starts
    ]


def _begin_day(day: date) -> date:
    return day


def _begin_week(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _begin_month(day: date) -> date:
    return day.replace(day=1)


_BEGINS: dict[str, Callable[[date], date]] = {
    "day": _begin_day,
    "week": _begin_week,
    "month": _begin_month,
}


def _days(today: date) -> list[date]:
    return [today - timedelta(days=ago) for ago in reversed(range(DAYS))]


def _weeks(today: date) -> list[date]:
    monday = _begin_week(today)
    return [monday - timedelta(weeks=ago) for ago in reversed(range(WEEKS))]


def _months(today: date) -> list[date]:
    months = [today.replace(day=1)]
    while len(months) < MONTHS:
        months.append(_begin_month(months[-1] - timedelta(days=1)))
    return months[::-1]

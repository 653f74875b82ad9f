"""At which hours of the week customers come: when somebody should be there to answer them."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.reports.asked import Asked
from app.reports.flows import add_up, count_begun

WEEKS = 12
DAYS_IN_WEEK, HOURS_IN_DAY = 7, 24


def read_busy_hours(session: Session, asked: Asked) -> dict[str, Any]:
    """Count the adds of the last weeks: `hours` by weekday (Monday first) and hour of the day."""

    def hour(at: datetime) -> tuple[int, int]:
        local = at.astimezone(asked.zone)
        return local.weekday(), local.hour

    since = asked.days_ago(WEEKS * DAYS_IN_WEEK - 1)
    counts = add_up((hour(at), count) for at, count in count_begun(session, asked, since))
    return {
        "weeks": WEEKS,
        "hours": [
            [counts[day, hour] for hour in range(HOURS_IN_DAY)] for day in range(DAYS_IN_WEEK)
        ],
    }

"""What every report is asked with, and the times of the corp that it counts by."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.members.queries import WHOLE_CORP, Scope


@dataclass(frozen=True)
class Asked:
    """For whom a report is, where the corp is, and the moment that it is made at."""

    now: datetime
    zone: ZoneInfo
    scope: Scope = WHOLE_CORP

    @property
    def today(self) -> date:
        """The day that it is where the corp is."""
        return self.now.astimezone(self.zone).date()

    def begin(self, day: date) -> datetime:
        """Return when a day begins where the corp is."""
        return datetime.combine(day, time(), tzinfo=self.zone)

    def days_ago(self, days: int) -> datetime:
        """Return when the day so many days before today began; 0: today."""
        return self.begin(self.today - timedelta(days=days))

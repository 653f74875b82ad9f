"""How every panel shows times and the texts of strangers."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app import clock
from app.i18n import _
from app.members.queries import find_member
from app.words import letter_of, visible

__all__ = ["Times", "letter_of", "name_of", "visible"]


@dataclass(frozen=True)
class Times:
    """How times read: in the corp's zone, seen from now."""

    zone: ZoneInfo
    now: datetime

    @classmethod
    def of(cls, zone: ZoneInfo) -> "Times":
        """Make it for this moment."""
        return cls(zone, clock.utcnow().astimezone(zone))

    def day(self, at: datetime) -> str:
        """Say the day: 11-18, with its year when that is another one."""
        return self._date(at.astimezone(self.zone).date())

    def minute(self, at: datetime) -> str:
        """Say day and minute: 11-18 14:03."""
        return f"{self.day(at)} {self.clock(at)}"

    def clock(self, at: datetime) -> str:
        """Say the minute: 14:03."""
        return f"{at.astimezone(self.zone):%H:%M}"

    def midnight(self) -> datetime:
        """Return when today began."""
        return self.now.replace(hour=0, minute=0, second=0, microsecond=0)

    def title(self, day: date) -> str:
        """Head a day of the timeline, or say the day of a reminder."""
        today, one_day = self.now.date(), timedelta(days=1)
        near = {today: _("今天"), today - one_day: _("昨天"), today + one_day: _("明天")}
        return near.get(day) or self._date(day)

    def _date(self, day: date) -> str:
        return f"{day:%m-%d}" if day.year == self.now.year else f"{day:%Y-%m-%d}"


def name_of(session: Session, userid: str) -> str:
    """Return a member's name; his userid if he has none that can be seen."""
    member = find_member(session, userid)
    return visible(member.name if member else "") or userid

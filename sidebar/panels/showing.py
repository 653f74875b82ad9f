"""How every panel shows times and the texts of strangers."""

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app import clock
from app.i18n import _
from app.members.queries import find_member
from app.words import clean

# Characters that count as letters and show nothing.
BLANK = frozenset("\u2800\u3164\u115f\u1160\uffa0")
UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Me", "Mn", "Zl", "Zp", "Zs"})


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
        """Head a day of the timeline."""
        if day == self.now.date():
            return _("今天")
        if day == self.now.date() - timedelta(days=1):
            return _("昨天")
        return self._date(day)

    def _date(self, day: date) -> str:
        return f"{day:%m-%d}" if day.year == self.now.year else f"{day:%Y-%m-%d}"


def visible(text: str, *, lines: bool = False) -> str:
    """Clean a stranger's text; "" when nothing of it could be seen."""
    parts = text.splitlines() if lines else [text]
    cleaned = "\n".join(clean(part) for part in parts).strip()
    return cleaned if any(is_seen(ch) for ch in cleaned) else ""


def letter_of(name: str) -> str:
    """Return the character that stands for a name without a picture."""
    seen = [ch for ch in name if is_seen(ch)]
    letters = [ch for ch in seen if ch.isalnum()]
    return (letters or seen)[0].upper()[:1]


def is_seen(ch: str) -> bool:
    """Tell whether a character shows anything."""
    return unicodedata.category(ch) not in UNSEEN and ch not in BLANK


def name_of(session: Session, userid: str) -> str:
    """Return a member's name; his userid if he has none that can be seen."""
    member = find_member(session, userid)
    return visible(member.name if member else "") or userid

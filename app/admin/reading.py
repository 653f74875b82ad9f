"""What pages read of a request, what was chosen on them, and how they show times.

Choices may name people, and what names people stands in no address: a filter is posted, and the
address that it leads to holds it sealed.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import request
from werkzeug.datastructures import MultiDict

from app import clock
from app.i18n import _
from app.runtime import Runtime
from app.seal import SealBroken

# Every database's INTEGER ends here; a larger id is nobody's.
MOST = 2**31 - 1
# The parameter that holds the choices, and what they may come to before they are sealed.
CHOICES, MOST_CHOICES = "f", 4000
PURPOSE = "admin.choices"
# What of it names somebody, or may.
NAMING = ("userid", "external_userid", "search")
PLACE = re.compile(r"([0-9]{1,17})-([0-9]{1,18})", re.ASCII)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE, HOUR, DAY = 60, 3600, 86400
# Days of other years are slips of the finger, and beyond what can be reckoned with.
YEARS = range(2000, 2100)


@dataclass(frozen=True)
class Times:
    """How times read: in the corp's zone, seen from now."""

    zone: ZoneInfo
    now: datetime

    def minute(self, at: datetime) -> str:
        """Say day and minute, with the year when that is another one: 11-18 14:03."""
        local = at.astimezone(self.zone)
        return f"{local:%m-%d %H:%M}" if local.year == self.now.year else f"{local:%Y-%m-%d %H:%M}"

    def second(self, at: datetime) -> str:
        """Say it to the second."""
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"

    def clock(self, at: datetime) -> str:
        """Say the minute alone: 14:03."""
        return f"{at.astimezone(self.zone):%H:%M}"

    def short_day(self, at: datetime) -> str:
        """Say the day, with the year when that is another one: 11-18."""
        return self._date(at.astimezone(self.zone).date())

    def title(self, day: date) -> str:
        """Head a day."""
        today = self.now.date()
        near = {today: _("今天"), today - timedelta(days=1): _("昨天")}
        return near.get(day) or self._date(day)

    def moment(self, text: str) -> datetime | None:
        """Read a minute as a datetime-local field gives it (2026-11-18T14:03); None: it is none."""
        try:
            found = datetime.strptime(text, "%Y-%m-%dT%H:%M").replace(tzinfo=self.zone)
        except ValueError:
            return None
        return found if found.year in YEARS else None

    def _date(self, day: date) -> str:
        return f"{day:%m-%d}" if day.year == self.now.year else f"{day:%Y-%m-%d}"

    def day(self, text: str) -> datetime | None:
        """Read a day (2026-11-18) and return its beginning; None: it is none."""
        try:
            found = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=self.zone)
        except ValueError:
            return None
        return found if found.year in YEARS else None


def times(runtime: Runtime) -> Times:
    """Return how times read now."""
    zone = runtime.config.server.zone
    return Times(zone, clock.utcnow().astimezone(zone))


def number(text: str | None) -> int:
    """Read an id from a form or an address; what is none is 0."""
    fits = text is not None and text.isascii() and text.isdigit() and len(text) <= len(str(MOST))
    value = int(text) if text and fits else 0
    return value if value <= MOST else 0


def seal_choices(runtime: Runtime, given: MultiDict[str, str]) -> str:
    """Make what stands in an address for what was chosen; "" for nothing, or for far too much."""
    chosen = [(name, value) for name, value in given.items(multi=True) if value]
    text = json.dumps(chosen, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    if not chosen or len(text) > MOST_CHOICES:
        return ""
    return urlsafe_b64encode(runtime.sealer.seal(text, purpose=PURPOSE)).decode().rstrip("=")


def choices(runtime: Runtime) -> MultiDict[str, str]:
    """Read what was chosen on this page; what somebody else made up is nothing."""
    text = request.args.get(CHOICES, "")
    try:
        box = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return MultiDict(json.loads(runtime.sealer.open(box, purpose=PURPOSE)))
    except (Error, ValueError, SealBroken):
        return MultiDict()


def span(seconds: float) -> str:
    """Say how long something took: 0.4 秒, 12 秒, 3 分 20 秒, 2 小时 5 分, 4 天."""
    if seconds < 0.05:  # noqa: PLR2004 -- "0.0 秒" would read as a fault
        return _("不到 0.1 秒")
    if seconds < 10:  # noqa: PLR2004 -- two digits are as many as one reads
        return _("{seconds} 秒", seconds=f"{seconds:.1f}")
    whole = round(seconds)
    if whole < MINUTE:
        return _("{seconds} 秒", seconds=whole)
    if whole < HOUR:
        return _("{minutes} 分 {seconds} 秒", minutes=whole // MINUTE, seconds=whole % MINUTE)
    if whole < 2 * DAY:
        return _("{hours} 小时 {minutes} 分", hours=whole // HOUR, minutes=whole % HOUR // MINUTE)
    return _("{days} 天", days=whole // DAY)


def read_place(text: str | None) -> tuple[datetime, int] | None:
    """Read a place in a list by time and id, as `write_place` wrote it; None: it is none."""
    match = PLACE.fullmatch(text or "")
    if match is None:
        return None
    try:
        return EPOCH + timedelta(microseconds=int(match[1])), int(match[2])
    except OverflowError:
        return None


def write_place(at: datetime, row_id: int) -> str:
    """Write a place for an address."""
    return f"{(at - EPOCH) // timedelta(microseconds=1)}-{row_id}"


def asked(runtime: Runtime) -> MultiDict[str, str]:
    """Read what was chosen on this page, sealed or not."""
    chosen = choices(runtime)
    for name, value in request.args.items():
        chosen.setdefault(name, value)
    return chosen


def query(runtime: Runtime, given: Mapping[str, object], **more: object) -> str:
    """Write what is not empty of these as the query of an address, with its mark.

    What names somebody stands in it sealed.
    """
    wanted = {name: str(value) for name, value in {**given, **more}.items() if value}
    sealed = seal_choices(
        runtime, MultiDict({name: wanted.pop(name) for name in NAMING if name in wanted})
    )
    wanted |= {CHOICES: sealed} if sealed else {}
    return f"?{urlencode(wanted)}" if wanted else ""


def customer_address(runtime: Runtime, external_userid: str) -> str:
    """Return the address of the page of one customer."""
    return f"/admin/customer{query(runtime, {'external_userid': external_userid})}"

"""Reads of what holds for alerts now, and when it is quiet or time for the daily digests."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.alerting.models import THE_ROW, AlertSettings
from app.config import Alerts, Config
from app.i18n import N_
from app.members.queries import canonical_userid

# What can be set, each a key of [alerts].
SETTINGS = {
    "admins": N_("谁会收到每一次流失"),
    "grace_seconds": N_("等客户回来多少秒"),
    "digest_above": N_("一分钟多于几条就合并"),
    "mass_loss_above": N_("多于多少位算集中流失"),
    "mass_loss_minutes": N_("在多少分钟之内"),
    "quiet_hours": N_("免打扰时段"),
    "daily_digest_at": N_("每日汇总的时间"),
}
MOST_ADMINS = 50


@dataclass(frozen=True)
class Standing:
    """What holds now, what the configuration file says, and what of it is set past the file."""

    now: Alerts
    file: Alerts
    is_set: frozenset[str]


def find_alerts(session: Session, config: Config) -> Alerts:
    """Return what holds for alerts now: one read by primary key."""
    return read_standing(session, config).now


def read_standing(session: Session, config: Config) -> Standing:
    """Read what holds now, and where it comes from."""
    return stand(session.get(AlertSettings, THE_ROW), config)


def stand(row: AlertSettings | None, config: Config) -> Standing:
    """Lay what is set over what the configuration file says. Pure."""
    given = {name: getattr(row, name) for name in SETTINGS} if row else {}
    is_set = {name: value for name, value in given.items() if value is not None}
    now = config.alerts.model_copy(update={name: _said(value) for name, value in is_set.items()})
    return Standing(now, config.alerts, frozenset(is_set))


def limits_of(name: str) -> tuple[int, int]:
    """Return the least and the most that a figure of [alerts] can be."""
    rules = Alerts.model_fields[name].metadata
    least, most = (
        next(getattr(rule, key) for rule in rules if hasattr(rule, key)) for key in ("ge", "le")
    )
    return least, most


def write_setting(session: Session, name: str, alerts: Alerts) -> str:
    """Write a setting as one text, to compare it with another; "" where there is none.

    Members by their userids in our spelling, in order, with commas between.
    """
    if name == "admins":
        return ",".join(sorted(list_admins(session, alerts)))
    value = getattr(alerts, name)
    return "" if value is None else str(value)


def list_admins(session: Session, alerts: Alerts) -> list[str]:
    """List who hears of losses besides the member: each once, however he is spelt."""
    return list(dict.fromkeys(canonical_userid(session, userid) for userid in alerts.admins))


def quiet_until(now: datetime, quiet_hours: str | None, zone: ZoneInfo) -> datetime | None:
    """Return when the quiet hours end that `now` lies in; None outside of them."""
    if not quiet_hours:
        return None
    local = now.astimezone(zone)
    begin, end = quiet_hours.split("-")
    minute = f"{local:%H:%M}"
    is_quiet = begin <= minute < end if begin < end else minute >= begin or minute < end
    if not is_quiet:
        return None
    hour, minutes = map(int, end.split(":"))
    until = local.replace(hour=hour, minute=minutes, second=0, microsecond=0)
    return until if until > local else until + timedelta(days=1)


def digest_time(day: date, at: str, zone: ZoneInfo) -> datetime:
    """Return when the digests of a day are wanted; `at` as HH:MM."""
    return datetime.combine(day, time.fromisoformat(at), tzinfo=zone)


def find_digest_day(row: AlertSettings | None, config: Config, now: datetime) -> date | None:
    """Return the day, the corp's today, whose daily digests are due and not made yet. Pure."""
    at = stand(row, config).now.daily_digest_at
    zone = config.server.zone
    today = now.astimezone(zone).date()
    if not at or now < digest_time(today, at, zone):
        return None
    is_done = row is not None and row.digested_on is not None and row.digested_on >= today
    return None if is_done else today


def find_next_digest(
    row: AlertSettings | None, config: Config, now: datetime
) -> tuple[datetime, datetime] | None:
    """Return when the next daily digests are wanted, and when they arrive: later if it is quiet.

    None: there are none. Pure.
    """
    alerts, zone = stand(row, config).now, config.server.zone
    if not alerts.daily_digest_at:
        return None
    day = now.astimezone(zone).date()
    if row is not None and row.digested_on is not None and row.digested_on >= day:
        day += timedelta(days=1)
    wanted = digest_time(day, alerts.daily_digest_at, zone)
    return wanted, quiet_until(wanted, alerts.quiet_hours, zone) or wanted


def _said(value: object) -> object:
    if isinstance(value, list):
        return tuple(value)
    return None if value == "" else value

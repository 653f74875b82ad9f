"""Setting what holds for alerts, past the configuration file and back to it."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app import clock
from app.alerting.errors import AlertsRefused
from app.alerting.models import THE_ROW, AlertSettings
from app.alerting.queries import (
    MOST_ADMINS,
    SETTINGS,
    digest_time,
    limits_of,
    quiet_until,
    stand,
    write_setting,
)
from app.config import Alerts, Config
from app.deliveries.actions import release_held
from app.errors import Refused
from app.i18n import _
from app.members.queries import list_active
from app.rows import upsert

Value = int | str | list[str]

MINUTE = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
# Beyond every limit; what is longer is not even read.
LONGEST_FIGURE = 9


@dataclass(frozen=True)
class Changed:
    """A setting that is another one now: as `write_setting` writes it. `restored`: to the file."""

    name: str
    before: str
    after: str
    restored: bool


def lock_settings(session: Session) -> AlertSettings:
    """Return the row, made if there is none, with nobody else changing it until the end."""
    upsert(session, AlertSettings, [{"id": THE_ROW}], key=["id"])
    return session.get_one(AlertSettings, THE_ROW, with_for_update=True, populate_existing=True)


def set_alerts(
    session: Session,
    config: Config,
    *,
    typed: Mapping[str, Sequence[str]],
    seen: Mapping[str, str],
    restore: Collection[str] = (),
) -> list[Changed]:
    """Have these settings be as typed, or as the configuration file says where it is `restore`.

    `typed`: by setting, the texts of its fields. `seen`: what held for it, as `write_setting` wrote
    it, when the page was opened; what is typed as it was seen is not touched, whatever it is now.
    All of them are changed, or none is.

    Raises:
        AlertsRefused: it says why, setting by setting.
    """
    row = lock_settings(session)
    before = stand(row, config)
    stands = {name: write_setting(session, name, before.now) for name in SETTINGS if name in typed}
    was = stands | {name: text for name, text in seen.items() if name in stands}
    wanted: dict[str, Value | None] = {}
    faults: dict[str, str] = {}
    for name, held in stands.items():
        try:
            value = None if name in restore else _read(name, typed[name])
            if value is None or _write(value) != was[name]:
                _check(session, name, value, held)
                wanted[name] = value
        except Refused as error:
            faults[name] = str(error)
    overtaken = frozenset(name for name in wanted if stands[name] != was[name])
    faults |= dict.fromkeys(overtaken, _("刚刚有人改过这一项：请看一看现在的值，再决定要不要改"))
    if faults:
        raise AlertsRefused(faults, changed=overtaken)
    for name, value in wanted.items():
        setattr(row, name, value)
    after = stand(row, config)
    _let_quiet_end(session, before.now, after.now, config)
    _begin_tomorrow(row, before.now, after.now, config)
    session.flush()
    changed = [
        Changed(
            name,
            write_setting(session, name, before.now),
            write_setting(session, name, after.now),
            restored=value is None,
        )
        for name, value in wanted.items()
    ]
    return [one for one in changed if one.before != one.after or one.name in before.is_set]


def _read(name: str, typed: Sequence[str]) -> Value:
    """Read what was typed into the fields of a setting."""
    if name == "admins":
        return sorted({userid for userid in typed if userid})
    texts = [text.strip() for text in typed]
    if name == "quiet_hours":
        return _read_quiet_hours(*[*texts, "", ""][:2])
    text = texts[0] if texts else ""
    if name == "daily_digest_at":
        if text and not MINUTE.fullmatch(text):
            raise Refused(_("请填几点几分，例如 09:00；不要汇总就留空"))
        return text
    least, most = limits_of(name)
    fits = text.isascii() and text.isdigit() and len(text) <= LONGEST_FIGURE
    if not fits or not least <= int(text) <= most:
        raise Refused(_("请填 {least} 到 {most} 之间的整数", least=least, most=most))
    return int(text)


def _read_quiet_hours(begin: str, end: str) -> str:
    if not begin and not end:
        return ""
    if not begin or not end:
        raise Refused(_("开始和结束都要填；不要免打扰就都留空"))
    if not MINUTE.fullmatch(begin) or not MINUTE.fullmatch(end):
        raise Refused(_("请填几点几分，例如 22:00 和 08:00"))
    if begin == end:
        raise Refused(_("开始和结束不能是同一时间"))
    return f"{begin}-{end}"


def _write(value: Value) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)


def _check(session: Session, name: str, value: Value | None, stands: str) -> None:
    """Refuse members who cannot be told, or are too many."""
    if name != "admins" or not isinstance(value, list):
        return
    if len(value) > MOST_ADMINS:
        raise Refused(
            _("最多选 {most} 位，现在选了 {count} 位", most=MOST_ADMINS, count=len(value))
        )
    new = set(value) - set(stands.split(","))
    if new - set(list_active(session, new)):
        raise Refused(_("新选的人里有人已经离开，请重新选择"))


def _let_quiet_end(session: Session, before: Alerts, after: Alerts, config: Config) -> None:
    """Look again at what waits for the end of quiet hours that are others now."""
    if before.quiet_hours == after.quiet_hours:
        return
    until = quiet_until(clock.utcnow(), before.quiet_hours, config.server.zone)
    if until is not None:
        release_held(session, until)


def _begin_tomorrow(row: AlertSettings, before: Alerts, after: Alerts, config: Config) -> None:
    """Have no digest come today at an hour that is already past when it is first set."""
    zone, now = config.server.zone, clock.utcnow()
    today = now.astimezone(zone).date()

    def is_past(at: str | None) -> bool:
        return bool(at) and now >= digest_time(today, at or "", zone)

    if is_past(after.daily_digest_at) and not is_past(before.daily_digest_at):
        row.digested_on = today

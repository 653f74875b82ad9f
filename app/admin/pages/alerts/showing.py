"""What the page of alerts shows: what holds now, where each of it comes from, what comes next."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app import clock
from app.admin.pages.parts import Admin
from app.admin.reading import Times, times
from app.alerting.models import THE_ROW, AlertSettings
from app.alerting.queries import (
    MOST_ADMINS,
    SETTINGS,
    find_next_digest,
    limits_of,
    list_admins,
    read_standing,
    write_setting,
)
from app.config import Alerts
from app.i18n import _
from app.members.queries import list_active, list_names, list_present
from app.runtime import Runtime
from app.words import clean

FIGURES = ("grace_seconds", "digest_above", "mass_loss_above", "mass_loss_minutes")
# More boxes than this nobody ticks his way through; there is a field for the others.
MOST_PRESENT = 500


def load(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read what holds now."""
    del admin
    standing = read_standing(session, runtime.config)
    chosen = list_admins(session, standing.now)
    people = _list_people(session, chosen)
    return {
        "rows": {
            name: {
                "seen": write_setting(session, name, standing.now),
                "now": _word(session, name, standing.now),
                "file": _word(session, name, standing.file),
                "is_set": name in standing.is_set,
                "limits": limits_of(name) if name in FIGURES else (),
            }
            for name in SETTINGS
        },
        "given": show_given(standing.now, chosen),
        "people": people,
        "is_crowded": len(people) >= MOST_PRESENT,
        "more": "",
        "most_admins": MOST_ADMINS,
        "zone": runtime.config.server.time_zone,
        "next": _show_next(runtime, session),
        "kept": {},
        "restore": [],
        "faults": {},
        "changed": [],
        "fault": "",
    }


def show_given(alerts: Alerts, chosen: list[str]) -> dict[str, list[str]]:
    """Return what stands in the fields of each setting."""
    given = {name: [str(getattr(alerts, name))] for name in FIGURES}
    return given | {
        "admins": chosen,
        "quiet_hours": (alerts.quiet_hours or "-").split("-"),
        "daily_digest_at": [alerts.daily_digest_at or ""],
    }


def _list_people(session: Session, chosen: list[str]) -> list[tuple[str, str, bool]]:
    """List who can be chosen and who is, those first: userid, name, whether he is here."""
    here = {one.userid: clean(one.name) for one in list_present(session, limit=MOST_PRESENT)}
    names, active = list_names(session, chosen), set(list_active(session, chosen))
    first = [(userid, clean(names.get(userid, "")), userid in active) for userid in chosen]
    return [*first, *((one, name, True) for one, name in here.items() if one not in set(chosen))]


def _show_next(runtime: Runtime, session: Session) -> dict[str, Any]:
    """Say when the next digests come, and whether quiet hours hold them up."""
    row = session.get(AlertSettings, THE_ROW)
    found = find_next_digest(row, runtime.config, clock.utcnow())
    if found is None:
        return {}
    wanted, arrives = found
    now = times(runtime)
    return {"at": _moment(now, wanted), "arrives": _moment(now, arrives), "held": wanted != arrives}


def _moment(now: Times, at: datetime) -> str:
    day = at.astimezone(now.zone).date()
    is_tomorrow = day == now.now.date() + timedelta(days=1)
    return f"{_('明天') if is_tomorrow else now.title(day)} {now.clock(at)}"


def _word(session: Session, name: str, alerts: Alerts) -> str:
    """Say what a setting is."""
    if name == "admins":
        userids = list_admins(session, alerts)
        names = list_names(session, userids)
        told = _("、").join(clean(names.get(userid, userid)) for userid in userids)
        return told or _("没有人")
    value = getattr(alerts, name)
    return _("没有") if value is None else str(value)

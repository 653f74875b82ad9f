"""What is done to the settings of alerts; each change is in the audit log."""

import re
from collections.abc import Mapping, Sequence
from functools import partial

from sqlalchemy.orm import Session

from app.admin.pages.parts import Admin, Answer, Done, Form, Unfit
from app.alerting.actions import Changed, set_alerts
from app.alerting.errors import AlertsRefused
from app.alerting.queries import SETTINGS
from app.audit.actions import record_audit
from app.config import Config
from app.i18n import _
from app.members.queries import list_named
from app.runtime import Runtime, commit

LONGEST, MOST, LONGEST_MORE = 64, 200, 1000
BETWEEN_NAMES = re.compile(r"[,，、;；\n]+")


def save(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Have the settings be as typed; what was not touched stays, whoever changed it meanwhile."""
    typed = {
        name: [text[:LONGEST] for text in form.getlist(name)[:MOST]]
        for name in SETTINGS
        if f"seen-{name}" in form
    }
    seen = {name: form[f"seen-{name}"] for name in typed}
    more = form.get("more", "")[:LONGEST_MORE]
    restore = [name for name in form.getlist("restore") if name in typed]
    work = partial(
        _save,
        admin=admin,
        config=runtime.config,
        typed=typed,
        more=more,
        seen=seen,
        restore=restore,
    )
    try:
        changed = commit(runtime, work)
    except AlertsRefused as refused:
        return Unfit(
            {
                "fault": str(refused),
                "faults": refused.faults,
                "changed": refused.changed,
                # What he did not touch shows what holds now.
                "kept": {
                    name: texts
                    for name, texts in typed.items()
                    if _as_seen(name, texts) != seen[name]
                },
                "more": more,
                "restore": restore,
            }
        )
    return Done(_("已保存，现在就生效") if changed else _("没有改动"))


def _as_seen(name: str, texts: list[str]) -> str:
    """Write what stands in the fields of a setting as `seen` has it."""
    if name == "admins":
        return ",".join(sorted(set(texts)))
    text = "-".join(one.strip() for one in texts)
    return "" if text == "-" else text


def _save(
    session: Session,
    *,
    admin: Admin,
    config: Config,
    typed: Mapping[str, Sequence[str]],
    more: str,
    seen: Mapping[str, str],
    restore: Sequence[str],
) -> list[Changed]:
    if more.strip():
        typed = {**typed, "admins": [*typed.get("admins", ()), *_find_people(session, more)]}
    changed = set_alerts(session, config, typed=typed, seen=seen, restore=restore)
    for one in changed:
        record_audit(
            session,
            userid=admin.userid,
            action="alerts_restored" if one.restored else "alerts_changed",
            origin=admin.origin,
            detail={
                "setting": one.name,
                "before": one.before or "none",
                "after": one.after or "none",
            },
        )
    return changed


def _find_people(session: Session, text: str) -> list[str]:
    """Find the members of these names.

    Raises:
        AlertsRefused: there is none of a name, or several.
    """
    names = list(dict.fromkeys(filter(None, map(str.strip, BETWEEN_NAMES.split(text)))))
    known = list_named(session, names)
    found = []
    for name in names:
        own = [one.userid for one in known if one.folded == name.casefold()]
        userids = own or [one.userid for one in known if one.name == name]
        if not userids:
            raise AlertsRefused({"admins": _("没有叫「{name}」的人", name=name)})
        if len(userids) > 1:
            told = _("有 {count} 位叫「{name}」，请填账号", count=len(userids), name=name)
            raise AlertsRefused({"admins": told})
        found += userids
    return found

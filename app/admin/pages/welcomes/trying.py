"""Trying a script: which one would greet at a time, and how it looks on one's own phone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app import clock
from app.admin.pages.parts import Admin, Done, Form, Reply, Unfit
from app.admin.pages.welcomes import editor
from app.admin.pages.welcomes.form import are_times
from app.admin.reading import number
from app.errors import NotFound, Refused
from app.i18n import _
from app.members.queries import list_present
from app.runtime import Runtime
from app.wecom.errors import WeComError
from app.welcome.actions.trials import send_trial
from app.welcome.queries import choose_script, paused_since
from app.welcome.queries.choosing import TRIAL_VERSION, Trial
from app.welcome.queries.history import DraftRow, find_draft_row
from app.words import clean

HIT = "pages/welcomes/hit.html"

# What is asked, and how long it may be.
MOST = {"userid": 64, "state": 128, "at": 16}
TIME_FORM = "%Y-%m-%dT%H:%M"


def load(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Show the form of the hit test, `?draft=` as if that one were published."""
    row = find_draft_row(session, draft_id=number(request.args.get("draft")) or -1)
    asked = {"userid": admin.userid, "state": "", "at": ""}
    return {**_show_form(runtime, session, row, asked), "hit": None}


def go_to_try(runtime: Runtime, admin: Admin, form: Form) -> Done | Unfit:
    """Keep what was typed and lead to the hit test of it."""
    try:
        row = editor.store(runtime, admin, form)
    except (Refused, NotFound) as error:
        return Unfit(editor.show_again(runtime, form, [_(str(error))]), "edit")
    return Done("", f"try?draft={row.id}")


def ask(runtime: Runtime, admin: Admin, form: Form) -> Reply | Unfit:
    """Tell which script would greet, and the whole chain of why."""
    del admin
    asked = {name: form.get(name, "").strip()[:most] for name, most in MOST.items()}
    at = _read_time(runtime, asked["at"])
    with runtime.db.read() as session:
        row = find_draft_row(session, draft_id=number(form.get("draft")) or -1)
        zone = runtime.config.server.zone
        trial = _trial(row)
        choice = choose_script(
            session,
            userid=asked["userid"],
            state=asked["state"],
            at=at,
            zone=zone,
            trial=trial,
        )
        hit = {
            "name": choice.script_name,
            "is_trial": choice.version_id == TRIAL_VERSION,
            "steps": choice.steps,
            "at": f"{at.astimezone(zone):%Y-%m-%d %H:%M}",
            "is_paused": paused_since(session) is not None,
            "is_broken": row is not None and trial is None,
        }
        shown = _show_form(runtime, session, row, asked)
    told = choice.script_name or _("没有适用的欢迎语")
    return Reply(HIT, {**shown, "hit": hit}, told)


def send_to_me(runtime: Runtime, admin: Admin, form: Form) -> Done | Unfit:
    """Keep what was typed and send it to whoever writes it, as the app's message."""
    try:
        row = editor.store(runtime, admin, form)
        send_trial(runtime, row.draft, admin.userid)
    except (Refused, NotFound) as error:
        return Unfit(editor.show_again(runtime, form, [_(str(error))]), "edit")
    except WeComError as error:
        where = f" {error.console}" if error.console else ""
        return Unfit(editor.show_again(runtime, form, [f"{error.plain}{where}"]), "edit")
    return Done(_("已发到你的企业微信，在应用消息里看"), f"edit?draft={row.id}")


def _trial(row: DraftRow | None) -> Trial | None:
    """Return the draft as if it were published; None while a time in it is none."""
    if row is None or not all(are_times(rule.windows) for rule in row.draft.rules if rule.windows):
        return None
    return Trial(
        script_id=row.script_id or 0, name=row.draft.name or _("未命名"), rules=row.draft.rules
    )


def _show_form(
    runtime: Runtime, session: Session, row: DraftRow | None, asked: Mapping[str, str]
) -> dict[str, Any]:
    now = clock.utcnow().astimezone(runtime.config.server.zone)
    return {
        "trial": {
            "draft": row.id if row else 0,
            "name": (clean(row.draft.name) or _("未命名")) if row else "",
            **asked,
            "at": asked["at"] or f"{now:{TIME_FORM}}",
        },
        "all_members": [(one.userid, clean(one.name)) for one in list_present(session)],
    }


def _read_time(runtime: Runtime, text: str) -> datetime:
    """Read a time in the corp's zone; what is none is now."""
    try:
        return datetime.strptime(text, TIME_FORM).replace(tzinfo=runtime.config.server.zone)
    except ValueError:
        return clock.utcnow()

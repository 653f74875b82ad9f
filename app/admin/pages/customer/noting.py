"""Notes that an admin writes about the customer, and reminders that he sets for who follows him."""

import re
import secrets
from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app.admin.pages.customer.looking import Looked
from app.admin.pages.customer.showing import show_reminders
from app.admin.pages.customer.working import UNFIT, answer, note_deed, relation, work_on
from app.admin.pages.parts import Admin, Answer, Form
from app.admin.problems import Problem
from app.admin.reading import Times, number, times
from app.customers.actions import Box, Wish, cancel_reminder, create_reminder, record_follow_up
from app.customers.queries import (
    Follower,
    find_reminder_about,
    find_viewpoint,
    list_followers,
)
from app.errors import NotFound, Refused
from app.i18n import N_, _
from app.members.queries import Scope, list_active
from app.reminders import morning_of
from app.runtime import Runtime
from app.words import visible

# What is typed here is no draft of the sidebar's box.
PLACE = "admin"
KEY, AT_LENGTH = re.compile(r"[0-9A-Za-z_-]{8,64}"), 20
ENDED = N_("这个提醒已经结束了")


def show_note_box(
    text: str = "", key: str = "", *, told: str = "", is_fresh: bool = False
) -> dict[str, Any]:
    """Show the box for a note: empty and new, or with what was typed and why it was `told` no.

    `is_fresh`: something was sent out of it just now.
    """
    key = key or _new_key()
    return {"note": {"text": text, "key": key, "told": told, "is_fresh": is_fresh}}


def show_reminder_box(
    session: Session, followers: Sequence[Follower], now: Times
) -> dict[str, Any]:
    """Show the box for a reminder, and whom it can be for: who is here and may see the customer."""
    theirs = [one for one in followers if one.is_within and one.sees_him]
    here = set(list_active(session, [one.follow.userid for one in theirs]))
    return {
        "box": {
            "key": _new_key(),
            "who": 0,
            "text": "",
            "when": _local(now),
            "least": f"{now.now:%Y-%m-%dT%H:%M}",
            "told": "",
        },
        "reminded": [
            (one.follow.id, visible(one.name) or one.follow.userid)
            for one in theirs
            if one.follow.userid in here
        ],
    }


def write_note(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Write down what is in the box."""
    text, key = form.get("text", ""), _key(form)
    try:
        work_on(runtime, admin, partial(_write_note, admin=admin, text=text, key=key))
    except (Refused, NotFound) as error:
        told = _(str(error))
        kept = show_note_box(text, key, told=told, is_fresh=True)
        return answer(runtime, admin, "note_set", lambda *_: kept, told=told, status=UNFIT)
    return answer(
        runtime, admin, "note_set", lambda *_: show_note_box(is_fresh=True), told=_("已记录")
    )


def remind(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Set a reminder for a member who follows the customer."""
    now = times(runtime)
    try:
        told = work_on(runtime, admin, partial(_remind, admin=admin, form=form, now=now))
    except (Refused, NotFound) as error:
        told = _(str(error))
        typed = {
            "key": _key(form),
            "who": number(form.get("follow")),
            "text": form.get("text", ""),
            "when": form.get("at", "")[:AT_LENGTH],
            "told": told,
        }
        return _answer(runtime, admin, told, typed)
    return _answer(runtime, admin, told)


def cancel(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Want a reminder no more."""
    work = partial(_cancel, admin=admin, reminder_id=number(form.get("reminder")))
    try:
        work_on(runtime, admin, work)
    except (Refused, NotFound) as error:
        return _answer(runtime, admin, _(str(error)), {"told": _(str(error))})
    return _answer(runtime, admin, _("已取消提醒"))


def _write_note(
    session: Session, external_userid: str, _scope: Scope, *, admin: Admin, text: str, key: str
) -> None:
    box = Box(userid=admin.userid, external_userid=external_userid, key=key, place=PLACE)
    note = record_follow_up(session, box, text=text)
    note_deed(session, admin, "customer_noted", external_userid, {"note": note.id})


def _remind(
    session: Session,
    external_userid: str,
    scope: Scope,
    *,
    admin: Admin,
    form: Form,
    now: Times,
) -> str:
    follow = relation(session, external_userid, number(form.get("follow")), scope)
    viewpoint = find_viewpoint(session, follow.userid, external_userid)
    if viewpoint is None or not list_active(session, [follow.userid]):
        raise Refused(_("这位员工已经看不到这位客户，收不到提醒"))
    due_at = now.moment(form.get("at", ""))
    if due_at is None:
        raise Refused(_("请选择提醒时间"))
    wish = Wish(
        userid=follow.userid,
        external_userid=external_userid,
        key=_key(form),
        due_at=due_at,
        text=" ".join(visible(form.get("text", "")).split()),
    )
    reminder = create_reminder(session, wish)
    detail: dict[str, int | str] = {"member": follow.userid, "reminder": reminder.id}
    note_deed(session, admin, "customer_reminder_set", external_userid, detail)
    return _("{when} 会提醒他", when=now.minute(reminder.due_at))


def _cancel(
    session: Session, external_userid: str, scope: Scope, *, admin: Admin, reminder_id: int
) -> None:
    found = find_reminder_about(session, external_userid, reminder_id, scope)
    if found is None:
        raise Problem("no_such_page", reason="reminder")
    if found.state != "open":
        raise Refused(_(ENDED))
    ended = cancel_reminder(session, external_userid, reminder_id=found.id, userid=found.userid)
    if ended.state != "cancelled":
        raise Refused(_(ENDED))
    detail: dict[str, int | str] = {"member": found.userid, "reminder": found.id}
    note_deed(session, admin, "customer_reminder_cancelled", external_userid, detail)


def _answer(
    runtime: Runtime, admin: Admin, told: str, typed: dict[str, Any] | None = None
) -> Answer:
    """Show the reminders anew; `typed`: what was not accepted, to be put right."""

    def show(session: Session, looked: Looked) -> dict[str, Any]:
        followers = list_followers(session, looked.external_userid, looked.scope)
        values = show_reminder_box(session, followers, looked.now)
        values["box"] |= {"is_fresh": True} | (typed or {})
        return values | show_reminders(session, looked)

    return answer(runtime, admin, "reminders_set", show, told=told, status=UNFIT if typed else 200)


def _new_key() -> str:
    return secrets.token_urlsafe(12)


def _key(form: Form) -> str:
    """Return the box's own key; of one that has lost it, a new one."""
    key = form.get("key", "")
    return key if KEY.fullmatch(key) else _new_key()


def _local(now: Times) -> str:
    return f"{morning_of(now.now, now.zone, days=1):%Y-%m-%dT%H:%M}"

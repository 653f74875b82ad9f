"""Reminders on the panel 跟进: what one asked to be told about this customer, done or put off."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app import clock
from app.customers.actions import (
    cancel_reminder,
    complete_reminder,
    postpone_reminder,
    reopen_reminder,
)
from app.customers.models import Reminder
from app.customers.queries import list_reminders
from app.errors import NotFound, Refused
from app.i18n import _
from app.outbox import customer_path
from app.reminders import morning_of
from app.runtime import Runtime
from sidebar.context import CardContext
from sidebar.panels.follow_ups.history import NAME, show_history
from sidebar.panels.parts import Reply
from sidebar.panels.reading import number, times
from sidebar.panels.showing import Times, visible
from sidebar.panels.writing import commit

UNFIT = 422
CHANGED = "panels/follow_ups/reminded.html"
# Where the focus goes from a toast about a reminder.
HOME = "#history-title"
OWN = "own"
HOUR = timedelta(hours=1)
WEEK = 7
MOST_LOCAL = 16


def show_reminders(session: Session, context: CardContext) -> dict[str, Any]:
    """Read the viewer's own open reminders about this customer."""
    now = times()
    rows = list_reminders(session, context.external_userid, context.viewer.userid)
    return {
        "path": customer_path(context.external_userid, NAME),
        "reminders": [_show(row, now) for row in rows],
        "least": local_text(now.now),
    }


def change(runtime: Runtime, context: CardContext, form: Mapping[str, str]) -> Reply:
    """Do with a reminder what its button says: done, cancelled, or another time."""
    wanted = form.get("do", "")
    own = {
        "external_userid": context.external_userid,
        "reminder_id": number(form.get("reminder")),
        "userid": context.viewer.userid,
    }
    try:
        said, undo = _do(runtime, wanted, form, own)
    except (Refused, NotFound) as error:
        return _reply(runtime, context, {"text": _(str(error)), "is_fault": True}, UNFIT)
    notice: dict[str, Any] = {"text": said}
    if undo:
        values = {"reminder": own["reminder_id"]}
        notice["undo"] = {"action": "reopen", "values": values, "target": "#reminders"}
    return _reply(runtime, context, notice)


def reopen(runtime: Runtime, context: CardContext, form: Mapping[str, str]) -> Reply:
    """Take the end of a reminder back."""
    work = partial(
        reopen_reminder,
        external_userid=context.external_userid,
        reminder_id=number(form.get("reminder")),
        userid=context.viewer.userid,
    )
    try:
        commit(runtime, work)
    except (Refused, NotFound) as error:
        return _reply(runtime, context, {"text": _(str(error)), "is_fault": True}, UNFIT)
    return _reply(runtime, context, {"text": _("提醒还在")})


def chosen_time(when: str, at: str, now: Times) -> datetime | None:
    """Return the time that was chosen; None: no reminder is wanted.

    `at`: a local time as a datetime-local field gives it, where `when` is "own".

    Raises:
        Refused: there is no time in `at`.
    """
    if when in {"1", "3"}:
        return morning_of(now.now, now.zone, days=int(when))
    if when == "monday":
        return morning_of(now.now, now.zone, days=WEEK - now.now.weekday())
    if when == OWN:
        return _local_time(at, now)
    return None


def local_text(at: datetime) -> str:
    """Return a time as a datetime-local field takes it."""
    return f"{at:%Y-%m-%dT%H:%M}"


def _do(
    runtime: Runtime, wanted: str, form: Mapping[str, str], own: Mapping[str, Any]
) -> tuple[str, bool]:
    """Do it; return what to say, and whether it can be taken back.

    Raises:
        NotFound, Refused: it is not done; also where the reminder has ended in another way.
    """
    if wanted == "done":
        _require_state(commit(runtime, partial(complete_reminder, **own)), "done")
        return _("已完成"), True
    if wanted == "cancel":
        _require_state(commit(runtime, partial(cancel_reminder, **own)), "cancelled")
        return _("已取消提醒"), True
    due_at = _later(wanted, form.get("at", ""), times())
    turn = number(form.get("turn"))
    work: Callable[[Session], Reminder] = partial(
        postpone_reminder, **own, due_at=due_at, turn=turn
    )
    reminder = commit(runtime, work)
    _require_state(reminder, "open")
    return _("{when} 再提醒你", when=times().minute(reminder.due_at)), False


def _require_state(reminder: Reminder, state: str) -> None:
    # It ended elsewhere, on the card of its message or another device, since the page was read.
    if reminder.state != state:
        raise Refused(_("这个提醒已经结束了"))


def _later(wanted: str, at: str, now: Times) -> datetime:
    if wanted == "hour":
        return clock.utcnow() + HOUR
    if wanted == "tomorrow":
        return morning_of(now.now, now.zone, days=1)
    return _local_time(at, now)


def _local_time(at: str, now: Times) -> datetime:
    try:
        chosen = datetime.fromisoformat(at[:MOST_LOCAL])
    except ValueError:
        raise Refused(_("请选择提醒时间")) from None
    return chosen.replace(tzinfo=now.zone)


def _reply(
    runtime: Runtime, context: CardContext, notice: Mapping[str, Any], status: int = 200
) -> Reply:
    with runtime.db.read() as session:
        values = show_reminders(session, context) | show_history(session, context, newest=True)
    return Reply(CHANGED, values | {"notice": {**notice, "home": HOME}}, status)


def _show(reminder: Reminder, now: Times) -> dict[str, Any]:
    day = now.title(reminder.due_at.astimezone(now.zone).date())
    return {
        "id": reminder.id,
        "turn": reminder.turn,
        "text": visible(reminder.text) or _("跟进这位客户"),
        "when": f"{day} {now.clock(reminder.due_at)}",
        "at": reminder.due_at.isoformat(timespec="seconds"),
        "is_due": reminder.due_at <= now.now,
        "own": local_text(morning_of(now.now, now.zone, days=1)),
    }

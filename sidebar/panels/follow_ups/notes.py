"""Notes on the panel 跟进: written in one line, kept while typed, put right within a day."""

import re
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app.customers.actions import (
    LONGEST,
    Box,
    Wish,
    create_reminder,
    edit_follow_up,
    forget_draft,
    record_follow_up,
    remove_follow_up,
    restore_follow_up,
    save_draft,
)
from app.customers.errors import BoxSpent
from app.customers.queries import find_draft, find_follow_up
from app.errors import NotFound, Refused
from app.i18n import _
from app.outbox import customer_path
from app.reminders import morning_of
from app.runtime import Runtime
from sidebar.context import CardContext
from sidebar.panels.follow_ups.history import NAME, show_history
from sidebar.panels.follow_ups.reminders import chosen_time, local_text, show_reminders
from sidebar.panels.parts import Reply
from sidebar.panels.reading import moment, number, times
from sidebar.panels.writing import commit

UNFIT, AT_LENGTH = 422, 20
FORM_KEY = re.compile(r"[0-9A-Za-z_-]{8,64}")
CHANGED = "panels/follow_ups/changed.html"
# Where the focus goes from a toast about a note.
HOME = "#history-title"


def show_box(session: Session, context: CardContext) -> dict[str, Any]:
    """Show the box, with what was typed into it before and not sent."""
    text = find_draft(session, context.external_userid, context.viewer.userid)
    return {"box": _new_box(text), "path": customer_path(context.external_userid, NAME)}


def load_edit(session: Session, context: CardContext) -> dict[str, Any]:
    """Read the note that is to be put right."""
    note_id = number(request.args.get("note"))
    note = find_follow_up(session, context.external_userid, note_id)
    is_his = note is not None and note.userid == context.viewer.userid
    return {
        "path": customer_path(context.external_userid, NAME),
        "note_id": note_id,
        "text": note.text if note is not None and is_his else None,
    }


def record(runtime: Runtime, context: CardContext, form: Mapping[str, str]) -> Reply:
    """Write down what is in the box, and set the reminder that was chosen with it."""
    box, text = _box(context, form), form.get("text", "")
    try:
        due_at = chosen_time(form.get("when", ""), form.get("at", ""), times())
        due_at = commit(runtime, partial(_record, box=box, text=text, due_at=due_at))
    except (Refused, NotFound) as error:
        return _unfit(runtime, context, form, error)
    with runtime.db.read() as session:
        values = show_box(session, context) | _around(session, context)
    values["notice"] = {"text": _word_recorded(text, due_at), "home": "#note-text"}
    return Reply("panels/follow_ups/recorded.html", values)


def draft(runtime: Runtime, context: CardContext, form: Mapping[str, str]) -> Reply:
    """Keep what is being typed, quietly."""
    save = partial(
        save_draft,
        box=_box(context, form),
        text=form.get("text", ""),
        version=moment(form.get("version")),
    )
    runtime.db.commit(save)
    return Reply("panels/follow_ups/draft.html", {"has_draft": bool(form.get("text", "").strip())})


def edit(runtime: Runtime, context: CardContext, form: Mapping[str, str]) -> Reply:
    """Put one's own note right."""
    work = partial(edit_follow_up, text=form.get("text", ""))
    return _change(runtime, context, form, work, notice={"text": _("已修改")})


def remove(runtime: Runtime, context: CardContext, form: Mapping[str, str]) -> Reply:
    """Remove one's own note, and offer to take that back."""
    undo = {
        "action": "restore",
        "values": {"note": number(form.get("note"))},
        "target": "#history",
    }
    notice = {"text": _("已删除这条跟进"), "undo": undo}
    return _change(runtime, context, form, remove_follow_up, notice=notice)


def restore(runtime: Runtime, context: CardContext, form: Mapping[str, str]) -> Reply:
    """Take the removal of a note back."""
    notice = {"text": _("已恢复这条跟进")}
    return _change(runtime, context, form, restore_follow_up, notice=notice)


def _record(session: Session, *, box: Box, text: str, due_at: datetime | None) -> datetime | None:
    """Return when the reminder comes: of a box that was sent twice, as it was set at first."""
    note = None
    if text.strip() or due_at is None:
        note = record_follow_up(session, box, text=text)
    else:
        forget_draft(session, box)
    if due_at is None:
        return None
    wish = Wish(
        userid=box.userid,
        external_userid=box.external_userid,
        key=box.key,
        due_at=due_at,
        text=note.text if note else "",
        follow_up_id=note.id if note else None,
    )
    return create_reminder(session, wish).due_at


def _change(
    runtime: Runtime,
    context: CardContext,
    form: Mapping[str, str],
    work: Callable[..., object],
    *,
    notice: Mapping[str, Any],
) -> Reply:
    own = {"follow_up_id": number(form.get("note")), "userid": context.viewer.userid}
    status, told = 200, dict(notice)
    try:
        commit(runtime, partial(work, external_userid=context.external_userid, **own))
    except (Refused, NotFound) as error:
        status, told = UNFIT, {"text": _(str(error)), "is_fault": True}
    with runtime.db.read() as session:
        values = _around(session, context)
    return Reply(CHANGED, values | {"notice": told | {"home": HOME}}, status)


def _unfit(
    runtime: Runtime, context: CardContext, form: Mapping[str, str], error: Exception
) -> Reply:
    """Show the box as it was sent, and what is wrong with it."""
    key = "" if isinstance(error, BoxSpent) else _key(form)
    box = _new_box(form.get("text", ""), key=key)
    box |= {"when": form.get("when", ""), "at": form.get("at", "")[:AT_LENGTH] or box["at"]}
    with runtime.db.read() as session:
        values = _around(session, context)
    values |= {
        "box": box,
        "notice": {"text": _(str(error)), "is_fault": True, "home": "#note-text"},
    }
    return Reply("panels/follow_ups/recorded.html", values, UNFIT)


def _around(session: Session, context: CardContext) -> dict[str, Any]:
    return show_reminders(session, context) | show_history(session, context, newest=True)


def _new_box(text: str, *, key: str = "") -> dict[str, Any]:
    now = times()
    return {
        "key": key or secrets.token_hex(8),
        "text": text,
        "when": "",
        "at": local_text(morning_of(now.now, now.zone, days=1)),
        "least": local_text(now.now),
        "most": local_text(now.now + LONGEST),
    }


def _box(context: CardContext, form: Mapping[str, str]) -> Box:
    return Box(
        userid=context.viewer.userid, external_userid=context.external_userid, key=_key(form)
    )


def _key(form: Mapping[str, str]) -> str:
    """Return the box's key; whoever sends none cannot say that he sends the same again."""
    key = form.get("key", "")
    return key if FORM_KEY.fullmatch(key) else secrets.token_hex(8)


def _word_recorded(text: str, due_at: datetime | None) -> str:
    if due_at is None:
        return _("已记录")
    when = times().minute(due_at)
    return _("已记录，{when} 提醒你", when=when) if text.strip() else _("{when} 提醒你", when=when)

"""Everything that happened, as the panel 跟进 shows it: filtered, paged, one's notes to change."""

from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import request
from sqlalchemy.orm import Session

from app.customers.actions import CHANGE_HOURS
from app.customers.models import FollowUp
from app.customers.queries import FILTERS, HistoryLine, day_before, get_history_page
from app.deliveries.queries import word_delivery
from app.i18n import N_, _
from app.outbox import customer_path
from app.words import clean
from sidebar.context import CardContext
from sidebar.panels.reading import is_htmx, times
from sidebar.panels.showing import Times, visible
from sidebar.panels.timeline import by_days, show_entry

NAME = "follow_ups"
EMPTY = {
    "": N_("还没有动态。添加、跟进、阶段变化和欢迎语都会记在这里。"),
    "notes": N_("还没有跟进。在上面写一句，这里就会有第一条。"),
    "customer": N_("客户还没有动静。添加、入群和删除会记在这里。"),
    "system": N_("系统还没有发送过什么。欢迎语和提醒会记在这里。"),
}


def load_history(session: Session, context: CardContext) -> dict[str, Any]:
    """Read the timeline alone; with `?before=…`, for htmx, no more than that page's lines."""
    values = show_history(session, context)
    return values | {"page_only": bool(values["before"]) and is_htmx()}


def show_history(session: Session, context: CardContext, *, newest: bool = False) -> dict[str, Any]:
    """Read the page that the address asks for; `newest`: the newest one of everything."""
    asked, before = ("", "") if newest else (request.args.get("filter", ""), _before())
    wanted = asked if asked in FILTERS else ""
    page = get_history_page(session, context.external_userid, wanted=wanted, before=before)
    path, now = customer_path(context.external_userid, NAME), times()
    show = partial(_show, context=context, times=now)
    # A page that is read alone stands under its own heading, one that is appended does not.
    shown = day_before(before, now.zone) if is_htmx() else None
    older = urlencode({"filter": wanted, "before": page.older}) if page.older else ""
    return {
        "path": path,
        "before": before,
        "days": by_days(page.lines, now, show=show, shown=shown),
        "older_href": f"{path}?{older}" if older else "",
        "older_get": f"{path}/history?{older}" if older else "",
        "ended": bool(before),
        "empty": _(EMPTY[wanted]),
        "wanted": wanted,
        "filters": [
            {"name": name, "text": _(text), "query": f"?filter={name}" if name else ""}
            for name, text in FILTERS.items()
        ],
    }


def _before() -> str:
    return request.args.get("before", "")


def _show(line: HistoryLine, context: CardContext, times: Times) -> dict[str, Any]:
    if line.line is not None:
        shown, note = show_entry(line.line, times), line.line.note
        if note is not None and _may_change(note, context, times):
            shown |= {"template": "panels/follow_ups/note_acts.html", "note_id": note.id}
        return shown
    delivery = line.delivery
    said = word_delivery(delivery, visible(line.recipient)) if delivery else ""
    return {
        "icon": "bell",
        "text": clean(said),
        "time": times.clock(line.at),
        "at": line.at.isoformat(timespec="seconds"),
    }


def _may_change(note: FollowUp, context: CardContext, times: Times) -> bool:
    is_his = note.userid == context.viewer.userid and note.removed_at is None
    return is_his and times.now - note.created_at < timedelta(hours=CHANGE_HOURS)

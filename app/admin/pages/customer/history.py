"""Everything that happened with the customer, by people and by the system: filtered and paged."""

from itertools import groupby
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app.admin.pages.customer.looking import Looked, get_looked
from app.admin.pages.parts import Admin
from app.admin.reading import Times
from app.customers.queries import FILTERS, HistoryLine, day_before, get_history_page, word_entry
from app.deliveries.queries import word_delivery
from app.i18n import N_, _
from app.runtime import Runtime
from app.words import visible

EMPTY = {
    "": N_("还没有动态。添加、跟进、阶段变化和欢迎语都会记在这里。"),
    "notes": N_("还没有跟进。成员写的跟进、改的阶段和标签会记在这里。"),
    "customer": N_("客户还没有动静。添加、入群和删除会记在这里。"),
    "system": N_("系统还没有发送过什么。欢迎语和提醒会记在这里。"),
}


def load_history(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read the timeline as the address asks for it, for htmx: whole, or an older page's lines."""
    return show_history(session, get_looked(runtime, session, admin))


def show_history(session: Session, looked: Looked, *, newest: bool = False) -> dict[str, Any]:
    """Read `?before=` of what `?show=` chooses; `newest`: the newest page of everything."""
    show, before = ("", "") if newest else (_asked("show"), _asked("before"))
    wanted = show if show in FILTERS else ""
    page = get_history_page(session, looked.external_userid, wanted=wanted, before=before)
    now = looked.now
    # Lines that are appended may go on with a day that has its title already.
    titled = day_before(before, now.zone) if _is_appended() and not newest else None
    return {
        "at": looked.at,
        "days": [
            {
                "title": "" if day == titled else now.title(day),
                "lines": [_show(line, now) for line in lines],
            }
            for day, lines in groupby(page.lines, lambda one: one.at.astimezone(now.zone).date())
        ],
        "older": page.older,
        "before": before,
        "wanted": wanted,
        "empty": _(EMPTY[wanted]),
        "filters": [(name, _(words)) for name, words in FILTERS.items()],
        "lines_only": bool(before) and _is_appended(),
    }


def _asked(name: str) -> str:
    return request.args.get(name, "")


def _is_appended() -> bool:
    return request.headers.get("HX-Request") == "true"


def _show(line: HistoryLine, now: Times) -> dict[str, Any]:
    shown: dict[str, Any] = {"at": now.clock(line.at), "by": "", "is_note": False, "kind": "sent"}
    if line.delivery is not None:
        text = word_delivery(line.delivery, visible(line.recipient))
        return shown | {"text": visible(text), "kind": f"sent-{line.delivery.outcome}"}
    if line.line is None:
        return shown
    entry, note = line.line.entry, line.line.note
    shown |= {"by": visible(line.line.member), "kind": entry.kind}
    if entry.kind == "imported" and note is not None and note.removed_at is None:
        said = f"{word_entry(entry)}\n{note.text}"
        return shown | {"text": visible(said, lines=True), "is_note": True, "also": ""}
    if note is None or entry.kind == "imported":
        return shown | {"text": visible(word_entry(entry))}
    if note.removed_at is not None:
        return shown | {"text": _("删除了一条跟进"), "is_faded": True}
    also = _("已修改") if note.edited_at else ""
    return shown | {"text": visible(note.text, lines=True), "is_note": True, "also": also}

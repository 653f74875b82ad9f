"""The list of the corp's items: what is asked for, read from the address, and how it is shown."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from app import clock
from app.admin.pages.parts import Admin
from app.admin.reading import Times, asked, number, query, times
from app.i18n import N_, _
from app.library.actions import FORMS
from app.library.models import SHELVES
from app.library.queries import (
    PAGE,
    UNGROUPED,
    CorpFilter,
    CorpRow,
    Item,
    list_corp_groups,
    list_corp_items,
)
from app.library.queries.desk import Sender
from app.members.queries import list_names
from app.runtime import Runtime
from app.words import clean

SHELF_WORDS = {"scripts": N_("话术"), "materials": N_("素材")}
RECENT_DAYS = 30
LONGEST, SHOWN = 64, 80
MOST_PAGES = 1000
NONE = "none"


def load(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read a page of what the address asks for."""
    given = read_given(runtime)
    wanted = CorpFilter(
        shelf=given["shelf"],
        group_id=UNGROUPED if given["group"] == NONE else number(given["group"]),
        search=given["search"],
        kind=given["kind"],
        is_archived=bool(given["archived"]),
    )
    page = min(number(asked(runtime).get("page")), MOST_PAGES)
    rows, total = list_corp_items(
        session, wanted, page=page, since=recently(), scope=admin.scope(session)
    )
    groups = list_corp_groups(session, given["shelf"])
    is_last = (page + 1) * PAGE >= total
    return {
        "given": given,
        "is_chosen": any(given[name] for name in ("group", "search", "kind", "archived")),
        "shelves": [
            (name, _(word), query(runtime, {"shelf": name})) for name, word in SHELF_WORDS.items()
        ],
        "all_groups": [(str(one.id), clean(one.name), one.count) for one in groups],
        "kinds": [
            (name, _(form.word))
            for name, form in FORMS.items()
            if (given["shelf"], name) != ("materials", "text")
        ],
        "rows": show_rows(session, rows, times(runtime)),
        "total": total,
        "is_first": page == 0,
        "newer": query(runtime, given, page=page - 1) if page else "",
        "older": "" if is_last else query(runtime, given, page=page + 1),
        "days": RECENT_DAYS,
        "is_manager": bool(admin.scope(session).manager),
    }


def read_given(runtime: Runtime) -> dict[str, str]:
    """Read what was chosen; what cannot be is as if it were not given."""
    args = asked(runtime)
    given = {
        name: args.get(name, "").strip()[:LONGEST]
        for name in ("shelf", "group", "search", "kind", "archived")
    }
    shelf = given["shelf"] if given["shelf"] in SHELVES else SHELVES[0]
    group = given["group"] if given["group"] == NONE else str(number(given["group"]) or "")
    kind = given["kind"] if given["kind"] in FORMS else ""
    archived = "1" if given["archived"] else ""
    return given | {"shelf": shelf, "group": group, "kind": kind, "archived": archived}


def recently() -> Any:
    """Return since when sendings count as recent."""
    return clock.utcnow() - timedelta(days=RECENT_DAYS)


def show_rows(session: Session, rows: Iterable[CorpRow], now: Times) -> list[dict[str, Any]]:
    """Show items."""
    rows = list(rows)
    names = list_names(session, {one.userid for row in rows for one in row.senders})
    return [show_row(row, names, now) for row in rows]


def show_row(row: CorpRow, names: dict[str, str], now: Times) -> dict[str, Any]:
    """Show an item with who sent it how often."""
    kinds = dict.fromkeys(part.msgtype for part in row.item.parts)
    return {
        "id": row.item.id,
        "title": clean(row.item.title),
        "group": clean(row.item.group_name),
        "text": show_text(row.item),
        "kinds": [_(FORMS[kind].word) for kind in kinds if kind in FORMS],
        "parts": len(row.item.parts),
        "recent": row.recent,
        "uses": row.item.uses,
        "senders": [show_sender(one, names, now) for one in row.senders],
        "updated": now.minute(row.updated_at),
        "archived": now.minute(row.removed_at) if row.removed_at else "",
        "faults": [
            part.material.upload_error
            for part in row.item.parts
            if part.material and part.material.upload_error
        ],
    }


def show_sender(sender: Sender, names: dict[str, str], now: Times) -> dict[str, Any]:
    """Show who sent something how often."""
    return {
        "name": clean(names.get(sender.userid, sender.userid)),
        "uses": sender.uses,
        "recent": sender.recent,
        "last": now.minute(sender.used_at) if sender.used_at else "",
    }


def show_text(item: Item) -> str:
    """Say in one line what an item holds."""
    for part in item.parts:
        for field in ("content", "link", "page"):
            if part.fields.get(field):
                return clean(part.fields[field].replace("\n", " "))[:SHOWN]
        if part.material:
            return clean(part.material.filename)
    return ""

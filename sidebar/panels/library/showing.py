"""What stands on a shelf: found, chosen by tab and group, an item in full, its pictures."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import request
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.i18n import _
from app.library.actions import mark_favourite
from app.library.queries import (
    Item,
    find_file,
    find_item,
    find_picture,
    find_values,
    list_groups,
    list_items,
)
from app.runtime import Runtime
from app.words import clean
from sidebar.context import CardContext, GroupContext
from sidebar.panels.library.view import show_item, show_row, title_of
from sidebar.panels.library.words import EMPTY, TABS, word_gone
from sidebar.panels.parts import File, Reply
from sidebar.panels.reading import number, times
from sidebar.panels.showing import visible

MOST_SEARCHED = 40
MOST_PAGES = 100
UNKNOWN = 422

Context = CardContext | GroupContext


@dataclass(frozen=True)
class Asked:
    """What of a shelf is asked for; `tab` "": whatever there is to show.

    A search is for all of it, whatever the tab.
    """

    tab: str
    group: int
    q: str
    page: int

    @classmethod
    def read(cls) -> "Asked":
        """Read it from the address."""
        tab = request.args.get("tab", "")
        return cls(
            tab=tab if tab in TABS else "",
            group=number(request.args.get("group")),
            q=clean(request.args.get("q", "")).strip()[:MOST_SEARCHED],
            page=min(number(request.args.get("page")), MOST_PAGES),
        )

    def query(self, **changes: int | str) -> str:
        """Return the query of an address that asks for the same but these."""
        values = asdict(self) | changes
        return "?" + urlencode({name: value for name, value in values.items() if value})


def load_list(session: Session, context: Context, *, shelf: str) -> dict[str, Any]:
    """Read a page of items, and the tabs and groups above it: all that a panel shows.

    `?tab=`, `?group=`, `?q=` and `?page=` choose the items.
    """
    asked, path = Asked.read(), path_of(context, shelf)
    is_open = not asked.tab
    if is_open:
        asked = replace(asked, tab="frequent")
    items, more = _find(session, context, shelf, asked)
    if is_open and not items and not asked.q:
        # Who has none yet sees what the corp has.
        asked = replace(asked, tab="corp")
        items, more = _find(session, context, shelf, asked)
    values = read_values(session, context)
    return {
        "path": path,
        "asked": asked,
        "tabs": _show_tabs(asked),
        "groups": _show_groups(session, context, shelf, asked),
        "items": [show_row(item, values, path) for item in items],
        "more": asked.query(page=asked.page + 1) if more and asked.page < MOST_PAGES else "",
        "empty": {
            name: _(text, search=visible(asked.q)) if name == "search" else _(text)
            for name, text in EMPTY[shelf].items()
        },
    }


def load_item(session: Session, context: Context, *, shelf: str) -> dict[str, Any]:
    """Read one item in full; None: it is gone, or was never his to see."""
    item = find_item(session, context.viewer.userid, number(request.args.get("item")))
    path = path_of(context, shelf)
    if item is None or item.shelf != shelf:
        return {"path": path, "item": None, "gone": word_gone(shelf)}
    return {"path": path, "item": show_item(item, read_values(session, context), path)}


def mark(runtime: Runtime, context: Context, form: Mapping[str, str], *, shelf: str) -> Reply:
    """Make an item a favourite, or no longer."""
    userid, item_id = context.viewer.userid, number(form.get("item"))
    on = form.get("on") == "1"
    try:
        runtime.db.commit(partial(mark_favourite, userid=userid, item_id=item_id, on=on))
    except NotFound as error:
        return refused(context, shelf, _(str(error)))
    with runtime.db.read() as session:
        item = find_item(session, userid, item_id)
    if item is None:
        return refused(context, shelf, word_gone(shelf))
    shown = {"id": item.id, "title": title_of(item), "is_favourite": item.is_favourite}
    return Reply(
        "panels/library/star.html", {"path": path_of(context, shelf), "item": shown, "notice": None}
    )


def load_picture(session: Session, context: Context) -> File | None:
    """Read the small picture of an image that the viewer may see."""
    data = find_picture(session, context.viewer.userid, number(request.args.get("material")))
    return File(data, "image/jpeg") if data else None


def load_image(session: Session, context: Context) -> File | None:
    """Read an image as it is sent; what is no image we do not show."""
    material_id = number(request.args.get("material"))
    file = find_file(session, context.viewer.userid, material_id, kind="image")
    return File(file.data, file.content_type) if file else None


def path_of(context: Context, shelf: str) -> str:
    """Return the address of this panel."""
    return f"{context.path}/{shelf}"


def read_values(session: Session, context: Context) -> dict[str, str]:
    """Read the variables' values; in a group those of a customer have none."""
    customer = context.external_userid if isinstance(context, CardContext) else ""
    return find_values(session, context.viewer.userid, customer, times().zone)


def refused(context: Context, shelf: str, text: str) -> Reply:
    """Answer with nothing but a short word of what is wrong."""
    values = {"path": path_of(context, shelf), "notice": {"text": text, "is_fault": True}}
    return Reply("panels/library/refused.html", values, UNKNOWN)


def _find(session: Session, context: Context, shelf: str, asked: Asked) -> tuple[list[Item], bool]:
    return list_items(
        session,
        context.viewer.userid,
        shelf,
        tab=asked.tab,
        group_id=asked.group,
        search=asked.q,
        page=asked.page,
    )


def _show_tabs(asked: Asked) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "text": _(text),
            "query": asked.query(tab=name, group=0, q="", page=0),
            "is_on": name == asked.tab and not asked.q,
        }
        for name, text in TABS.items()
    ]


def _show_groups(
    session: Session, context: Context, shelf: str, asked: Asked
) -> list[dict[str, Any]]:
    """Show the groups to choose from, where there is a choice."""
    if asked.q or asked.tab == "frequent":
        return []
    found = list_groups(session, context.viewer.userid, shelf, asked.tab)
    chips = [(0, _("全部"), "")]
    chips += [(one.id, visible(one.name) or _("未命名"), str(one.count)) for one in found]
    return [
        {
            "id": group_id,
            "name": name,
            "count": count,
            "query": asked.query(group=group_id, page=0),
            "is_on": group_id == asked.group,
        }
        for group_id, name, count in chips
        if found
    ]

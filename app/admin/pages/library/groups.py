"""The groups of the corp's shelves: made, renamed, ordered, removed."""

from collections.abc import Callable
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app.admin.pages.library.item import record
from app.admin.pages.library.listing import SHELF_WORDS
from app.admin.pages.parts import Admin, Done, Form, Unfit
from app.admin.reading import number, query
from app.errors import NotFound, Refused
from app.i18n import _
from app.library.actions import create_group, move_group, remove_group, rename_group
from app.library.models import GROUP_LENGTH, SHELVES, LibraryGroup
from app.library.queries import list_corp_groups
from app.runtime import Runtime
from app.words import clean


def load(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Show the groups of a `?shelf=`."""
    del admin
    shelf = request.args.get("shelf", "")
    return _show(runtime, session, shelf if shelf in SHELVES else SHELVES[0])


def create(runtime: Runtime, admin: Admin, form: Form) -> Done | Unfit:
    """Make a group."""
    name = form.get("name", "")

    def work(session: Session) -> LibraryGroup:
        made = create_group(session, form.get("shelf", ""), name)
        record(session, admin, "library_group_created", name=made.name)
        return made

    return _do(runtime, form, work, _("分组已建立"), typed=name)


def rename(runtime: Runtime, admin: Admin, form: Form) -> Done | Unfit:
    """Give a group another name."""
    was = form.get("was", "")

    def work(session: Session) -> LibraryGroup:
        group = rename_group(session, _id(form), form.get("name", ""), was=was)
        if group.name != was:
            record(session, admin, "library_group_renamed", before=was, after=group.name)
        return group

    return _do(runtime, form, work, _("分组已改名"))


def move(runtime: Runtime, admin: Admin, form: Form) -> Done | Unfit:
    """Have a group stand one place further up or down."""
    is_up = form.get("to") == "up"

    def work(session: Session) -> LibraryGroup:
        group = move_group(session, _id(form), up=is_up)
        record(session, admin, "library_group_moved", name=group.name)
        return group

    return _do(runtime, form, work, _("分组的顺序已改"))


def remove(runtime: Runtime, admin: Admin, form: Form) -> Done | Unfit:
    """Delete a group; its items stay."""

    def work(session: Session) -> LibraryGroup:
        group = remove_group(session, _id(form))
        record(session, admin, "library_group_removed", name=group.name)
        return group

    return _do(runtime, form, work, _("分组已删除，里面的内容还在，变成未分组"))


def _id(form: Form) -> int:
    return number(form.get("group"))


def _do(
    runtime: Runtime,
    form: Form,
    work: Callable[[Session], LibraryGroup],
    told: str,
    *,
    typed: str = "",
) -> Done | Unfit:
    try:
        runtime.db.commit(work)
    except (Refused, NotFound) as error:
        shelf = form.get("shelf", "")
        with runtime.db.read() as session:
            values = _show(runtime, session, shelf if shelf in SHELVES else SHELVES[0])
        return Unfit(values | {"fault": _(str(error)), "typed": typed}, "groups")
    shelf = form.get("shelf", "")
    return Done(told, f"groups?shelf={shelf if shelf in SHELVES else SHELVES[0]}")


def _show(runtime: Runtime, session: Session, shelf: str) -> dict[str, Any]:
    return {
        "shelf": shelf,
        "shelf_word": _(SHELF_WORDS[shelf]),
        "shelves": [(name, _(word)) for name, word in SHELF_WORDS.items()],
        "rows": [
            {
                "id": one.id,
                "name": clean(one.name),
                "was": one.name,
                "count": one.count,
                "query": query(runtime, {"shelf": shelf, "group": one.id}),
            }
            for one in list_corp_groups(session, shelf)
        ],
        "length": GROUP_LENGTH,
        "fault": "",
        "typed": "",
    }

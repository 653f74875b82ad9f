"""One item of the corp's: what it says, who sends it, and taking it off the shelf and back."""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app.admin.pages.library.listing import RECENT_DAYS, SHELF_WORDS, recently, show_row
from app.admin.pages.parts import Admin, Done, Form, Unfit
from app.admin.problems import Problem
from app.admin.reading import number, times
from app.audit.actions import record_audit
from app.errors import NotFound, Refused
from app.i18n import N_, _
from app.library.actions import FORMS, archive_item, restore_corp_item
from app.library.models import LibraryItem
from app.library.queries import CorpRow, Part, find_corp_item
from app.materials.actions import MEGABYTE
from app.members.queries import list_names
from app.runtime import Runtime
from app.words import clean

Move = Callable[[Session, int], LibraryItem | None]


def load(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Show the item `?id=`, an archived one too.

    Raises:
        Problem: no_such_page.
    """
    row = get_row(session, admin, number(request.args.get("id")))
    names = list_names(session, {one.userid for one in row.senders})
    return {
        "row": show_row(row, names, times(runtime)) | {"key": row.key},
        "shelf": row.item.shelf,
        "shelf_word": _(SHELF_WORDS[row.item.shelf]),
        "messages": [show_message(part) for part in row.item.parts],
        "days": RECENT_DAYS,
        "is_manager": bool(admin.scope(session).manager),
        "fault": "",
    }


def get_row(session: Session, admin: Admin, item_id: int) -> CorpRow:
    """Read an item of the corp's.

    Raises:
        Problem: no_such_page.
    """
    row = find_corp_item(session, item_id, since=recently(), scope=admin.scope(session))
    if row is None:
        raise Problem("no_such_page", reason="item")
    return row


def show_message(part: Part) -> dict[str, Any]:
    """Show a message of an item as it is seen in a chat."""
    material = part.material
    return {
        "msgtype": part.msgtype,
        "word": _(FORMS[part.msgtype].word) if part.msgtype in FORMS else part.msgtype,
        "text": part.fields.get("content", ""),
        "title": clean(part.fields.get("title", "")),
        "desc": clean(part.fields.get("desc", "")),
        "address": clean(part.fields.get("link", "") or part.fields.get("page", "")),
        "filename": clean(material.filename) if material else "",
        "size": f"{material.size / MEGABYTE:.1f} MB" if material else "",
        "fault": material.upload_error if material else "",
        "picture": material.id if material and material.has_picture else 0,
    }


def archive(runtime: Runtime, admin: Admin, form: Form) -> Done | Unfit:
    """Take an item off the shelf."""
    told = N_("「{title}」已归档，成员不再看到它；现在或以后都能恢复")
    return _move(runtime, admin, form, (archive_item, "library_item_archived", told))


def restore(runtime: Runtime, admin: Admin, form: Form) -> Done | Unfit:
    """Put an archived item back."""
    told = N_("「{title}」已恢复，成员又能看到它")
    return _move(runtime, admin, form, (restore_corp_item, "library_item_restored", told))


def _move(runtime: Runtime, admin: Admin, form: Form, deed: tuple[Move, str, str]) -> Done | Unfit:
    item_id = number(form.get("id"))
    move, action, told = deed
    try:
        title = runtime.db.commit(
            partial(_move_on_record, move=move, item_id=item_id, admin=admin, action=action)
        )
    except NotFound as error:
        raise Problem("no_such_page", reason="item") from error
    except Refused as error:
        return Unfit({"fault": _(str(error))}, "item")
    return Done(_(told, title=title), f"item?id={item_id}")


def _move_on_record(
    session: Session, *, move: Move, item_id: int, admin: Admin, action: str
) -> str:
    moved = move(session, item_id)
    if moved is not None:
        record(session, admin, action, item=item_id, name=moved.title)
    return clean(moved.title) if moved else clean(session.get_one(LibraryItem, item_id).title)


def record(session: Session, admin: Admin, action: str, **detail: int | str) -> None:
    """Put down what was done to the library."""
    record_audit(session, userid=admin.userid, action=action, origin=admin.origin, detail=detail)

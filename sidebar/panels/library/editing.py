"""A member's own scripts and materials in a sheet: written, kept while typed, removed."""

import re
import secrets
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app.errors import NotFound, Refused
from app.i18n import N_, _
from app.library.actions import (
    forget_draft,
    remove_item,
    restore_item,
    save_draft,
    save_item,
)
from app.library.errors import Fault, ItemConflict, ItemRefused
from app.library.queries import find_draft, find_item, find_values, list_groups
from app.library.typed import NAMES, TypedForm, form_of, read_form
from app.runtime import Runtime
from app.texts import MAX_BYTES, Segment, build_segments, find_variables, size
from sidebar.context import CardContext, GroupContext
from sidebar.panels.library.edit_form import new_form, show_form
from sidebar.panels.library.uploading import finish, piece
from sidebar.panels.library.words import word_gone
from sidebar.panels.parts import Action, Part, Reply
from sidebar.panels.reading import moment, number, times
from sidebar.panels.writing import commit

UNFIT, CONFLICT = 422, 409
# From here on the form says how long a text is.
MANY_BYTES = 3600
FORM_KEY = re.compile(r"[0-9A-Za-z_-]{8,64}")
FORM, DONE = "panels/library/edit_form.html", "panels/library/edit_done.html"
HEADINGS = {
    "scripts": (N_("新建话术"), N_("修改话术")),
    "materials": (N_("新建素材"), N_("修改素材")),
}
# Where the focus goes from a toast about an item.
HOME = "#library-new"

Context = CardContext | GroupContext


def load_edit(session: Session, context: Context) -> dict[str, Any]:
    """Read the sheet of `?item=`, one's own, of a copy `?from=` any item, or of a new one."""
    item_id, copied = number(request.args.get("item")), number(request.args.get("from"))
    return _open(session, context, item_id, 0 if item_id else copied)


def save(runtime: Runtime, context: Context, form: Mapping[str, str]) -> Reply:
    """Save what was typed; what cannot be saved stays in the form."""
    typed, item_id, key, shelf = _typed(), number(form.get("item")), _key(form), _shelf()
    work = partial(
        save_item,
        userid=context.viewer.userid,
        shelf=shelf,
        draft=typed.build_draft(shelf),
        item_id=item_id,
        version=typed.version,
        key=key,
    )
    try:
        commit(runtime, work)
    except ItemConflict:
        return _show_again(runtime, context, typed, item_id=item_id, key=key, is_conflict=True)
    except ItemRefused as error:
        return _show_again(runtime, context, typed, item_id=item_id, key=key, faults=error.faults)
    except (Refused, NotFound) as error:
        faults = [Fault(_(str(error)))]
        return _show_again(runtime, context, typed, item_id=item_id, key=key, faults=faults)
    return _done(context, {"text": _("已保存") if item_id else _("已保存，在「个人」里")})


def discard(runtime: Runtime, context: Context, form: Mapping[str, str]) -> Reply:
    """Forget what was typed, and show the item as it is stored."""
    item_id, copied = number(form.get("item")), number(form.get("copied"))
    forget = partial(forget_draft, userid=context.viewer.userid, shelf=_shelf(), item_id=item_id)
    runtime.db.commit(forget)
    with runtime.db.read() as session:
        return Reply(FORM, _open(session, context, item_id, copied))


def draft(runtime: Runtime, context: Context, form: Mapping[str, str]) -> Reply:
    """Keep what is being typed, quietly, and say how its texts read for this customer."""
    keep = partial(
        save_draft,
        userid=context.viewer.userid,
        shelf=_shelf(),
        item_id=number(form.get("item")),
        form=_lists(),
        version=moment(form.get("typed")),
        key=_key(form),
    )
    runtime.db.commit(keep)
    with runtime.db.read() as session:
        values = {"filled": _fill(session, context, _typed()), "most_bytes": MAX_BYTES}
    return Reply("panels/library/edit_kept.html", values)


def remove(runtime: Runtime, context: Context, form: Mapping[str, str]) -> Reply:
    """Remove one's own item, and offer to take that back."""
    item_id = number(form.get("item"))
    try:
        commit(runtime, partial(remove_item, userid=context.viewer.userid, item_id=item_id))
    except NotFound as error:
        return _done(context, {"text": _(str(error)), "is_fault": True}, UNFIT)
    undo = {"action": "restore", "values": {"item": item_id}, "target": "#toast"}
    return _done(context, {"text": _("已删除"), "undo": undo})


def restore(runtime: Runtime, context: Context, form: Mapping[str, str]) -> Reply:
    """Take the removal of an item back."""
    item_id = number(form.get("item"))
    try:
        commit(runtime, partial(restore_item, userid=context.viewer.userid, item_id=item_id))
    except (Refused, NotFound) as error:
        return _done(context, {"text": _(str(error)), "is_fault": True}, UNFIT)
    return _done(context, {"text": _("已恢复")})


ACTIONS: dict[str, Action[Any]] = {
    "save": save,
    "discard": discard,
    "draft": draft,
    "remove": remove,
    "restore": restore,
    "piece": piece,
    "finish": finish,
}
PARTS: dict[str, Part[Any]] = {"edit": Part("panels/library/edit.html", load_edit)}


def _open(session: Session, context: Context, item_id: int, copied: int) -> dict[str, Any]:
    """Read the form: as it was left, else as the item is stored."""
    shelf, userid = _shelf(), context.viewer.userid
    stored = new_form(shelf)
    if item_id or copied:
        item = find_item(session, userid, item_id or copied)
        if item is None or item.shelf != shelf or (item_id and not item.is_own):
            return _gone(context, item_id)
        stored = form_of(item, copied=copied)
    kept = find_draft(session, userid, shelf, item_id)
    left = read_form(kept.form) if kept else stored
    # Who asks for a copy wants it, whatever else he has begun.
    is_restored = not left.says_the_same(stored) and (not copied or left.copied == copied)
    shown = show_form(left if is_restored else stored, shelf)
    return _show(session, context, item_id, shown | {"copied": copied, "is_restored": is_restored})


def _show_again(
    runtime: Runtime,
    context: Context,
    typed: TypedForm,
    *,
    item_id: int,
    key: str,
    faults: Iterable[Fault] = (),
    is_conflict: bool = False,
) -> Reply:
    """Show the form as it was sent and what is wrong with it; saving again overrules a conflict."""
    shown = show_form(typed, _shelf(), faults) | {"key": key, "is_conflict": is_conflict}
    with runtime.db.read() as session:
        if is_conflict:
            item = find_item(session, context.viewer.userid, item_id)
            shown["version"] = item.version if item else typed.version
        values = _show(session, context, item_id, shown)
    return Reply(FORM, values, CONFLICT if is_conflict else UNFIT)


def _show(
    session: Session, context: Context, item_id: int, shown: Mapping[str, Any]
) -> dict[str, Any]:
    shelf, userid = _shelf(), context.viewer.userid
    edit = {
        "heading": _(HEADINGS[shelf][bool(item_id)]),
        "item": item_id or "",
        "key": secrets.token_hex(8),
        "groups": [group.name for group in list_groups(session, userid, shelf, "own")],
    }
    return {"path": _path(context), "edit": edit | dict(shown)}


def _gone(context: Context, item_id: int) -> dict[str, Any]:
    shelf = _shelf()
    heading = _(HEADINGS[shelf][bool(item_id)])
    return {"path": _path(context), "edit": {"heading": heading, "gone": word_gone(shelf)}}


def _done(context: Context, notice: Mapping[str, Any], status: int = 200) -> Reply:
    values = {"path": _path(context), "notice": {**notice, "home": HOME}}
    return Reply(DONE, values, status)


def _fill(
    session: Session, context: Context, typed: TypedForm
) -> list[tuple[int, int, tuple[Segment, ...]]]:
    """Tell of each text its part's number, its bytes when there are many, and how it reads.

    Only one with variables is filled, and none in a group: it has no customer.
    """
    texts = {
        n: part.fields.get("content", "")
        for n, part in enumerate(typed.parts, 1)
        if part.msgtype == "text"
    }
    filled: dict[int, tuple[Segment, ...]] = {}
    wanted = [n for n, text in texts.items() if find_variables(text)]
    if wanted and isinstance(context, CardContext):
        zone = times().zone
        values = find_values(session, context.viewer.userid, context.external_userid, zone)
        filled = {n: build_segments(texts[n], values) for n in wanted}
    sizes = {n: size(text) for n, text in texts.items()}
    return [(n, sizes[n] if sizes[n] > MANY_BYTES else 0, filled.get(n, ())) for n in texts]


def _typed() -> TypedForm:
    return read_form(_lists())


def _lists() -> dict[str, list[str]]:
    return {name: request.form.getlist(name) for name in NAMES}


def _key(form: Mapping[str, str]) -> str:
    """Return the form's key; whoever sends none cannot say that he sends the same again."""
    key = form.get("key", "")
    return key if FORM_KEY.fullmatch(key) else secrets.token_hex(8)


def _shelf() -> str:
    """Return the shelf: the panel in the address."""
    return str((request.view_args or {})["panel"])


def _path(context: Context) -> str:
    return f"{context.path}/{_shelf()}"

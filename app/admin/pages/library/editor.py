"""The editor of an item of the corp's: a script of several parts, or a material."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from secrets import token_hex
from typing import Any

from flask import request
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import texts
from app.admin.pages.library.item import get_row, record, show_message
from app.admin.pages.library.listing import SHELF_WORDS
from app.admin.pages.parts import Admin, Done, Form, Unfit
from app.admin.problems import Problem
from app.admin.reading import number
from app.errors import NotFound, Refused
from app.i18n import _
from app.library.actions import FORMS, MOST_PARTS, Saved, save_corp_item
from app.library.errors import Fault, ItemConflict, ItemRefused
from app.library.models import GROUP_LENGTH, SHELVES, TITLE_LENGTH
from app.library.queries import list_corp_groups
from app.library.typed import PART_FIELDS, TypedForm, TypedPart, form_of, read_form, show_kind
from app.materials.actions import RULES
from app.materials.models import Material
from app.runtime import Runtime

MOST_KEY = 64
AUDITED = {"created": "library_item_created", "changed": "library_item_changed"}


def load(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Show the editor of `?id=`, or of a new item on a `?shelf=`, of a `?kind=`.

    Raises:
        Problem: no_such_page.
    """
    del runtime
    item_id = number(request.args.get("id"))
    if not item_id:
        shelf = request.args.get("shelf", "")
        shelf = shelf if shelf in SHELVES else SHELVES[0]
        group = next(
            (
                one.name
                for one in list_corp_groups(session, shelf)
                if one.id == number(request.args.get("group"))
            ),
            "",
        )
        return _show(session, replace(_new_form(shelf), group=group), shelf, key=token_hex(8))
    row = get_row(session, admin, item_id)
    if row.removed_at is not None:
        raise Problem("no_such_page", reason="archived")
    return _show(session, form_of(row.item), row.item.shelf, item_id=item_id)


def save(runtime: Runtime, admin: Admin, form: Form) -> Done | Unfit:
    """Save what was typed; what cannot be saved stays in the form, and says why."""
    shelf = form.get("shelf", "")
    shelf = shelf if shelf in SHELVES else SHELVES[0]
    typed = _read(runtime, form)
    show_again = partial(_show_again, runtime, admin, form, typed=typed, shelf=shelf)
    try:
        saved = runtime.db.commit(partial(_save, admin=admin, form=form, typed=typed, shelf=shelf))
    except ItemConflict:
        return show_again(is_conflict=True)
    except ItemRefused as error:
        return show_again(faults=error.faults)
    except (Refused, NotFound) as error:
        return show_again(faults=[Fault(_(str(error)))])
    told = _("没有改动") if saved.fate == "unchanged" else _("已保存，成员在侧边栏里就能看到")
    return Done(told, f"item?id={saved.id}")


def _save(session: Session, *, admin: Admin, form: Form, typed: TypedForm, shelf: str) -> Saved:
    _check_group(session, shelf, typed, form)
    saved = save_corp_item(
        session,
        shelf,
        typed.build_draft(shelf),
        by=admin.userid,
        item_id=number(form.get("id")),
        version=typed.version,
        key=form.get("key", "")[:MOST_KEY],
    )
    if saved.fate in AUDITED:
        record(session, admin, AUDITED[saved.fate], item=saved.id, name=saved.title)
    return saved


def _read(runtime: Runtime, form: Form) -> TypedForm:
    """Read the form; the names of its files are the stored ones."""
    lists = {name: form.getlist(f"a_{name}") for name in PART_FIELDS if name != "filename"}
    group = form.get("new_group", "").strip() or form.get("group", "")
    typed = read_form(
        lists
        | {
            "msgtype": form.getlist("a_type"),
            "item_title": form.get("title", ""),
            "item_group": group,
            "version": form.get("version", ""),
        }
    )
    wanted = [part.material_id for part in typed.parts if part.material_id]
    with runtime.db.read() as session:
        rows = session.execute(
            select(Material.id, Material.filename).where(Material.id.in_(wanted))
        )
        names = {row.id: row.filename for row in rows}
    parts = (replace(part, filename=names.get(part.material_id, "")) for part in typed.parts)
    return replace(typed, parts=tuple(parts))


def _check_group(session: Session, shelf: str, typed: TypedForm, form: Form) -> None:
    """Raise ItemRefused if the group that was chosen has gone: saving would make it anew."""
    is_new = form.get("new_group", "").strip()
    if is_new or typed.group in {"", *(one.name for one in list_corp_groups(session, shelf))}:
        return
    told = _("分组「{name}」刚被改名或删除，请重新选择", name=typed.group)
    raise ItemRefused([Fault(told, field="group_name")])


def _new_form(shelf: str) -> TypedForm:
    if shelf == "scripts":
        return TypedForm(parts=(TypedPart("text", {}),))
    kind = request.args.get("kind", "")
    return TypedForm(parts=(TypedPart(kind if kind in FORMS and kind != "text" else "image", {}),))


def _show_again(
    runtime: Runtime,
    admin: Admin,
    form: Form,
    *,
    typed: TypedForm,
    shelf: str,
    faults: Iterable[Fault] = (),
    is_conflict: bool = False,
) -> Unfit:
    """Show the form as it was sent; after a conflict, with what stands there now beside it."""
    item_id = number(form.get("id"))
    with runtime.db.read() as session:
        now = None
        if is_conflict and item_id:
            row = get_row(session, admin, item_id)
            # Who saves again has seen this one.
            typed = replace(typed, version=row.item.version)
            now = {
                "title": row.item.title,
                "group": row.item.group_name,
                "messages": [show_message(part) for part in row.item.parts],
            }
        elif is_conflict:
            faults = [Fault(_("这份表单已经保存过一次，后来又有人改过；请从列表里打开它再改"))]
        key = form.get("key", "")[:MOST_KEY]
        values = _show(session, typed, shelf, item_id=item_id, key=key, faults=faults)
    return Unfit(values | {"now": now}, "edit")


def _show(
    session: Session,
    typed: TypedForm,
    shelf: str,
    *,
    item_id: int = 0,
    key: str = "",
    faults: Iterable[Fault] = (),
) -> dict[str, Any]:
    kinds = [_show_kind(name) for name in FORMS if (shelf, name) != ("materials", "text")]
    groups = [one.name for one in list_corp_groups(session, shelf)]
    return {
        "form": {
            "id": item_id,
            "key": key,
            "shelf": shelf,
            "version": typed.version,
            "title": typed.title,
            "group": typed.group if typed.group in groups else "",
            "new_group": "" if typed.group in groups else typed.group,
            "parts": [_show_part(part) for part in typed.parts],
            "kinds": kinds,
            "most": 1 if shelf == "materials" else MOST_PARTS,
        },
        "shelf_word": _(SHELF_WORDS[shelf]),
        "all_groups": groups,
        "variables": texts.VARIABLES,
        "most_bytes": texts.MAX_BYTES,
        "title_length": TITLE_LENGTH,
        "group_length": GROUP_LENGTH,
        "errors": list(dict.fromkeys(map(str, faults))),
        "now": None,
    }


def _show_part(part: TypedPart) -> dict[str, Any]:
    return {
        "kind": _show_kind(part.msgtype),
        "fields": part.fields,
        "material": part.material_id or "",
        "filename": part.filename,
    }


def _show_kind(msgtype: str) -> dict[str, Any]:
    """Show what a part of this kind asks for."""
    kind = show_kind(msgtype)
    for field in kind["fields"]:
        field["is_text"] = FORMS[msgtype].fields[field["name"]].takes_variables
    return kind | {"material": msgtype if msgtype in RULES else "", "fits": kind["hint"]}

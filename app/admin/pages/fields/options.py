"""What is done to the options of a field, one by one; each change is in the audit log."""

from collections.abc import Callable
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app.admin.pages.fields.showing import show_one
from app.admin.pages.fields.working import CONFLICT, WAYS, record
from app.admin.pages.parts import Admin, Answer, Done, Form, Reply, Unfit
from app.admin.reading import number
from app.customers.actions import (
    UP,
    add_option,
    rename_option,
    set_option_removed,
    shift_option,
)
from app.customers.errors import SettingChanged
from app.customers.models import CustomField
from app.customers.queries import find_field_row, word_option
from app.errors import NotFound, Refused
from app.i18n import N_, _
from app.runtime import Runtime, commit
from app.words import clean

LONGEST = 4000


def add(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Add an option to the field of the address."""
    field_id, typed = _field_id(), form.get("name", "")[:LONGEST]

    def work(session: Session) -> str:
        field, name = add_option(session, field_id, name=typed)
        return _record(session, admin, field, "option_added", name)

    return _do(runtime, work, N_("已添加选项「{name}」"), typed=typed)


def rename(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Give an option another name, for everybody who has it."""
    field_id, option = _field_id(), form.get("option", "")
    typed = form.get("name", "")[:LONGEST]

    def work(session: Session) -> str:
        seen = form.get("seen", "")
        field, before = rename_option(session, field_id, option, name=typed, seen=seen)
        name = _name_of(field, option)
        if name == before:
            return clean(word_option(name))
        return _record(session, admin, field, "option_changed", name, before=before, after=name)

    return _do(runtime, work, N_("已保存选项「{name}」"))


def shift(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Move an option one place up or down."""
    field_id, option, way = _field_id(), form.get("option", ""), form.get("way", "")

    def work(session: Session) -> str:
        seen = form.get("seen", "")
        field = shift_option(session, field_id, option, by=WAYS.get(way, UP), seen=seen)
        place = [one["id"] for one in field.options].index(option) + 1
        return _record(
            session, admin, field, "option_shifted", _name_of(field, option), place=place
        )

    return _do(runtime, work, N_("已移动选项「{name}」"), fresh=f"option-{option}-{way}")


def remove(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Have an option be for those alone who have it."""
    words = N_("已去掉选项「{name}」，选了它的客户仍保留")
    return _turn(runtime, admin, form, words, removed=True)


def restore(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Have an option be for everybody again."""
    return _turn(runtime, admin, form, N_("已恢复选项「{name}」"), removed=False)


def _turn(runtime: Runtime, admin: Admin, form: Form, words: str, *, removed: bool) -> Answer:
    field_id, option = _field_id(), form.get("option", "")

    def work(session: Session) -> str:
        field = set_option_removed(session, field_id, option, removed=removed)
        action = "option_removed" if removed else "option_restored"
        return _record(session, admin, field, action, _name_of(field, option))

    return _do(runtime, work, words)


def _do(
    runtime: Runtime,
    work: Callable[[Session], str],
    words: str,
    *,
    typed: str = "",
    fresh: str = "",
) -> Answer:
    try:
        name = commit(runtime, work)
    except (NotFound, Refused) as error:
        told = _(str(error))
        if isinstance(error, SettingChanged) and fresh:
            return _show(runtime, told, is_fault=True)
        return Unfit({"option_fault": told, "option_typed": typed}, "field")
    told = _(words, name=name)
    return (
        _show(runtime, told, fresh=fresh)
        if fresh
        else Done(told, f"field?field={_field_id()}#options")
    )


def _show(runtime: Runtime, told: str, *, fresh: str = "", is_fault: bool = False) -> Answer:
    with runtime.db.read() as session:
        row = find_field_row(session, _field_id())
        values: dict[str, Any] = {"row": show_one(session, row)} if row else {}
    values |= {"option_fault": told if is_fault else "", "told": told, "fresh": fresh}
    return Reply("pages/fields/options_shifted.html", values, told, CONFLICT if is_fault else 200)


def _field_id() -> int:
    return number(request.args.get("field"))


def _name_of(field: CustomField, option: str) -> str:
    return str(next(one["name"] for one in field.options if one["id"] == option))


def _record(
    session: Session, admin: Admin, field: CustomField, action: str, option: str, **more: int | str
) -> str:
    record(session, admin, action, **{"field": field.name, "option": option, **more})
    return clean(word_option(option))

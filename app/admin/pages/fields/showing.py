"""What the page of fields shows: the fields in the order of the card, and one with its options."""

from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app.admin.pages.parts import Admin
from app.admin.problems import Problem
from app.admin.reading import number, times
from app.customers.actions import SENSITIVE_KINDS
from app.customers.queries import (
    KIND_WORDS,
    VISIBLE_TO,
    Field,
    FieldRow,
    count_filled,
    count_options,
    find_field_row,
    list_field_rows,
    list_removed_fields,
    word_field,
    word_hint,
    word_option,
)
from app.customers.queries.field_settings import MOST_COUNTED
from app.customers.queries.fields import MOST_FIELDS
from app.customers.queries.marks import mark_order
from app.i18n import N_, _
from app.runtime import Runtime
from app.words import clean

CHOOSING = frozenset({"choice", "choices"})
# A list of sixty must not count sixty hundred thousands.
MOST_IN_LIST = 1000
OPTIONS_SHOWN = 6
KIND_TELLS = {
    "text": N_("一行字，例如公司"),
    "number": N_("可以有两位小数，例如身高"),
    "money": N_("人民币金额，例如预算"),
    "date": N_("例如生日"),
    "choice": N_("几个选项里选一个"),
    "choices": N_("几个选项里选多个"),
    "phone": N_("只显示首尾，看完整号码会记录"),
    "address": N_("可以复制"),
    "link": N_("以 https:// 开头，可以打开"),
    "yes_no": N_("例如是不是会员"),
}


def load(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read the fields and those that were removed."""
    del admin
    return show_list(runtime, session)


def show_list(runtime: Runtime, session: Session) -> dict[str, Any]:
    """Show all fields."""
    now = times(runtime)
    rows = list_field_rows(session)
    shown = [_show_row(session, row) for row in rows]
    for place, row in enumerate(shown):
        row["is_first"] = not place or shown[place - 1]["pinned"] != row["pinned"]
        row["is_last"] = place + 1 == len(shown) or shown[place + 1]["pinned"] != row["pinned"]
    return {
        "rows": shown,
        "order": mark_order(row.field.id for row in rows),
        "has_room": len(rows) < MOST_FIELDS,
        "most": MOST_FIELDS,
        "removed": [
            _show_row(session, row) | {"when": now.minute(row.removed_at) if row.removed_at else ""}
            for row in list_removed_fields(session)
        ],
        "fault": "",
        "fresh": "",
    }


def load_field(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read the field `?field=…`, or nothing yet for a new one.

    Raises:
        Problem: no_such_page.
    """
    del runtime, admin
    row = _find_asked(session) if "field" in request.args else None
    return {
        "row": show_one(session, row) if row else None,
        "given": _given(row.field) if row else {"kind": "text", "visible_to": "", "options": ""},
        "kinds": [(name, _(word), _(KIND_TELLS[name])) for name, word in KIND_WORDS.items()],
        "visible_to": [(name, _(word)) for name, word in VISIBLE_TO.items()],
        "fault": "",
        "option_fault": "",
        "fresh": "",
    }


def load_removal(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read what removing the field `?field=…` comes to.

    Raises:
        Problem: no_such_page.
    """
    del runtime, admin
    return {"row": show_one(session, _find_asked(session)), "fault": ""}


def show_one(session: Session, row: FieldRow) -> dict[str, Any]:
    """Show a field with its options, and for how many customers each of them stands there."""
    field = row.field
    counts = count_options(session, field.id) if field.kind in CHOOSING else {}
    options = [
        {
            "id": one.id,
            "name": one.name,
            "shown": clean(word_option(one.name)),
            "removed": one.removed,
            "count": word_count(counts.get(one.id, 0)),
        }
        for one in field.options
    ]
    return {
        "id": field.id,
        "name": clean(word_field(field.name)),
        "kind": field.kind,
        "kind_word": _(KIND_WORDS[field.kind]),
        "now": _word_settings(field),
        "mark": row.mark,
        "options_mark": row.options_mark,
        "is_choice": field.kind in CHOOSING,
        "can_be_sensitive": field.kind in SENSITIVE_KINDS and field.kind != "phone",
        "options": [one for one in options if not one["removed"]],
        "gone": [one for one in options if one["removed"]],
        "count": word_count(count_filled(session, field.id)),
    }


def word_count(count: int, most: int = MOST_COUNTED) -> str:
    """Say how many, or that there are at least so many."""
    return f"{count:,}" if count < most else f"{most:,}+"


def _find_asked(session: Session) -> FieldRow:
    row = find_field_row(session, number(request.args.get("field")))
    if row is None or row.removed_at is not None:
        raise Problem("no_such_page", reason="field")
    return row


def _given(field: Field) -> dict[str, Any]:
    """Say what stands in the form of a field."""
    return {
        "name": field.name,
        "kind": field.kind,
        "hint": field.hint,
        "pinned": field.pinned,
        "read_only": field.read_only,
        "visible_to": field.visible_to,
        "sensitive": field.sensitive,
    }


def _word_settings(field: Field) -> str:
    """Say how a field is set up."""
    told = [
        clean(word_field(field.name)),
        _("提示「{hint}」", hint=clean(word_hint(field.hint))) if field.hint else "",
        _("置顶") if field.pinned else "",
        _("只读") if field.read_only else "",
        _("敏感") if field.sensitive else "",
        _("{who}可见", who=_(VISIBLE_TO[field.visible_to])),
    ]
    return _("，").join(one for one in told if one)


def _show_row(session: Session, row: FieldRow) -> dict[str, Any]:
    field = row.field
    names = [clean(word_option(one.name)) for one in field.options if not one.removed]
    told = _("、").join(names[:OPTIONS_SHOWN])
    return {
        "id": field.id,
        "name": clean(word_field(field.name)),
        "hint": clean(word_hint(field.hint)),
        "kind": _(KIND_WORDS[field.kind]),
        "options": _("{names}…共 {count} 个", names=told, count=len(names))
        if len(names) > OPTIONS_SHOWN
        else told,
        "pinned": field.pinned,
        "read_only": field.read_only,
        "sensitive": field.sensitive,
        "visible_to": _(VISIBLE_TO[field.visible_to]) if field.visible_to else "",
        "count": word_count(count_filled(session, field.id, most=MOST_IN_LIST), MOST_IN_LIST),
    }

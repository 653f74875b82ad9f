"""What is done to fields; each change is in the audit log. Their options are in `options.py`."""

from functools import partial

from flask import request
from sqlalchemy.orm import Session

from app.admin.pages.fields.showing import show_list
from app.admin.pages.parts import Admin, Answer, Done, Form, Reply, Unfit
from app.admin.reading import number
from app.audit.actions import record_audit
from app.customers.actions import (
    DOWN,
    UP,
    FieldDraft,
    add_field,
    edit_field,
    remove_field,
    restore_field,
    shift_field,
)
from app.customers.errors import SettingChanged
from app.customers.models import CustomField
from app.customers.queries import word_field
from app.errors import NotFound, Refused
from app.i18n import N_, _
from app.runtime import Runtime, commit
from app.words import clean

CONFLICT = 409
LONGEST = 4000
WAYS = {"up": UP, "down": DOWN}


def save(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Make the field of the address be as it was typed, or make a new one."""
    draft = FieldDraft(
        name=form.get("name", "")[:LONGEST],
        hint=form.get("hint", "")[:LONGEST],
        pinned="pinned" in form,
        read_only="read_only" in form,
        visible_to=form.get("visible_to", ""),
        sensitive="sensitive" in form,
    )
    kind, lines = form.get("kind", ""), form.get("options", "")[:LONGEST]
    work: partial[CustomField]
    if "field" in request.args:
        field_id = number(request.args["field"])
        seen = form.get("seen", "")
        work = partial(_edit, admin=admin, field_id=field_id, draft=draft, seen=seen)
        words = N_("已保存资料项「{name}」")
    else:
        options = [line for line in lines.splitlines() if line.strip()]
        work = partial(_add, admin=admin, draft=draft, kind=kind, options=options)
        words = N_("已新建资料项「{name}」，侧边栏里已经有了")
    try:
        field = commit(runtime, work)
    except NotFound as error:
        return Unfit({"fault": _(str(error))})
    except Refused as error:
        given = vars(draft) | {"kind": kind, "options": lines}
        return Unfit({"fault": _(str(error)), "given": given}, "field")
    return Done(_(words, name=word_name(field)))


def shift(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Move a field one place up or down."""
    field_id, way = number(form.get("field")), form.get("way", "")

    def work(session: Session) -> tuple[str, int]:
        seen = form.get("seen", "")
        field = shift_field(session, field_id, by=WAYS.get(way, UP), seen=seen)
        record(session, admin, "field_shifted", field=field.name, place=field.position + 1)
        return word_name(field), field.position + 1

    try:
        name, place = commit(runtime, work)
    except (NotFound, SettingChanged) as error:
        return _show(runtime, _(str(error)), is_fault=True)
    told = _("「{name}」现在排第 {place}", name=name, place=place)
    return _show(runtime, told, fresh=f"field-{field_id}-{way}")


def remove(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Take the field of the address away from the cards."""
    field_id, seen = number(request.args.get("field")), form.get("seen", "")

    def work(session: Session) -> str:
        field = remove_field(session, field_id, seen=seen)
        record(session, admin, "field_removed", field=field.name)
        return word_name(field)

    try:
        name = commit(runtime, work)
    except NotFound as error:
        return Unfit({"fault": _(str(error))})
    except Refused as error:
        return Unfit({"fault": _(str(error))}, "removal")
    return Done(_("已去掉「{name}」，填过的内容都保留着，随时可以恢复", name=name))


def restore(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Bring a field back to the cards."""

    def work(session: Session) -> str:
        field = restore_field(session, number(form.get("field")))
        record(session, admin, "field_restored", field=field.name)
        return word_name(field)

    try:
        name = commit(runtime, work)
    except (NotFound, Refused) as error:
        return Unfit({"fault": _(str(error))})
    return Done(_("已恢复「{name}」，原来填的内容也回来了", name=name))


def word_name(field: CustomField) -> str:
    """Say what a field is called."""
    return clean(word_field(field.name))


def record(session: Session, admin: Admin, action: str, **detail: int | str) -> None:
    """Put down what this admin did."""
    record_audit(session, userid=admin.userid, action=action, origin=admin.origin, detail=detail)


def _add(
    session: Session, *, admin: Admin, draft: FieldDraft, kind: str, options: list[str]
) -> CustomField:
    field = add_field(session, draft, kind=kind, options=options)
    detail: dict[str, int | str] = {"field": field.name, "kind": kind}
    if field.visible_to:
        detail["visible_to"] = field.visible_to
    if field.sensitive:
        detail["sensitive"] = "yes"
    record(session, admin, "field_added", **detail)
    return field


def _edit(
    session: Session, *, admin: Admin, field_id: int, draft: FieldDraft, seen: str
) -> CustomField:
    before = edit_field(session, field_id, draft, seen=seen)
    field = session.get_one(CustomField, field_id)
    detail = _tell_changes(before, field)
    if detail:
        record(session, admin, "field_changed", **{"field": field.name, **detail})
    return field


def _tell_changes(before: FieldDraft, field: CustomField) -> dict[str, int | str]:
    detail: dict[str, int | str] = {}
    if field.name != before.name:
        detail |= {"before": before.name, "after": field.name}
    if field.hint != before.hint:
        detail["hint"] = field.hint or "no"
    for name in ("pinned", "read_only", "sensitive"):
        if getattr(field, name) != getattr(before, name):
            detail[name] = "yes" if getattr(field, name) else "no"
    if field.visible_to != before.visible_to:
        detail["visible_to"] = field.visible_to or "everybody"
    return detail


def _show(runtime: Runtime, told: str, *, fresh: str = "", is_fault: bool = False) -> Reply:
    with runtime.db.read() as session:
        values = show_list(runtime, session)
    values |= {"fault": told if is_fault else "", "told": told, "fresh": fresh}
    return Reply("pages/fields/shifted.html", values, told, CONFLICT if is_fault else 200)

"""The editor of a welcome script: what is typed is kept, and shown as customers see it."""

from secrets import token_hex
from typing import Any

from flask import request
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import texts
from app.admin.pages.parts import Admin, Done, Form, Reply, Unfit
from app.admin.pages.welcomes.form import read_draft, show_form, split_rules
from app.admin.pages.welcomes.side import show_side
from app.admin.problems import Problem
from app.admin.reading import number, times
from app.customers.queries import list_tag_board
from app.customers.queries.stages import list_stage_choices
from app.errors import NotFound, Refused
from app.i18n import _
from app.materials.models import Material
from app.members.models import Department
from app.members.queries import list_names, list_present
from app.runtime import Runtime
from app.welcome.actions import Draft, save_draft
from app.welcome.actions.drafts import Page
from app.welcome.errors import DraftChanged
from app.welcome.queries.history import DraftRow, find_draft_row
from app.welcome.queries.previews import word_rules
from app.welcome.queries.scripts import find_script
from app.words import clean

SIDE = "pages/welcomes/side.html"
MOST_DEPARTMENTS, DEEPEST = 500, 5
MOST_KEY, MOST_DIGITS = 32, 15
NEW = Draft(name="", content="")


def load(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Show the editor: `?draft=` one, or `?script=` one, or neither for a new script.

    Raises:
        Problem: no_such_page.
    """
    del admin
    draft_id, script_id = (number(request.args.get(name)) for name in ("draft", "script"))
    row = find_draft_row(session, draft_id=draft_id, script_id=script_id)
    script_id = row.script_id or 0 if row else script_id
    script = find_script(session, script_id) if script_id else None
    if (draft_id and row is None) or (script_id and script is None and row is None):
        raise Problem("no_such_page", reason="script")
    draft = row.draft if row else script.draft if script else NEW
    return {
        **show_editor(session, draft),
        **_show_state(runtime, session, row, script_id),
        "live": script.number if script else 0,
        **show_side(runtime, session, draft, script_id=script_id, looks=Form()),
        "page_key": token_hex(8),
        "errors": [],
    }


def show_editor(session: Session, draft: Draft) -> dict[str, Any]:
    """Show the form and what can be chosen in it."""
    _shown, others = split_rules(draft)
    return {
        "form": show_form(draft, _filenames(session, draft)),
        "others": word_rules(session, others) if others else "",
        "variables": texts.VARIABLES,
        "all_members": [(one.userid, clean(one.name)) for one in list_present(session)],
        "all_departments": _list_departments(session),
        "all_tags": list_tag_board(session),
        "all_stages": list_stage_choices(session),
    }


def keep(runtime: Runtime, admin: Admin, form: Form) -> Reply | Done | Unfit:
    """Keep what was typed, and show what it comes to."""
    try:
        row, draft = _save(runtime, admin, form)
    except DraftChanged as error:
        return Reply(SIDE, _show_conflict(runtime, form, error), str(error))
    except (Refused, NotFound) as error:
        return Reply(SIDE, _show_fault(runtime, form, _(str(error))), _(str(error)))
    with runtime.db.read() as session:
        values = {
            **_show_state(runtime, session, row, row.script_id or 0),
            **show_side(runtime, session, draft, script_id=row.script_id or 0, looks=form),
        }
    return Reply(SIDE, values, _("草稿已保存"))


def save(runtime: Runtime, admin: Admin, form: Form) -> Done | Unfit:
    """Keep what was typed, for whoever presses a button; `force`: whatever others saved."""
    try:
        row, _draft = _save(runtime, admin, form)
    except (Refused, NotFound) as error:
        return Unfit(show_again(runtime, form, [_(str(error))]), "edit")
    return Done(_("草稿已保存"), f"edit?draft={row.id}")


def store(runtime: Runtime, admin: Admin, form: Form) -> DraftRow:
    """Keep what was typed and return the draft.

    Raises:
        Refused, NotFound: it was not kept.
    """
    return _save(runtime, admin, form)[0]


def _save(runtime: Runtime, admin: Admin, form: Form) -> tuple[DraftRow, Draft]:
    draft_id, script_id = (number(form.get(name)) for name in ("draft", "script"))

    def work(session: Session) -> DraftRow:
        before = find_draft_row(session, draft_id=draft_id, script_id=script_id)
        draft = read_draft(form, _kept(session, before, script_id))
        saved = save_draft(
            session,
            draft,
            draft_id=draft_id,
            script_id=script_id,
            page=_page(form, before),
            by=admin.userid,
        )
        row = find_draft_row(session, draft_id=saved.id)
        assert row is not None  # noqa: S101 -- it was written a moment ago
        return row

    row = runtime.db.commit(work)
    return row, row.draft


def _page(form: Form, before: DraftRow | None) -> Page:
    """Return which page saves; by force, as if it had seen whatever others saved."""
    has_seen = before.revision if before and form.get("force") else number(form.get("revision"))
    typed = form.get("typed", "")
    return Page(form.get("page", "")[:MOST_KEY], has_seen, int(typed) if _is_count(typed) else 0)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS


def _kept(session: Session, before: DraftRow | None, script_id: int) -> Any:
    """Return the rules that the form does not show."""
    if before is not None:
        return split_rules(before.draft)[1]
    script = find_script(session, script_id) if script_id else None
    return split_rules(script.draft)[1] if script else ()


def _show_state(
    runtime: Runtime, session: Session, row: DraftRow | None, script_id: int
) -> dict[str, Any]:
    now = times(runtime)
    names = list_names(session, {row.saved_by}) if row else {}
    return {
        "state": {
            "draft": row.id if row else 0,
            "script": script_id,
            "revision": row.revision if row else 0,
            "saved": now.second(row.saved_at)[-8:] if row else "",
            "by": clean(names.get(row.saved_by, row.saved_by)) if row else "",
        },
        "conflict": "",
    }


def _show_conflict(runtime: Runtime, form: Form, error: DraftChanged) -> dict[str, Any]:
    with runtime.db.read() as session:
        name = clean(list_names(session, {error.by}).get(error.by, error.by))
    return {
        **_show_fault(runtime, form, ""),
        "conflict": _("这份草稿刚被 {name} 改过，你后来写的还没有保存。", name=name),
    }


def _show_fault(runtime: Runtime, form: Form, fault: str) -> dict[str, Any]:
    """Show the side of what was typed and could not be kept."""
    script_id = number(form.get("script"))
    with runtime.db.read() as session:
        side = show_side(runtime, session, read_draft(form), script_id=script_id, looks=form)
    return {**side, "state": _typed_state(form), "conflict": fault}


def show_again(runtime: Runtime, form: Form, errors: list[str]) -> dict[str, Any]:
    """Show the editor with what was typed and was not kept, and why."""
    with runtime.db.read() as session:
        shown = show_editor(session, read_draft(form))
    shown["page_key"] = form.get("page", "")[:MOST_KEY]
    return {**shown, **_show_fault(runtime, form, ""), "errors": errors, "live": 0}


def _typed_state(form: Form) -> dict[str, Any]:
    ids = {name: number(form.get(name)) for name in ("draft", "script", "revision")}
    return {**ids, "saved": "", "by": ""}


def _filenames(session: Session, draft: Draft) -> dict[int, str]:
    wanted = [one.material_id for one in draft.attachments if one.material_id]
    rows = session.execute(select(Material.id, Material.filename).where(Material.id.in_(wanted)))
    return {row.id: row.filename for row in rows}


def _list_departments(session: Session) -> list[dict[str, Any]]:
    """List the departments as a tree is read: each under the one it belongs to."""
    rows = session.scalars(
        select(Department)
        .where(Department.removed_at.is_(None))
        .order_by(Department.order, Department.id.desc())
        .limit(MOST_DEPARTMENTS)
    ).all()
    below: dict[int, list[Department]] = {}
    for one in rows:
        below.setdefault(one.parentid, []).append(one)
    known = {one.id for one in rows}
    found, stack = [], [(one, 0) for one in rows if one.parentid not in known]
    while stack:
        one, depth = stack.pop()
        found.append({"id": str(one.id), "name": clean(one.name), "depth": min(depth, DEEPEST)})
        # Taken out, so that a circle ends.
        stack += [(child, depth + 1) for child in below.pop(one.id, ())]
    return found

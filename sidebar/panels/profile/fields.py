"""The fields (资料) in a profile: a tapped row becomes an input, and is saved when it is left.

What is sealed is masked, a phone number in its middle, also to whoever edits it; who wants it whole
asks for it, and that is on record.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app.customers.actions import (
    FieldMove,
    reveal_field,
    reveal_remark_mobiles,
    set_field,
    undo_field,
)
from app.customers.errors import FieldConflict, FieldRefused
from app.customers.queries import (
    HIDES_EMPTY,
    YES,
    FieldState,
    find_field_state,
    get_field_board,
    word_field,
)
from app.errors import BankeError, NotFound, Refused
from app.i18n import N_, _
from app.members.actions import set_preference
from app.outbox import customer_path
from app.pushes.models import Push
from app.runtime import Runtime
from app.words import clean
from sidebar.context import CardContext
from sidebar.panels.parts import Reply
from sidebar.panels.profile import field_rows, mobiles
from sidebar.panels.profile.field_rows import MOST_TYPED, OPTION, Editing
from sidebar.panels.profile.mobiles import MOBILES
from sidebar.panels.profile.pushed import OK, UNKNOWN, do_own, read_unsettled
from sidebar.panels.profile.timeline import show_timeline
from sidebar.panels.reading import is_htmx, number, times
from sidebar.panels.showing import name_of, visible
from sidebar.panels.writing import commit

CHANGED, SECTION = "panels/profile/field_changed.html", "panels/profile/fields.html"
CONFLICT = 409


@dataclass(frozen=True)
class _Look:
    """How one row is to be shown, unlike the others. `row`: its id."""

    row: str
    editing: Editing | None = None
    revealed: str = ""
    saved: bool = False


def show_fields(
    session: Session,
    context: CardContext,
    look: _Look | None = None,
    *,
    pushes: Sequence[Push] | None = None,
) -> dict[str, Any]:
    """Read the fields and how the viewer likes them. `pushes`: if they are read already."""
    external_userid = context.external_userid
    board = get_field_board(session, external_userid, viewer=context.viewpoint.viewer_userid)
    rows = [field_rows.show_state(state) for state in board.states]
    follow = context.viewpoint.follow
    if pushes is None:
        # Of an action, which may have changed what the context was made of.
        pushes, follow = read_unsettled(session, context), mobiles.find_now(session, context)
    if own := mobiles.show_row(session, context, follow, pushes):
        rows.insert(sum(state.field.pinned for state in board.states), own)
    if look is not None:
        inputs = _Inputs(session, context, board.states)
        rows = [_turned(row, look, inputs) for row in rows]
    looked_at = look.row if look else ""
    shown = [row for row in rows if not (board.hides_empty and _may_hide(row, looked_at))]
    return {
        "path": customer_path(external_userid),
        "fields": shown,
        "field": next((row for row in rows if row["id"] == looked_at), None),
        "hides_empty": board.hides_empty,
        "hidden_count": len(rows) - len(shown),
    }


def show_form(session: Session, context: CardContext) -> dict[str, Any]:
    """Read the field `?field=…` as an input."""
    asked = request.args.get("field", "")
    values = show_fields(session, context, _Look(asked, editing=Editing()))
    return values | {"is_page": not is_htmx()}


def show_row(session: Session, context: CardContext) -> dict[str, Any]:
    """Read the field `?field=…` as it is read."""
    values = show_fields(session, context, _Look(request.args.get("field", "")))
    return values | {"is_page": not is_htmx()}


def change(runtime: Runtime, context: CardContext, form: Mapping[str, str]) -> Reply:
    """Save what was typed into a field."""
    field_id = number(form.get("field"))
    typed = [value for name, value in form.items() if name == "text" or name.startswith(OPTION)]
    if not any(typed) and not form.get("clear") and _is_sealed(runtime, context, field_id):
        # Its input begins empty: what stood in it would be something that nobody asked to see.
        return _reply(runtime, context, _Look(str(field_id)))
    work = partial(
        set_field,
        external_userid=context.external_userid,
        field_id=field_id,
        typed=[] if form.get("clear") else typed,
        userid=context.viewer.userid,
        seen=number(form.get("seen")),
        today=times().now.date(),
    )
    return _answer(runtime, context, work, field_id=field_id, typed=typed)


def change_mobiles(runtime: Runtime, context: CardContext, form: Mapping[str, str]) -> Reply:
    """Note a number more or one less, or those of before."""
    work = mobiles.find_work(runtime, context, form)
    word = partial(mobiles.word_change, runtime, context)
    try:
        notice, status = do_own(runtime, context, work, word)
    except Refused as refused:
        typed = (form.get("text", "")[:MOST_TYPED],)
        kept = Editing(typed=typed).with_error(str(refused))
        return _reply(runtime, context, _Look(MOBILES, kept), UNKNOWN)
    return _reply(runtime, context, _Look(MOBILES, saved=status == OK), status, notice=notice)


def retry_mobiles(runtime: Runtime, context: CardContext, _form: Mapping[str, str]) -> Reply:
    """Tell WeCom again of the numbers of which it could not be told."""
    notice, status = do_own(runtime, context, mobiles.find_retry(context), lambda _told: None)
    return _reply(runtime, context, _Look(MOBILES), status, notice=notice)


def undo(runtime: Runtime, context: CardContext, form: Mapping[str, str]) -> Reply:
    """Take the last change of a field back."""
    work = partial(
        undo_field,
        external_userid=context.external_userid,
        change_id=number(form.get("change")),
        userid=context.viewer.userid,
    )
    return _answer(runtime, context, work, field_id=number(form.get("field")))


def reveal(runtime: Runtime, context: CardContext, form: Mapping[str, str]) -> Reply:
    """Show a whole number, or whatever is masked, this once."""
    row, userid = form.get("field", ""), context.viewer.userid
    work: Callable[[Session], Any] = partial(
        reveal_field,
        external_userid=context.external_userid,
        field_id=number(row),
        userid=userid,
    )
    if row == MOBILES:
        work = partial(reveal_remark_mobiles, follow=context.viewpoint.follow, userid=userid)
    try:
        found = commit(runtime, work)
    except (NotFound, Refused) as error:
        return _reply(runtime, context, _Look(row), UNKNOWN, notice=_fault(error))
    phones = [found] if isinstance(found, str) else found
    shown = _("、").join(visible(phone) for phone in phones)
    return _reply(runtime, context, _Look(row, revealed=shown))


def hide_empty(runtime: Runtime, context: CardContext, form: Mapping[str, str]) -> Reply:
    """Remember whether this member wants to see fields in which nothing stands."""
    value = YES if form.get("hide") == YES else ""
    userid = context.viewpoint.viewer_userid
    runtime.db.commit(lambda s: set_preference(s, userid, key=HIDES_EMPTY, value=value))
    with runtime.db.read() as session:
        return Reply(SECTION, show_fields(session, context))


def _answer(
    runtime: Runtime,
    context: CardContext,
    work: Callable[[Session], FieldMove],
    *,
    field_id: int,
    typed: Sequence[str] = (),
) -> Reply:
    """Do the work and show the row as it is then, with what there is to say about it."""
    row = str(field_id)
    kept = Editing(typed=tuple(one[:MOST_TYPED] for one in typed))
    try:
        move = commit(runtime, work)
    except FieldRefused as refused:
        return _reply(runtime, context, _Look(row, kept.with_error(str(refused))), UNKNOWN)
    except FieldConflict as conflict:
        return _reply_conflict(runtime, context, conflict, kept)
    except NotFound as error:
        return _reply(runtime, context, _Look(row), UNKNOWN, notice=_fault(error))
    if not move.changed:
        return _reply(runtime, context, _Look(row))
    row = str(move.state.field.id)
    name = visible(word_field(move.state.field.name))
    notice: dict[str, Any] = {"text": _("已撤销对「{name}」的修改", name=name)}
    if typed or request.form.get("clear"):
        text = N_("已清空「{name}」") if move.state.value.is_empty else N_("已保存「{name}」")
        undone = {"change": move.change_id, "field": row}
        action = {"action": "field-undo", "values": undone, "target": f"#field-{row}"}
        notice = {"text": _(text, name=name), "undo": action}
    notice["home"] = f"#field-{row} a"
    return _reply(runtime, context, _Look(row, saved=True), notice=notice)


def _reply(
    runtime: Runtime,
    context: CardContext,
    look: _Look,
    status: int = 200,
    *,
    notice: Mapping[str, Any] | None = None,
) -> Reply:
    with runtime.db.read() as session:
        values = show_timeline(session, context) | show_fields(session, context, look)
    values["notice"] = notice and {**notice, "text": clean(notice["text"])}
    return Reply(CHANGED, values, status)


def _reply_conflict(
    runtime: Runtime, context: CardContext, conflict: FieldConflict, kept: Editing
) -> Reply:
    """Show what a colleague has put there, and keep what was typed."""
    state = conflict.current
    with runtime.db.read() as session:
        member = name_of(session, state.userid)
    value = field_rows.show_state(state)["text"] or _("空")
    if state.userid == context.viewer.userid:
        text = _("你已在别处把它改成「{value}」", value=value)
    else:
        when = times().minute(state.at) if state.at else ""
        text = _("{member} 在 {when} 把它改成「{value}」", member=member, when=when, value=value)
    editing = kept.with_conflict(clean(text))
    return _reply(runtime, context, _Look(str(state.field.id), editing), CONFLICT)


def _fault(error: BankeError) -> dict[str, Any]:
    return {"text": str(error), "is_fault": True}


def _is_sealed(runtime: Runtime, context: CardContext, field_id: int) -> bool:
    with runtime.db.read() as session:
        state = find_field_state(session, context.external_userid, field_id)
    return state is not None and state.field.is_sealed


def _may_hide(row: Mapping[str, Any], looked_at: str) -> bool:
    return bool(row["is_empty"]) and not row["pinned"] and row["id"] != looked_at


@dataclass(frozen=True)
class _Inputs:
    """What rows are made into inputs from."""

    session: Session
    context: CardContext
    states: Sequence[FieldState]

    def of(self, row: str, editing: Editing) -> dict[str, Any]:
        """Return the input of a row."""
        if row == MOBILES:
            typed = editing.typed[0] if editing.typed else ""
            return mobiles.show_input(self.session, self.context, typed=typed, told=editing.told)
        state = next(one for one in self.states if str(one.field.id) == row)
        return field_rows.show_input(state, editing)


def _turned(row: dict[str, Any], look: _Look, inputs: _Inputs) -> dict[str, Any]:
    """Return a row as it is to be looked at."""
    if row["id"] != look.row:
        return row
    if look.revealed:
        shown = {"text": look.revealed, "to_copy": look.revealed, "is_masked": False}
        return row | shown | {"revealed": True}
    if look.editing is not None and not row["read_only"]:
        return row | {"edit": inputs.of(look.row, look.editing)}
    return row | {"saved": look.saved}

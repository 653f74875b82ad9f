"""Changing the stage from the page: never over somebody's change unawares, and taken back."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app import clock
from app.admin.pages.customer.looking import Looked
from app.admin.pages.customer.stages import show_stages
from app.admin.pages.customer.working import CONFLICT, UNFIT, answer, note_deed, work_on
from app.admin.pages.parts import Admin, Answer, Form
from app.admin.reading import Times, number, times
from app.customers.actions import (
    Addition,
    StageMove,
    add_stage_note,
    change_stage,
    undo_stage,
)
from app.customers.errors import StageConflict
from app.customers.queries import StageNow, word_stage
from app.errors import NotFound, Refused
from app.i18n import N_, _
from app.members.queries import Scope, list_names
from app.money import parse_amount
from app.runtime import Runtime
from app.words import visible

JUST_NOW = timedelta(minutes=5)
MOST_TYPED = 200


def change(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Move the customer to the stage that was chosen; `seen`: the change that was the last."""
    work = partial(
        _change, admin=admin, to_stage_id=number(form.get("to")), seen=number(form.get("seen"))
    )
    return _answer(runtime, admin, work, done=N_("已改为「{stage}」"))


def undo(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Take his own last change back."""
    work = partial(_undo, admin=admin, change_id=number(form.get("change")))
    return _answer(runtime, admin, work, done=N_("已撤销，回到「{stage}」"))


def add_note(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Put onto his own change why, for which reason, for how much; what is not sent stays."""
    change_id = number(form.get("change"))
    try:
        said = _said(form)
        work_on(runtime, admin, partial(_add_note, admin=admin, change_id=change_id, said=said))
    except (Refused, NotFound) as error:
        return _show_unfit_note(runtime, admin, form, visible(_(str(error))))
    show = partial(show_stages, viewer=admin.userid)
    return answer(runtime, admin, "stages_set", show, told=_("已补充"))


def _change(
    session: Session,
    external_userid: str,
    _scope: Scope,
    *,
    admin: Admin,
    to_stage_id: int,
    seen: int,
) -> StageMove:
    move = change_stage(
        session, external_userid, to_stage_id=to_stage_id, userid=admin.userid, seen=seen
    )
    _note(session, admin, "customer_stage_changed", external_userid, move)
    return move


def _undo(
    session: Session, external_userid: str, _scope: Scope, *, admin: Admin, change_id: int
) -> StageMove:
    move = undo_stage(session, external_userid, change_id=change_id, userid=admin.userid)
    _note(session, admin, "customer_stage_undone", external_userid, move)
    return move


def _add_note(
    session: Session,
    external_userid: str,
    _scope: Scope,
    *,
    admin: Admin,
    change_id: int,
    said: Addition,
) -> None:
    note = add_stage_note(
        session, external_userid, change_id=change_id, userid=admin.userid, said=said
    )
    detail: dict[str, int | str] = {"pipeline": note.pipeline_id}
    note_deed(session, admin, "customer_stage_noted", external_userid, detail)


def _said(form: Form) -> Addition:
    """Read the form. Raises: Refused, what was typed is no amount."""
    amount = parse_amount(form["amount"]) if "amount" in form else None
    return Addition(
        why=" ".join(visible(form["why"]).split()) if "why" in form else None,
        reason=form.get("reason"),
        amount=amount,
        clears_amount="amount" in form and amount is None,
    )


def _note(
    session: Session, admin: Admin, action: str, external_userid: str, move: StageMove
) -> None:
    if move.changed:
        detail: dict[str, int | str] = {
            "pipeline": move.pipeline_id,
            "before": move.from_stage,
            "after": move.to_stage,
        }
        note_deed(session, admin, action, external_userid, detail)


def _answer(
    runtime: Runtime,
    admin: Admin,
    work: Callable[[Session, str, Scope], StageMove],
    *,
    done: str,
) -> Answer:
    try:
        move = work_on(runtime, admin, work)
    except StageConflict as conflict:
        return _show_conflict(runtime, admin, conflict)
    except NotFound as error:
        return _show_fault(runtime, admin, _(str(error)))
    told = _(done if move.changed else N_("已经是「{stage}」"), stage=word_stage(move.to_stage))
    return answer(
        runtime, admin, "stages_set", partial(show_stages, viewer=admin.userid), told=visible(told)
    )


def _show_fault(runtime: Runtime, admin: Admin, told: str) -> Answer:
    def show(session: Session, looked: Looked) -> dict[str, Any]:
        return show_stages(session, looked, viewer=admin.userid) | {"stage_fault": told}

    return answer(runtime, admin, "stages_set", show, told=told, status=UNFIT)


def _show_unfit_note(runtime: Runtime, admin: Admin, form: Form, told: str) -> Answer:
    typed = {name: form[name][:MOST_TYPED] for name in ("why", "amount", "reason") if name in form}

    def show(session: Session, looked: Looked) -> dict[str, Any]:
        values = show_stages(session, looked, viewer=admin.userid)
        boxes = [one["after"] for one in values["pipelines"] if one["after"]]
        own = [box for box in boxes if box["change"] == number(form.get("change"))]
        for box in own:
            box.update(typed, told=told)
        return values if own else values | {"stage_fault": told}

    return answer(runtime, admin, "stages_set", show, told=told, status=UNFIT)


def _show_conflict(runtime: Runtime, admin: Admin, conflict: StageConflict) -> Answer:
    with runtime.db.read() as session:
        told = _word_conflict(session, admin, conflict.current, times(runtime))

    def show(session: Session, looked: Looked) -> dict[str, Any]:
        values = show_stages(session, looked, viewer=admin.userid)
        for pipeline in values["pipelines"]:
            if pipeline["id"] == conflict.pipeline_id:
                names = {stage["id"]: stage["name"] for stage in pipeline["stages"]}
                pipeline["conflict"] = {
                    "told": told,
                    "wanted": conflict.wanted,
                    "wanted_name": names.get(conflict.wanted, ""),
                }
        return values

    return answer(runtime, admin, "stages_set", show, told=told, status=CONFLICT)


def _word_conflict(session: Session, admin: Admin, current: StageNow, now: Times) -> str:
    told: dict[str, str] = {"what": _("阶段"), "stage": word_stage(current.name)}
    if current.userid == admin.userid:
        return visible(_("你已在别处把{what}改成「{stage}」", **told))
    told["member"] = list_names(session, [current.userid]).get(current.userid, current.userid)
    if current.at is None or clock.utcnow() - current.at < JUST_NOW:
        return visible(_("{member} 刚把{what}改成「{stage}」", **told))
    told["when"] = now.minute(current.at)
    return visible(_("{member} 在 {when} 把{what}改成「{stage}」", **told))

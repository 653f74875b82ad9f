"""The stage in a profile: by one tap, with undo, and never over a colleague's change unawares."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app import clock
from app.customers.actions import StageMove, change_stage, undo_stage
from app.customers.errors import StageConflict
from app.customers.queries import StageNow, get_stage_board
from app.errors import NotFound
from app.i18n import N_, _
from app.outbox import customer_path
from app.runtime import Runtime
from app.words import clean
from sidebar.context import CardContext
from sidebar.panels.parts import Reply
from sidebar.panels.profile.timeline import show_timeline
from sidebar.panels.reading import number, times
from sidebar.panels.showing import name_of

CONFLICT, UNKNOWN = 409, 422
JUST_NOW = timedelta(minutes=5)
# Where the focus goes from a toast about the stage.
HOME = '.bk-stage[tabindex="0"]'


def show_stage(session: Session, context: CardContext) -> dict[str, Any]:
    """Read the stages, and where he stands."""
    board = get_stage_board(session, context.external_userid)
    return {
        "path": customer_path(context.external_userid),
        "stages": [(stage_id, clean(name)) for stage_id, name in board.stages],
        "stage_id": board.now.stage_id,
        "seen": board.now.change_id,
    }


def change(runtime: Runtime, context: CardContext, form: Mapping[str, str]) -> Reply:
    """Move the customer to the stage that was tapped."""
    work = partial(
        change_stage,
        external_userid=context.external_userid,
        to_stage_id=number(form.get("to")),
        userid=context.viewer.userid,
        seen=number(form.get("seen")),
    )
    return _answer(runtime, context, work, done=N_("已改为「{stage}」"), offers_undo=True)


def undo(runtime: Runtime, context: CardContext, form: Mapping[str, str]) -> Reply:
    """Take the last change back."""
    work = partial(
        undo_stage,
        external_userid=context.external_userid,
        change_id=number(form.get("change")),
        userid=context.viewer.userid,
    )
    return _answer(runtime, context, work, done=N_("已撤销，回到「{stage}」"))


def _answer(
    runtime: Runtime,
    context: CardContext,
    work: Callable[[Session], StageMove],
    *,
    done: str,
    offers_undo: bool = False,
) -> Reply:
    """Do the work and show the stage as it is then, with what there is to say about it."""
    try:
        move = runtime.db.commit(work)
    except StageConflict as conflict:
        return _reply(runtime, context, CONFLICT, conflict=conflict)
    except NotFound as error:
        return _reply(runtime, context, UNKNOWN, notice={"text": _(str(error)), "is_fault": True})
    notice: dict[str, Any] = {"text": _(done, stage=move.to_stage)}
    if not move.changed:
        notice = {"text": _("已经是「{stage}」", stage=move.to_stage)}
    elif move.can_undo and offers_undo:
        undone = {"change": move.change_id}
        notice["undo"] = {"action": "undo", "values": undone, "target": "#stage"}
    return _reply(runtime, context, 200, notice=notice)


def _reply(
    runtime: Runtime,
    context: CardContext,
    status: int,
    *,
    notice: Mapping[str, Any] | None = None,
    conflict: StageConflict | None = None,
) -> Reply:
    with runtime.db.read() as session:
        values = show_timeline(session, context) | show_stage(session, context)
        if conflict is not None:
            values["conflict"] = _conflict(session, context, conflict, values["stages"])
    values["notice"] = notice and {**notice, "text": clean(notice["text"]), "home": HOME}
    return Reply("panels/profile/stage_changed.html", values, status)


def _conflict(
    session: Session,
    context: CardContext,
    conflict: StageConflict,
    stages: list[tuple[int, str]],
) -> dict[str, Any]:
    told = _word_conflict(session, context, conflict.current)
    return {
        "text": clean(told),
        "wanted": conflict.wanted,
        "wanted_name": dict(stages).get(conflict.wanted),
    }


def _word_conflict(session: Session, context: CardContext, current: StageNow) -> str:
    if current.userid == context.viewer.userid:
        return _("你已在别处把阶段改成「{stage}」", stage=current.name)
    member = name_of(session, current.userid)
    if current.at is None or clock.utcnow() - current.at < JUST_NOW:
        return _("{member} 刚把阶段改成「{stage}」", member=member, stage=current.name)
    when = times().minute(current.at)
    return _(
        "{member} 在 {when} 把阶段改成「{stage}」", member=member, when=when, stage=current.name
    )

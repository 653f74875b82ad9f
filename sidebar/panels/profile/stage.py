"""The stages in a profile: by one tap, with undo, and never over a colleague's change unawares."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app import clock
from app.customers.actions import StageMove, change_stage, get_stage_note, undo_stage
from app.customers.errors import StageConflict
from app.customers.queries import StageNow, word_stage
from app.errors import NotFound
from app.i18n import N_, _
from app.runtime import Runtime
from app.words import clean
from sidebar.context import CardContext
from sidebar.panels.parts import Reply
from sidebar.panels.profile.pipelines import show_changed, show_note
from sidebar.panels.reading import number, times
from sidebar.panels.showing import name_of

CONFLICT, UNKNOWN = 409, 422
JUST_NOW = timedelta(minutes=5)


def change(runtime: Runtime, context: CardContext, form: Mapping[str, str]) -> Reply:
    """Move the customer to the stage that was tapped."""
    work = partial(
        change_stage,
        external_userid=context.external_userid,
        to_stage_id=number(form.get("to")),
        userid=context.viewer.userid,
        seen=number(form.get("seen")),
    )
    return _answer(runtime, context, form, work, done=N_("已改为「{stage}」"), is_undo=False)


def undo(runtime: Runtime, context: CardContext, form: Mapping[str, str]) -> Reply:
    """Take the last change back."""
    work = partial(
        undo_stage,
        external_userid=context.external_userid,
        change_id=number(form.get("change")),
        userid=context.viewer.userid,
    )
    return _answer(runtime, context, form, work, done=N_("已撤销，回到「{stage}」"), is_undo=True)


def _answer(
    runtime: Runtime,
    context: CardContext,
    form: Mapping[str, str],
    work: Callable[[Session], StageMove],
    *,
    done: str,
    is_undo: bool,
) -> Reply:
    """Do the work and show the pipeline as it is then, with what there is to say about it."""
    try:
        move = runtime.db.commit(work)
    except StageConflict as conflict:
        return _show_conflict(runtime, context, conflict)
    except NotFound as error:
        with runtime.db.read() as session:
            values = show_changed(session, context, number(form.get("pipeline")))
        values["notice"] = {"text": clean(_(str(error))), "is_fault": True}
        return Reply("panels/profile/stage_changed.html", values, UNKNOWN)
    with runtime.db.read() as session:
        values = show_changed(session, context, move.pipeline_id)
        if move.changed and not is_undo:
            values["pipeline"]["note"] = _note(session, context, move.change_id)
    values["notice"] = _notice(move, values["pipeline"]["target"], done, is_undo=is_undo)
    return Reply("panels/profile/stage_changed.html", values)


def _note(session: Session, context: CardContext, change_id: int) -> dict[str, Any]:
    note = get_stage_note(
        session, context.external_userid, change_id=change_id, userid=context.viewer.userid
    )
    return show_note(note)


def _notice(move: StageMove, target: str, done: str, *, is_undo: bool) -> dict[str, Any]:
    words = done if move.changed else N_("已经是「{stage}」")
    notice: dict[str, Any] = {
        "text": clean(_(words, stage=word_stage(move.to_stage))),
        # Where the focus goes from the toast.
        "home": f'#{target} .bk-stage[tabindex="0"]',
    }
    if move.changed and move.can_undo and not is_undo:
        undone = {"change": move.change_id, "pipeline": move.pipeline_id}
        notice["undo"] = {"action": "undo", "values": undone, "target": f"#{target}"}
    return notice


def _show_conflict(runtime: Runtime, context: CardContext, conflict: StageConflict) -> Reply:
    with runtime.db.read() as session:
        values = show_changed(session, context, conflict.pipeline_id)
        shown = values["pipeline"]
        shown["conflict"] = {
            "text": clean(_word_conflict(session, context, conflict.current, shown)),
            "wanted": conflict.wanted,
            "wanted_name": dict(shown["stages"]).get(conflict.wanted),
        }
    return Reply("panels/profile/stage_changed.html", values, CONFLICT)


def _word_conflict(
    session: Session, context: CardContext, current: StageNow, shown: Mapping[str, Any]
) -> str:
    # 阶段 alone is the default pipeline.
    what = _("阶段") if shown["is_first"] else _("「{pipeline}」", pipeline=shown["name"])
    told: dict[str, str] = {"what": what, "stage": word_stage(current.name)}
    if current.userid == context.viewer.userid:
        return _("你已在别处把{what}改成「{stage}」", **told)
    told["member"] = name_of(session, current.userid)
    if current.at is None or clock.utcnow() - current.at < JUST_NOW:
        return _("{member} 刚把{what}改成「{stage}」", **told)
    told["when"] = times().minute(current.at)
    return _("{member} 在 {when} 把{what}改成「{stage}」", **told)

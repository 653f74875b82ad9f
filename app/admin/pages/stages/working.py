"""What is done to pipelines and stages; each change is in the audit log."""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app.admin.pages.parts import Admin, Answer, Done, Form, Reply, Unfit
from app.admin.pages.stages.showing import show_list
from app.admin.reading import number, times
from app.audit.actions import record_audit
from app.customers.actions import (
    DOWN,
    UP,
    StageDraft,
    add_pipeline,
    add_stage,
    archive_pipeline,
    archive_stage,
    edit_stage,
    rename_pipeline,
    restore_pipeline,
    restore_stage,
    shift_pipeline,
    shift_stage,
)
from app.customers.errors import SettingChanged
from app.customers.models import Pipeline, Stage
from app.customers.queries import word_pipeline, word_stage
from app.errors import NotFound, Refused
from app.i18n import N_, _
from app.runtime import Runtime, commit
from app.words import clean

CONFLICT, UNFIT = 409, 422
LONGEST = 2000
WAYS = {"up": UP, "down": DOWN}


def save_stage(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Make the stage of the address be as it was typed, or make a new one in its pipeline."""
    draft = StageDraft(
        name=form.get("name", "")[:LONGEST],
        asks=form.get("asks", ""),
        color=form.get("color", ""),
    )
    stage_id = number(request.args.get("stage"))
    if stage_id:
        work = partial(
            _edit_stage, admin=admin, stage_id=stage_id, draft=draft, seen=form.get("seen", "")
        )
    else:
        pipeline_id = number(request.args.get("pipeline"))
        work = partial(_add_stage, admin=admin, pipeline_id=pipeline_id, draft=draft)
    try:
        name = commit(runtime, work)
    except NotFound as error:
        return _sorry(error)
    except Refused as error:
        return Unfit({"fault": _(str(error)), "given": vars(draft)}, "stage")
    words = N_("已保存阶段「{name}」") if stage_id else N_("已添加阶段「{name}」，员工现在就能选")
    return Done(_(words, name=name))


def save_pipeline(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Rename the pipeline of the address, or make a new one."""
    typed, lines = form.get("name", "")[:LONGEST], form.get("stages", "")[:LONGEST]
    work: Callable[[Session], str]
    if "pipeline" in request.args:
        work = partial(
            _rename,
            admin=admin,
            pipeline_id=number(request.args["pipeline"]),
            typed=typed,
            seen=form.get("seen", ""),
        )
    else:
        stages = [line for line in lines.splitlines() if line.strip()]
        work = partial(_add_pipeline, admin=admin, typed=typed, stages=stages)
    try:
        name = commit(runtime, work)
    except NotFound as error:
        return _sorry(error)
    except Refused as error:
        given = {"name": typed, "stages": lines}
        return Unfit({"fault": _(str(error)), "given": given}, "pipeline")
    return Done(_("已保存流程「{name}」", name=name))


def shift_a_stage(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Move a stage one place up or down."""
    stage_id = number(form.get("stage"))
    work = partial(shift_stage, stage_id=stage_id)
    return _shift(runtime, admin, form, work, kind="stage")


def shift_a_pipeline(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Move a pipeline one place up or down."""
    pipeline_id = number(form.get("pipeline"))
    work = partial(shift_pipeline, pipeline_id=pipeline_id)
    return _shift(runtime, admin, form, work, kind="pipeline")


def archive_a_stage(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Take the stage of the address out of use, and have its customers moved on."""
    stage_id, to = number(request.args.get("stage")), number(form.get("to"))

    def work(session: Session) -> tuple[str, int]:
        seen = form.get("seen", "")
        stage = archive_stage(session, stage_id, to=to, userid=admin.userid, seen=seen)
        detail: dict[str, int | str] = {"stage": stage.name, "count": stage.moves_total}
        if stage.moves_total and stage.moves_to_id:
            detail["to_stage"] = session.get_one(Stage, stage.moves_to_id).name
        _record(session, admin, "stage_archived", **detail)
        return _word(stage), stage.moves_total

    try:
        name, count = commit(runtime, work)
    except NotFound as error:
        return _sorry(error)
    except Refused as error:
        return Unfit({"fault": _(str(error)), "to": to}, "stage-archive")
    if not count:
        return Done(_("已归档阶段「{name}」", name=name))
    return Done(_("「{name}」正在归档，{count} 位客户几秒后开始移动", name=name, count=count))


def restore_a_stage(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Take an archived stage into use again."""
    work = partial(restore_stage, stage_id=number(form.get("stage")))
    return _restore(runtime, admin, work, kind="stage")


def archive_a_pipeline(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Take the pipeline of the address out of use."""
    del form
    pipeline_id = number(request.args.get("pipeline"))

    def work(session: Session) -> str:
        pipeline = archive_pipeline(session, pipeline_id)
        _record(session, admin, "pipeline_archived", pipeline=pipeline.name)
        return _word(pipeline)

    try:
        name = commit(runtime, work)
    except NotFound as error:
        return _sorry(error)
    except Refused as error:
        return Unfit({"fault": _(str(error))}, "pipeline-archive")
    return Done(_("已归档流程「{name}」，随时可以恢复", name=name))


def restore_a_pipeline(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Take an archived pipeline into use again."""
    work = partial(restore_pipeline, pipeline_id=number(form.get("pipeline")))
    return _restore(runtime, admin, work, kind="pipeline")


def _edit_stage(
    session: Session, *, admin: Admin, stage_id: int, draft: StageDraft, seen: str
) -> str:
    before = edit_stage(session, stage_id, draft, seen=seen)
    stage = session.get_one(Stage, stage_id)
    changed = {
        name: getattr(stage, name)
        for name in ("asks", "color")
        if getattr(stage, name) != getattr(before, name)
    }
    if stage.name != before.name:
        changed |= {"before": before.name, "after": stage.name}
    if changed:
        _record(session, admin, "stage_changed", stage=stage.name, **changed)
    return _word(stage)


def _add_stage(session: Session, *, admin: Admin, pipeline_id: int, draft: StageDraft) -> str:
    stage = add_stage(session, pipeline_id, draft)
    pipeline = session.get_one(Pipeline, pipeline_id).name
    _record(session, admin, "stage_added", pipeline=pipeline, stage=stage.name)
    return _word(stage)


def _rename(session: Session, *, admin: Admin, pipeline_id: int, typed: str, seen: str) -> str:
    before = rename_pipeline(session, pipeline_id, name=typed, seen=seen)
    pipeline = session.get_one(Pipeline, pipeline_id)
    if pipeline.name != before:
        detail = {"before": before, "after": pipeline.name}
        _record(session, admin, "pipeline_changed", **detail)
    return _word(pipeline)


def _add_pipeline(session: Session, *, admin: Admin, typed: str, stages: list[str]) -> str:
    pipeline = add_pipeline(session, name=typed, stages=stages)
    _record(session, admin, "pipeline_added", pipeline=pipeline.name, count=len(stages))
    return _word(pipeline)


def _shift(
    runtime: Runtime,
    admin: Admin,
    form: Form,
    work: Callable[..., Pipeline | Stage],
    *,
    kind: str,
) -> Reply:
    way = form.get("way", "") if form.get("way") in WAYS else "up"

    def shift(session: Session) -> tuple[str, int]:
        row = work(session, by=WAYS[way], seen=form.get("seen", ""))
        place = row.position + 1
        detail: dict[str, int | str] = {kind: row.name, "place": place}
        _record(session, admin, f"{kind}_shifted", **detail)
        return _word(row), place

    try:
        name, place = commit(runtime, shift)
    except (NotFound, SettingChanged) as error:
        return _show(runtime, _(str(error)), is_fault=True)
    fresh = f"{kind}-{number(form.get(kind))}-{way}"
    return _show(runtime, _("「{name}」现在排第 {place}", name=name, place=place), fresh=fresh)


def _restore(
    runtime: Runtime,
    admin: Admin,
    work: Callable[..., Pipeline | Stage],
    *,
    kind: str,
) -> Done | Unfit:
    def restore(session: Session) -> str:
        row = work(session)
        _record(session, admin, f"{kind}_restored", **{kind: row.name})
        return _word(row)

    try:
        name = commit(runtime, restore)
    except Refused as error:
        return Unfit({"fault": _(str(error))})
    except NotFound as error:
        return _sorry(error)
    return Done(_("已恢复「{name}」，排在最后", name=name))


def _show(runtime: Runtime, told: str, *, fresh: str = "", is_fault: bool = False) -> Reply:
    with runtime.db.read() as session:
        values: dict[str, Any] = show_list(session, times(runtime))
    values |= {"fault": told if is_fault else "", "told": told, "fresh": fresh}
    status = CONFLICT if is_fault else 200
    return Reply("pages/stages/shifted.html", values, told, status)


def _word(row: Pipeline | Stage) -> str:
    return clean(word_stage(row.name) if isinstance(row, Stage) else word_pipeline(row.name))


def _sorry(error: NotFound) -> Unfit:
    return Unfit({"fault": _(str(error))})


def _record(session: Session, admin: Admin, action: str, **detail: int | str) -> None:
    record_audit(session, userid=admin.userid, action=action, origin=admin.origin, detail=detail)

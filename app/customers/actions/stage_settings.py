"""Setting up pipelines and stages one by one, as an admin does; a file does all at once.

Every change is made under one lock, and says by a mark what was seen before it: two admins who
work at once do not undo each other's work unawares.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.customers.actions.names import NAME_LENGTH, make_key, read_name
from app.customers.errors import SettingChanged, SettingRefused
from app.customers.models import Pipeline, Stage
from app.customers.queries.marks import mark_order
from app.customers.queries.pipelines import (
    ASKS_WORDS,
    STAGE_COLORS,
    count_in_stage,
    mark_pipeline,
    mark_stage,
)
from app.customers.queries.stages import PIPELINES, STAGES
from app.errors import NotFound
from app.i18n import N_, _
from app.schedule_runs import hasten

MOVING_JOB = "customers.move_on"
UP, DOWN = -1, 1

T = TypeVar("T", Pipeline, Stage)


@dataclass(frozen=True)
class StageDraft:
    """What can be said of a stage; see `Stage`."""

    name: str
    asks: str = ""
    color: str = ""


def add_pipeline(session: Session, *, name: str, stages: Sequence[str]) -> Pipeline:
    """Make a pipeline behind the others, with its first stages by name.

    Raises:
        SettingRefused: a name that cannot be, or too many.
    """
    known = _lock(session)
    name = _check_name(name, known)
    live = _in_use(known)
    if len(live) >= PIPELINES:
        raise SettingRefused(_("最多 {most} 条流程，先归档一条", most=PIPELINES))
    if not stages:
        raise SettingRefused(_("一条流程至少要有一个阶段"))
    pipeline = Pipeline(key=make_key("p"), name=name, position=len(live))
    session.add(pipeline)
    session.flush()
    for one in stages:
        add_stage(session, pipeline.id, StageDraft(one))
    return pipeline


def rename_pipeline(session: Session, pipeline_id: int, *, name: str, seen: str) -> str:
    """Give a pipeline another name, and return the one before.

    Raises:
        NotFound: there is no such pipeline in use.
        SettingRefused: the name cannot be.
        SettingChanged: somebody else changed it meanwhile.
    """
    known = _lock(session)
    pipeline = _get_pipeline(known, pipeline_id)
    before, name = pipeline.name, _check_name(name, known, but=pipeline)
    if name != before:
        _require(mark_pipeline(pipeline), seen)
        pipeline.name = name
        session.flush()
    return before


def shift_pipeline(session: Session, pipeline_id: int, *, by: int, seen: str) -> Pipeline:
    """Move a pipeline one place up (-1) or down (1); the first is the default.

    Raises:
        NotFound: there is no such pipeline in use.
        SettingChanged: the order is not the one that was seen.
    """
    live = _in_use(_lock(session))
    pipeline = _get_pipeline(live, pipeline_id)
    _shift(live, pipeline, by=by, seen=seen)
    return pipeline


def archive_pipeline(session: Session, pipeline_id: int) -> Pipeline:
    """Take a pipeline out of use. Customers keep their places in it, and nobody sees them.

    Raises:
        NotFound: there is no such pipeline in use.
        SettingRefused: it is the last one.
    """
    live = _in_use(_lock(session))
    pipeline = _get_pipeline(live, pipeline_id)
    if len(live) == 1:
        raise SettingRefused(_("这是最后一条流程，不能归档：客户总要有一个阶段"))
    pipeline.removed_at = clock.utcnow()
    _renumber([one for one in live if one is not pipeline])
    session.flush()
    return pipeline


def restore_pipeline(session: Session, pipeline_id: int) -> Pipeline:
    """Take an archived pipeline into use again, behind the others.

    Raises:
        NotFound: there is no such pipeline.
        SettingRefused: there are as many as there can be.
    """
    known = _lock(session)
    live = _in_use(known)
    pipeline = next((one for one in known if one.id == pipeline_id), None)
    if pipeline is None:
        raise NotFound(N_("没有这条阶段流程"))
    if pipeline in live:
        return pipeline
    if len(live) >= PIPELINES:
        raise SettingRefused(_("最多 {most} 条流程，先归档一条", most=PIPELINES))
    pipeline.removed_at = None
    _renumber([*live, pipeline])
    session.flush()
    return pipeline


def add_stage(session: Session, pipeline_id: int, draft: StageDraft) -> Stage:
    """Make a stage behind the others of its pipeline.

    Raises:
        NotFound: there is no such pipeline in use.
        SettingRefused: it cannot be so.
    """
    _get_pipeline(_lock(session), pipeline_id)
    known = _stages(session, pipeline_id)
    draft = _checked(draft, known)
    live = _in_use(known)
    _refuse_many(live)
    stage = Stage(pipeline_id=pipeline_id, key=make_key("s"), position=len(live), **vars(draft))
    session.add(stage)
    session.flush()
    return stage


def edit_stage(session: Session, stage_id: int, draft: StageDraft, *, seen: str) -> StageDraft:
    """Have a stage be so, and return how it was.

    Raises:
        NotFound: there is no such stage in use.
        SettingRefused: it cannot be so.
        SettingChanged: somebody else changed it meanwhile.
    """
    stage, known = _get_stage(session, stage_id)
    before = StageDraft(stage.name, stage.asks, stage.color)
    draft = _checked(draft, known, but=stage)
    if draft != before:
        _require(mark_stage(stage), seen)
        stage.name, stage.asks, stage.color = draft.name, draft.asks, draft.color
        session.flush()
    return before


def shift_stage(session: Session, stage_id: int, *, by: int, seen: str) -> Stage:
    """Move a stage one place up (-1) or down (1) in its pipeline; the first takes new customers.

    Raises:
        NotFound: there is no such stage in use.
        SettingChanged: the order is not the one that was seen.
    """
    stage, known = _get_stage(session, stage_id)
    _shift(_in_use(known), stage, by=by, seen=seen)
    return stage


def archive_stage(session: Session, stage_id: int, *, to: int, userid: str, seen: str) -> Stage:
    """Take a stage out of use; whoever stands there goes to the stage `to`, 0 if nobody does.

    They are moved afterwards, see `move_on`; until the last one has gone, it is not removed.

    Raises:
        NotFound: there is no such stage in use.
        SettingRefused: it is the last one, or nobody said where its customers go.
        SettingChanged: somebody else changed it meanwhile.
    """
    stage, known = _get_stage(session, stage_id)
    live = _in_use(known)
    _require(mark_stage(stage), seen)
    if len(live) == 1:
        raise SettingRefused(_("这是流程里最后一个阶段，不能归档：客户总要有一个阶段"))
    others = [one for one in live if one is not stage]
    target = next((one for one in others if one.id == to), None)
    count = count_in_stage(session, stage.id)
    if to and target is None:
        raise SettingRefused(_("选的阶段刚刚被归档了，请另选一个"))
    if count and target is None:
        raise SettingRefused(_("这个阶段里有 {count} 位客户，请选他们去哪个阶段", count=count))
    _renumber(others)
    stage.moves_by, stage.moves_total = userid, count
    # Nobody stands there, but somebody may be on his way in.
    stage.moves_to_id = (target or others[0]).id
    stage.removed_at = None if count else clock.utcnow()
    # And whoever is to be moved into this one goes straight there.
    session.execute(
        update(Stage).where(Stage.moves_to_id == stage.id).values(moves_to_id=stage.moves_to_id)
    )
    hasten(session, MOVING_JOB, apart=0)
    session.flush()
    return stage


def restore_stage(session: Session, stage_id: int) -> Stage:
    """Take an archived stage into use again, behind the others; who was moved away stays there.

    Raises:
        NotFound: there is no such stage, or its pipeline is not in use.
        SettingRefused: there are as many as there can be.
    """
    stage, known = _get_stage(session, stage_id, archived=True)
    live = _in_use(known)
    if stage in live:
        return stage
    _refuse_many(live)
    stage.removed_at = stage.moves_to_id = None
    stage.moves_by, stage.moves_total = "", 0
    _renumber([*live, stage])
    session.flush()
    return stage


def _lock(session: Session) -> Sequence[Pipeline]:
    """Have settings changed one after the other, and return every pipeline in order.

    Whoever moves a customer meanwhile does not wait, where the database can tell.
    """
    return session.scalars(
        select(Pipeline)
        .order_by(Pipeline.position, Pipeline.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def _stages(session: Session, pipeline_id: int) -> Sequence[Stage]:
    return session.scalars(
        select(Stage)
        .where(Stage.pipeline_id == pipeline_id)
        .order_by(Stage.position, Stage.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def _get_pipeline(known: Sequence[Pipeline], pipeline_id: int) -> Pipeline:
    for one in known:
        if one.id == pipeline_id and one.removed_at is None:
            return one
    raise NotFound(N_("没有这条阶段流程"))


def _get_stage(
    session: Session, stage_id: int, *, archived: bool = False
) -> tuple[Stage, Sequence[Stage]]:
    """Return a stage of a pipeline in use, and all of that pipeline."""
    known = _lock(session)
    stage = session.get(Stage, stage_id)
    if stage is None:
        raise NotFound(N_("没有这个阶段"))
    _get_pipeline(known, stage.pipeline_id)
    stages = _stages(session, stage.pipeline_id)
    if not (stage.is_open or archived):
        raise NotFound(N_("这个阶段刚刚被归档了"))
    return stage, stages


def _in_use(known: Sequence[T]) -> list[T]:
    return [one for one in known if _is_open(one)]


def _is_open(row: Pipeline | Stage) -> bool:
    return row.is_open if isinstance(row, Stage) else row.removed_at is None


def _check_name(text: str, known: Sequence[T], *, but: T | None = None) -> str:
    name = read_name(text)
    if not name:
        raise SettingRefused(_("名称要写 1 到 {most} 个字", most=NAME_LENGTH))
    for one in known:
        if one is not but and one.name == name:
            if _is_open(one):
                raise SettingRefused(_("已经有一个叫「{name}」的了", name=name))
            told = _("归档里有一个叫「{name}」的：可以恢复它，或者换一个名称", name=name)
            raise SettingRefused(told)
    return name


def _checked(draft: StageDraft, known: Sequence[Stage], *, but: Stage | None = None) -> StageDraft:
    name = _check_name(draft.name, known, but=but)
    if draft.asks not in ASKS_WORDS or draft.color not in {"", *STAGE_COLORS}:
        raise SettingRefused(_("请从列出的颜色和内容里选"))
    return StageDraft(name, draft.asks, draft.color)


def _refuse_many(live: Sequence[Stage]) -> None:
    if len(live) >= STAGES:
        raise SettingRefused(_("一条流程最多 {most} 个阶段，先归档一个", most=STAGES))


def _require(now: str, seen: str) -> None:
    if now != seen:
        raise SettingChanged


def _shift(live: list[T], row: T, *, by: int, seen: str) -> None:
    _require(mark_order(one.id for one in live), seen)
    place = live.index(row)
    live.insert(max(0, place + by), live.pop(place))
    _renumber(live)


def _renumber(rows: Sequence[Pipeline | Stage]) -> None:
    for position, row in enumerate(rows):
        row.position = position

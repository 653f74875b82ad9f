"""Reads of stages (客户阶段): where a customer stands, and where he could."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.customers.models import STAGE_IS_OPEN, CustomerStage, Pipeline, Stage, StageChange
from app.customers.queries.first_names import word_pipeline, word_stage
from app.db import UtcDateTime
from app.errors import NotFound
from app.i18n import _
from app.members.models import Member

# So many pipelines a card shows, each of so many stages at most.
PIPELINES, STAGES = 5, 20

PAGE_SIZE = 20
MOST_ID = 2**31 - 1

# Stages, each with the customer's place if it is this one and with his last change. Made once: for
# every card anew, they would cost more than the database does.
_shown = (
    select(Pipeline.id, Pipeline.name, Pipeline.position)
    .where(Pipeline.removed_at.is_(None))
    .order_by(Pipeline.position, Pipeline.id)
    .limit(PIPELINES)
    .subquery()
)
_last = (
    select(func.max(StageChange.id).label("id"), StageChange.pipeline_id)
    .where(StageChange.external_userid == bindparam("external_userid"))
    .group_by(StageChange.pipeline_id)
    .subquery()
)
_BOARD = (
    select(
        Stage.id,
        Stage.name,
        Stage.asks,
        Stage.pipeline_id,
        _shown.c.name.label("pipeline"),
        CustomerStage.stage_id,
        StageChange.id.label("change_id"),
        StageChange.userid,
        StageChange.changed_at,
    )
    .join(_shown, _shown.c.id == Stage.pipeline_id)
    .outerjoin(
        CustomerStage,
        and_(
            CustomerStage.external_userid == bindparam("external_userid"),
            CustomerStage.pipeline_id == Stage.pipeline_id,
        ),
    )
    .outerjoin(_last, _last.c.pipeline_id == Stage.pipeline_id)
    .outerjoin(StageChange, StageChange.id == _last.c.id)
    # One that is being archived is there only for those who still stand in it.
    .where(
        Stage.removed_at.is_(None),
        or_(Stage.moves_to_id.is_(None), Stage.id == CustomerStage.stage_id),
    )
    .order_by(_shown.c.position, _shown.c.id, Stage.position, Stage.id)
    .limit(PIPELINES * STAGES)
)
_NOW = (
    select(
        CustomerStage.stage_id,
        Stage.name,
        StageChange.id.label("change_id"),
        StageChange.userid,
        StageChange.changed_at,
    )
    .select_from(Pipeline)
    .outerjoin(
        CustomerStage,
        and_(
            CustomerStage.external_userid == bindparam("external_userid"),
            CustomerStage.pipeline_id == Pipeline.id,
        ),
    )
    .outerjoin(Stage, Stage.id == CustomerStage.stage_id)
    .outerjoin(_last, _last.c.pipeline_id == Pipeline.id)
    .outerjoin(StageChange, StageChange.id == _last.c.id)
    .where(Pipeline.id == bindparam("pipeline_id"))
)


@dataclass(frozen=True)
class StageNow:
    """Where a customer stands in a pipeline.

    `change_id` is the last change, 0 without any; `userid` (its maker) is "" and `at` None then.
    `stage_id` None: he has no stage yet.
    """

    stage_id: int | None
    name: str
    change_id: int = 0
    userid: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class StageBoard:
    """A pipeline as a card shows it: its stages in order as (id, name), and `now`."""

    pipeline_id: int
    name: str
    stages: tuple[tuple[int, str], ...]
    now: StageNow


@dataclass(frozen=True)
class StageStep:
    """A change in a history. `left_at`: when the next one was made; None: he stands there now."""

    change: StageChange
    from_stage: str
    to_stage: str
    member: str
    left_at: datetime | None


@dataclass(frozen=True)
class StageHistory:
    """Some of the changes in a pipeline, newest first; `older` leads to the rest, 0 at the end."""

    pipeline: str
    steps: tuple[StageStep, ...]
    older: int


def get_stage_boards(session: Session, external_userid: str) -> tuple[StageBoard, ...]:
    """Return the pipelines, the default one first, and where the customer stands, in one query."""
    rows = session.execute(_BOARD, {"external_userid": external_userid}).all()
    grouped = groupby(rows, lambda row: row.pipeline_id)
    return tuple(_board(list(stages)) for _id, stages in grouped)


def find_stage_now(session: Session, external_userid: str, pipeline_id: int) -> StageNow:
    """Return where the customer stands in this pipeline."""
    pair = {"external_userid": external_userid, "pipeline_id": pipeline_id}
    row = session.execute(_NOW, pair).one()
    return _now(row, row.stage_id, row.name or "")


def get_stage_history(
    session: Session, external_userid: str, pipeline_id: int, *, before: int = 0
) -> StageHistory:
    """Return a page of the changes in a pipeline: the newest, or those older than `before`.

    Raises:
        NotFound: no such pipeline.
    """
    pipeline = session.get(Pipeline, pipeline_id) if pipeline_id <= MOST_ID else None
    if pipeline is None:
        raise NotFound(_("没有这条阶段流程"))
    changes = _changes_with_end(external_userid, pipeline_id)
    came, went = aliased(Stage), aliased(Stage)
    wanted = (
        select(StageChange, came.name, went.name, Member.name, changes.c.left_at)
        .join(changes, changes.c.id == StageChange.id)
        .outerjoin(came, came.id == StageChange.from_stage_id)
        .join(went, went.id == StageChange.to_stage_id)
        .outerjoin(Member, Member.userid == StageChange.userid)
        .order_by(StageChange.id.desc())
        .limit(PAGE_SIZE + 1)
    )
    if before:
        wanted = wanted.where(StageChange.id < before)
    rows = session.execute(wanted).all()
    steps = tuple(
        StageStep(change, from_stage or "", to_stage, member or change.userid, left_at)
        for change, from_stage, to_stage, member, left_at in rows[:PAGE_SIZE]
    )
    older = steps[-1].change.id if len(rows) > PAGE_SIZE else 0
    return StageHistory(pipeline.name, steps, older)


def list_stage_choices(session: Session) -> list[tuple[int, str, str]]:
    """List every stage that a customer can be in: its id, its pipeline's name and its own."""
    rows = session.execute(
        select(Stage.id, Pipeline.name.label("pipeline"), Stage.name)
        .join(Pipeline, Pipeline.id == Stage.pipeline_id)
        .where(Pipeline.removed_at.is_(None), STAGE_IS_OPEN)
        .order_by(Pipeline.position, Pipeline.id, Stage.position, Stage.id)
    )
    return [(row.id, word_pipeline(row.pipeline), word_stage(row.name)) for row in rows]


def find_default_pipeline(session: Session) -> int | None:
    """Find the pipeline that counts where there is room for one."""
    return session.scalar(
        select(Pipeline.id)
        .where(Pipeline.removed_at.is_(None))
        .order_by(Pipeline.position, Pipeline.id)
        .limit(1)
    )


def find_stage(session: Session, stage_id: int) -> Stage | None:
    """Find a stage that customers can be moved to."""
    return session.scalar(
        select(Stage)
        .join(Pipeline, Pipeline.id == Stage.pipeline_id)
        .where(Stage.id == stage_id, Stage.removed_at.is_(None), Pipeline.removed_at.is_(None))
    )


def list_default_stages(session: Session) -> list[tuple[int, str]]:
    """List the stages of the default pipeline in order, as (id, name).

    With those that are being archived: customers still stand in them.
    """
    rows = session.execute(
        select(Stage.id, Stage.name)
        .where(
            Stage.pipeline_id == find_default_pipeline(session),
            Stage.removed_at.is_(None),
        )
        .order_by(Stage.position, Stage.id)
    )
    return [(row.id, word_stage(row.name)) for row in rows]


def _board(rows: list[Any]) -> StageBoard:
    first = rows[0]
    name = next((row.name for row in rows if row.id == row.stage_id), "")
    now = _now(first, first.stage_id if name else None, name)
    stages = tuple((row.id, row.name) for row in rows)
    return StageBoard(first.pipeline_id, first.pipeline, stages, now)


def _now(row: Any, stage_id: int | None, name: str) -> StageNow:
    return StageNow(stage_id, name, row.change_id or 0, row.userid or "", row.changed_at)


def _changes_with_end(external_userid: str, pipeline_id: int) -> Any:
    end = func.lead(StageChange.changed_at, type_=UtcDateTime()).over(order_by=StageChange.id)
    return (
        select(StageChange.id, end.label("left_at"))
        .where(
            StageChange.external_userid == external_userid, StageChange.pipeline_id == pipeline_id
        )
        .subquery()
    )

"""Reads of pipelines as they are set up: their stages in order, how many stand where, the archive.

Each row has a mark of what can be changed about it: whoever changes it says which one he saw.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app.customers.models import STAGE_IS_OPEN, CustomerStage, Pipeline, Stage
from app.customers.queries.marks import mark_of, mark_order
from app.i18n import N_

STAGE_COLORS = {
    "gray": N_("灰色"),
    "blue": N_("蓝色"),
    "teal": N_("青色"),
    "green": N_("绿色"),
    "orange": N_("橙色"),
    "red": N_("红色"),
    "pink": N_("粉色"),
    "purple": N_("紫色"),
}
# What whoever moves a customer into a stage may add.
ASKS_WORDS = {"": N_("不问"), "amount": N_("金额"), "reason": N_("原因")}
# Of what is archived the latest are shown.
MOST_ARCHIVED = 50


@dataclass(frozen=True)
class StageRow:
    """A stage with its settings, and how many customers stand in it."""

    id: int
    key: str
    name: str
    asks: str
    color: str
    count: int
    mark: str


@dataclass(frozen=True)
class ArchivedStage:
    """A stage that is out of use, or is about to be.

    `to`: where its customers go or went, "" nobody stood there; `left` of `total` are still there.
    """

    id: int
    name: str
    color: str
    to: str
    total: int
    left: int
    removed_at: datetime | None


@dataclass(frozen=True)
class PipelineRow:
    """A pipeline with its settings and the stages that customers can be moved into.

    `is_default`: it is the first of all; `order`: the mark of the stages' order.
    """

    id: int
    key: str
    name: str
    stages: tuple[StageRow, ...]
    archived: tuple[ArchivedStage, ...]
    is_default: bool
    mark: str
    order: str

    @property
    def count(self) -> int:
        """How many customers stand in it."""
        return sum(stage.count for stage in self.stages) + sum(one.left for one in self.archived)


@dataclass(frozen=True)
class ArchivedPipeline:
    """A pipeline that is out of use, and how many customers have kept their place in it."""

    id: int
    name: str
    removed_at: datetime | None
    count: int


def list_pipelines(session: Session) -> list[PipelineRow]:
    """Return the pipelines, the default one first, and count who stands in each stage."""
    rows = session.execute(
        select(Pipeline, Stage, _count(CustomerStage.stage_id == Stage.id, Stage))
        .join(Stage, Stage.pipeline_id == Pipeline.id)
        .where(Pipeline.removed_at.is_(None), STAGE_IS_OPEN)
        .order_by(Pipeline.position, Pipeline.id, Stage.position, Stage.id)
    ).all()
    default = rows[0][0] if rows else None
    return [
        _row(
            session,
            pipeline,
            [(stage, count) for _pipeline, stage, count in stages],
            is_default=pipeline is default,
        )
        for pipeline, stages in groupby(rows, lambda row: row[0])
    ]


def list_archived_pipelines(session: Session) -> list[ArchivedPipeline]:
    """Return the pipelines that are out of use, the latest first."""
    count = _count(CustomerStage.pipeline_id == Pipeline.id, Pipeline)
    rows = session.execute(
        select(Pipeline.id, Pipeline.name, Pipeline.removed_at, count)
        .where(Pipeline.removed_at.is_not(None))
        .order_by(Pipeline.removed_at.desc(), Pipeline.id)
        .limit(MOST_ARCHIVED)
    )
    return [ArchivedPipeline(row[0], row[1], row[2], row[3]) for row in rows]


def count_in_stage(session: Session, stage_id: int) -> int:
    """Count who stands in a stage."""
    standing = select(func.count()).where(CustomerStage.stage_id == stage_id)
    return session.scalar(standing) or 0


def mark_stage(stage: Stage) -> str:
    """Return the mark of what can be changed about a stage."""
    return mark_of(stage.id, stage.name, stage.asks, stage.color, stage.is_open)


def mark_pipeline(pipeline: Pipeline) -> str:
    """Return the mark of what can be changed about a pipeline."""
    return mark_of(pipeline.id, pipeline.name, pipeline.removed_at is None)


def _row(
    session: Session,
    pipeline: Pipeline,
    stages: Sequence[tuple[Stage, int]],
    *,
    is_default: bool,
) -> PipelineRow:
    return PipelineRow(
        id=pipeline.id,
        key=pipeline.key,
        name=pipeline.name,
        stages=tuple(
            StageRow(
                stage.id,
                stage.key,
                stage.name,
                stage.asks,
                stage.color,
                count,
                mark_stage(stage),
            )
            for stage, count in stages
        ),
        archived=_list_archived(session, pipeline.id),
        is_default=is_default,
        mark=mark_pipeline(pipeline),
        order=mark_order(stage.id for stage, _count in stages),
    )


def _list_archived(session: Session, pipeline_id: int) -> tuple[ArchivedStage, ...]:
    """List the stages that are out of use: first those whose customers are still being moved."""
    found = session.execute(
        select(Stage, _count(CustomerStage.stage_id == Stage.id, Stage))
        .where(
            Stage.pipeline_id == pipeline_id,
            or_(Stage.removed_at.is_not(None), Stage.moves_to_id.is_not(None)),
        )
        .order_by(Stage.removed_at.is_not(None), Stage.removed_at.desc(), Stage.id)
        .limit(MOST_ARCHIVED)
    ).all()
    targets = {stage.moves_to_id for stage, _left in found if stage.moves_to_id}
    rows = session.execute(select(Stage.id, Stage.name).where(Stage.id.in_(targets)))
    names = {row.id: row.name for row in rows}
    return tuple(
        ArchivedStage(
            stage.id,
            stage.name,
            stage.color,
            names.get(stage.moves_to_id or 0, "") if stage.moves_total else "",
            stage.moves_total,
            left,
            stage.removed_at,
        )
        for stage, left in found
    )


def _count(standing: ColumnElement[bool], of: type[Pipeline | Stage]) -> ColumnElement[int]:
    return select(func.count()).where(standing).correlate(of).scalar_subquery()

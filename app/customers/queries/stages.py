"""Reads of stages (客户阶段): where a customer stands, and where he could."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.orm import Session

from app.customers.models import CustomerStage, Pipeline, Stage, StageChange

# Stages, each with the customer's place if it is this one and with his last change. Made once: for
# every card anew, they would cost more than the database does.
_last = (
    select(func.max(StageChange.id))
    .where(
        StageChange.external_userid == bindparam("external_userid"),
        StageChange.pipeline_id == Stage.pipeline_id,
    )
    .correlate(Stage)
    .scalar_subquery()
)
_STAGES = (
    select(
        Stage.id,
        Stage.name,
        CustomerStage.stage_id,
        StageChange.id.label("change_id"),
        StageChange.userid,
        StageChange.changed_at,
    )
    .select_from(Stage)
    .outerjoin(
        CustomerStage,
        and_(
            CustomerStage.external_userid == bindparam("external_userid"),
            CustomerStage.pipeline_id == Stage.pipeline_id,
            CustomerStage.stage_id == Stage.id,
        ),
    )
    .outerjoin(
        StageChange, and_(StageChange.pipeline_id == Stage.pipeline_id, StageChange.id == _last)
    )
)
_default = select(Pipeline.id).order_by(Pipeline.position).limit(1).scalar_subquery()
_BOARD = _STAGES.where(Stage.pipeline_id == _default).order_by(Stage.position)
_NOW = (
    _STAGES.where(Stage.pipeline_id == bindparam("pipeline_id"))
    .order_by(CustomerStage.stage_id.is_(None), Stage.position)
    .limit(1)
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
    """The default pipeline as a card shows it: its stages in order as (id, name), and `now`."""

    stages: tuple[tuple[int, str], ...]
    now: StageNow


def get_stage_board(session: Session, external_userid: str) -> StageBoard:
    """Return the stages of the default pipeline and where the customer stands, in one query."""
    rows = session.execute(_BOARD, {"external_userid": external_userid}).all()
    change = rows[0] if rows else None
    now = StageNow(None, "") if change is None else _now(change, None, "")
    for row in rows:
        if row.id == row.stage_id:
            now = _now(row, row.id, row.name)
    return StageBoard(tuple((row.id, row.name) for row in rows), now)


def find_stage_now(session: Session, external_userid: str, pipeline_id: int) -> StageNow:
    """Return where the customer stands in this pipeline."""
    pair = {"external_userid": external_userid, "pipeline_id": pipeline_id}
    row = session.execute(_NOW, pair).one()
    return _now(row, row.stage_id, row.name if row.stage_id else "")


def _now(row: Any, stage_id: int | None, name: str) -> StageNow:
    return StageNow(stage_id, name, row.change_id or 0, row.userid or "", row.changed_at)

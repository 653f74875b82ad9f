"""The stage (客户阶段) of a customer: one truth for the whole corp.

So nobody overwrites another's change unawares, and a change is taken back by a new one.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.customers.actions.profile import lock_customer
from app.customers.actions.timeline import record_timeline
from app.customers.errors import StageConflict
from app.customers.models import STAGE_IS_OPEN, CustomerStage, Pipeline, Stage, StageChange
from app.customers.queries.stages import StageNow, find_stage_now
from app.errors import NotFound
from app.i18n import N_
from app.rows import upsert

MOST_ID = 2**31 - 1


@dataclass(frozen=True)
class StageMove:
    """Where a customer stood and where he stands.

    `change_id` is the last change now. `changed` False: he stood there already, nothing was done.
    `asks`: what may be added to the change: amount, reason or "".
    """

    pipeline_id: int
    change_id: int
    from_stage: str
    to_stage: str
    changed: bool
    can_undo: bool = False
    asks: str = ""


def put_into_first_stage(session: Session, *external_userids: str) -> None:
    """Give customers without a stage the first one of the default pipeline.

    No change is recorded: that he was added stands in the timeline, and it says the same.
    """
    first = session.execute(
        select(Stage.pipeline_id, Stage.id)
        .join(Pipeline, Pipeline.id == Stage.pipeline_id)
        .where(Pipeline.removed_at.is_(None), STAGE_IS_OPEN)
        .order_by(Pipeline.position, Pipeline.id, Stage.position, Stage.id)
        .limit(1)
    ).one()
    place = {"pipeline_id": first.pipeline_id, "stage_id": first.id, "changed_at": clock.utcnow()}
    rows = [place | {"external_userid": one} for one in sorted(set(external_userids))]
    upsert(session, CustomerStage, rows, key=["external_userid", "pipeline_id"])


def change_stage(
    session: Session, external_userid: str, *, to_stage_id: int, userid: str, seen: int
) -> StageMove:
    """Move a customer to a stage. `seen`: the last change that `userid` knew of, 0 for none.

    He stands there already, whoever moved him: nothing is done, and that is no conflict.

    Raises:
        NotFound: no such customer or stage.
        StageConflict: somebody moved him elsewhere meanwhile.
    """
    _lock(session, external_userid)
    stage = _get_stage(session, to_stage_id)
    now = find_stage_now(session, external_userid, stage.pipeline_id)
    return _move(session, external_userid, now, stage, userid=userid, seen=seen)


def undo_stage(session: Session, external_userid: str, *, change_id: int, userid: str) -> StageMove:
    """Take a change back by a new change to the stage before it; only who made it may.

    He stands there already: nothing is done.

    Raises:
        NotFound: no such change of this customer by him, or no stage before it.
        StageConflict: somebody moved him on meanwhile.
    """
    _lock(session, external_userid)
    change = session.get(StageChange, change_id)
    is_his = change is not None and change.external_userid == external_userid
    if change is None or not is_his or change.userid != userid or not change.from_stage_id:
        raise NotFound(N_("没有可以撤销的阶段修改"))
    stage = _get_stage(session, change.from_stage_id)
    now = find_stage_now(session, external_userid, stage.pipeline_id)
    return _move(session, external_userid, now, stage, userid=userid, seen=change_id, is_undo=True)


def _lock(session: Session, external_userid: str) -> None:
    """Let changes of one customer's stage happen one after the other."""
    if not lock_customer(session, external_userid):
        raise NotFound(N_("没有这位客户"))


def _get_stage(session: Session, stage_id: int) -> Stage:
    # PostgreSQL takes a larger number for a fault, and not for the id of nothing.
    stage = session.get(Stage, stage_id) if stage_id <= MOST_ID else None
    if stage is None or not stage.is_open:
        raise NotFound(N_("没有这个阶段"))
    if session.get_one(Pipeline, stage.pipeline_id).removed_at is not None:
        raise NotFound(N_("没有这个阶段"))
    return stage


def _move(
    session: Session,
    external_userid: str,
    now: StageNow,
    stage: Stage,
    *,
    userid: str,
    seen: int,
    is_undo: bool = False,
) -> StageMove:
    if now.stage_id == stage.id:
        return StageMove(stage.pipeline_id, now.change_id, now.name, stage.name, changed=False)
    if now.change_id != seen:
        raise StageConflict(now, stage.id, stage.pipeline_id)
    change_id = _write(session, external_userid, now, stage, userid=userid, is_undo=is_undo)
    return StageMove(
        stage.pipeline_id,
        change_id,
        now.name,
        stage.name,
        changed=True,
        can_undo=bool(now.stage_id),
        asks=stage.asks,
    )


def _write(
    session: Session,
    external_userid: str,
    now: StageNow,
    stage: Stage,
    *,
    userid: str,
    is_undo: bool,
) -> int:
    at = clock.utcnow()
    place = {"external_userid": external_userid, "pipeline_id": stage.pipeline_id}
    upsert(
        session,
        CustomerStage,
        [place | {"stage_id": stage.id, "changed_at": at}],
        key=["external_userid", "pipeline_id"],
        update=["stage_id", "changed_at"],
    )
    change = StageChange(
        **place,
        from_stage_id=now.stage_id,
        to_stage_id=stage.id,
        userid=userid,
        why="",
        changed_at=at,
    )
    session.add(change)
    session.flush()
    record_timeline(
        session,
        external_userid=external_userid,
        userid=userid,
        kind="stage_changed",
        at=at,
        key=timeline_key(change.id),
        data=tell_move(session.get_one(Pipeline, stage.pipeline_id).name, now.name, stage.name)
        | {"is_undo": is_undo},
    )
    return change.id


def tell_move(pipeline: str, from_stage: str, to_stage: str) -> dict[str, Any]:
    """Return what the timeline keeps of a move: names as they were then."""
    return {"pipeline": pipeline, "from_stage": from_stage, "to_stage": to_stage}


def timeline_key(change_id: int) -> str:
    """Return the key of a change's entry in the timeline."""
    return f"stage:{change_id}"

"""Moving on whoever stands in a stage that is being archived: in pieces, each whole by itself.

A process may die between two of them: whoever comes next goes on with those who are left.
"""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.customers.actions.stages import tell_move, timeline_key
from app.customers.actions.timeline import Happening, record_happenings
from app.customers.models import Customer, CustomerStage, Pipeline, Stage, StageChange
from app.customers.queries.pipelines import count_in_stage

PIECE = 250


def list_to_move_on(session: Session) -> Sequence[int]:
    """List the stages that somebody has to be moved out of, or that are to be closed behind them.

    Among those that are closed already there may be one that somebody came into while it was.
    """
    stands = select(CustomerStage.stage_id).where(CustomerStage.stage_id == Stage.id).exists()
    return session.scalars(
        select(Stage.id)
        .where(Stage.moves_to_id.is_not(None), Stage.removed_at.is_(None) | stands)
        .order_by(Stage.id)
    ).all()


def move_on(session: Session, stage_id: int, *, most: int = PIECE) -> int:
    """Move some of those who stand in a stage to where it says, and return how many.

    Each is a change like any other, made by whoever archived the stage. 0: nobody is left, and the
    stage is closed.
    """
    stage = session.get(Stage, stage_id)
    if stage is None or stage.moves_to_id is None:
        # Somebody has restored it.
        return 0
    external_userids = _take(session, stage, most)
    if not external_userids:
        _close(session, stage_id)
        return 0
    _write(session, stage, session.get_one(Stage, stage.moves_to_id), external_userids)
    return len(external_userids)


def _take(session: Session, stage: Stage, most: int) -> Sequence[str]:
    """Lock some who stand there, and return those of them who still do."""
    standing = select(CustomerStage.external_userid).where(CustomerStage.stage_id == stage.id)
    found: Sequence[str] = ()
    while not found and (some := session.scalars(standing.limit(most)).all()):
        # In one order, so that no two who lock several wait for each other.
        session.scalars(
            select(Customer.external_userid)
            .where(Customer.external_userid.in_(some))
            .order_by(Customer.external_userid)
            .with_for_update()
        ).all()
        found = session.scalars(standing.where(CustomerStage.external_userid.in_(some))).all()
    return found


def _write(session: Session, stage: Stage, target: Stage, external_userids: Sequence[str]) -> None:
    at = clock.utcnow()
    session.execute(
        update(CustomerStage)
        .where(
            CustomerStage.pipeline_id == stage.pipeline_id,
            CustomerStage.external_userid.in_(external_userids),
        )
        .values(stage_id=target.id, changed_at=at)
        .execution_options(synchronize_session=False)
    )
    changes = [
        StageChange(
            external_userid=external_userid,
            pipeline_id=stage.pipeline_id,
            from_stage_id=stage.id,
            to_stage_id=target.id,
            userid=stage.moves_by,
            changed_at=at,
        )
        for external_userid in external_userids
    ]
    session.add_all(changes)
    session.flush()
    pipeline = session.get_one(Pipeline, stage.pipeline_id).name
    told = tell_move(pipeline, stage.name, target.name) | {"is_archived": True}
    record_happenings(
        session,
        [
            Happening(
                external_userid=change.external_userid,
                userid=change.userid,
                kind="stage_changed",
                at=at,
                key=timeline_key(change.id),
                data=told,
            )
            for change in changes
        ],
    )


def _close(session: Session, stage_id: int) -> None:
    stage = session.scalars(
        select(Stage)
        .where(Stage.id == stage_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()
    # Somebody may have restored it, or come into it, until it was locked.
    if stage.moves_to_id and not stage.removed_at and not count_in_stage(session, stage_id):
        stage.removed_at = clock.utcnow()

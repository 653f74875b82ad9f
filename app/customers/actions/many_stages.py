"""Where many customers stand, and their first stages taken back: then they stand nowhere again."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.orm import Session

from app.customers.models import CustomerStage, StageChange


@dataclass(frozen=True)
class StageStands:
    """Where somebody stands, and by which change."""

    stage_id: int | None
    change_id: int


def read_stands(
    session: Session, people: Collection[str], pipelines: Collection[int]
) -> dict[tuple[str, int], StageStands]:
    """Return where many customers stand in these pipelines."""
    if not pipelines:
        return {}
    places = session.execute(
        select(
            CustomerStage.external_userid, CustomerStage.pipeline_id, CustomerStage.stage_id
        ).where(CustomerStage.external_userid.in_(people), CustomerStage.pipeline_id.in_(pipelines))
    )
    last = session.execute(
        select(StageChange.external_userid, StageChange.pipeline_id, func.max(StageChange.id))
        .where(StageChange.external_userid.in_(people), StageChange.pipeline_id.in_(pipelines))
        .group_by(StageChange.external_userid, StageChange.pipeline_id)
    )
    changes = {(row[0], row[1]): int(row[2]) for row in last}
    stages = {(row[0], row[1]): int(row[2]) for row in places}
    return {
        key: StageStands(stages.get(key), changes.get(key, 0)) for key in stages.keys() | changes
    }


def drop_first_stages(session: Session, changes: Mapping[str, int]) -> set[str]:
    """Take back these changes of customers, who are locked; return those of whom it was done.

    Not so when somebody moved him since, or said something of that step. The step itself goes, for
    none leads nowhere; what is in the timeline stays.
    """
    if not changes:
        return set()
    found = session.scalars(select(StageChange).where(StageChange.id.in_(changes.values()))).all()
    stands = read_stands(session, changes, {one.pipeline_id for one in found})
    going = [one for one in found if _is_untouched(one, stands)]
    places = [(one.external_userid, one.pipeline_id) for one in going]
    place = tuple_(CustomerStage.external_userid, CustomerStage.pipeline_id)
    session.execute(
        delete(CustomerStage).where(place.in_(places)).execution_options(synchronize_session=False)
    )
    for one in going:
        session.delete(one)
    session.flush()
    return {one.external_userid for one in going}


def _is_untouched(change: StageChange, stands: Mapping[tuple[str, int], StageStands]) -> bool:
    if change.from_stage_id is not None or change.why or change.reason or change.amount is not None:
        return False
    now = stands.get((change.external_userid, change.pipeline_id))
    return now == StageStands(change.to_stage_id, change.id)

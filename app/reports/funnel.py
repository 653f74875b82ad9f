"""How many customers stand in each stage, and how long customers stay there (漏斗)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session, aliased

from app.customers.models import CustomerStage, FollowUser, Stage, StageChange
from app.customers.queries import find_default_pipeline, list_default_stages
from app.db import UtcDateTime
from app.reports.asked import Asked

DAYS, MOST_CHANGES = 180, 20_000
DAY = timedelta(days=1)


def read_funnel(session: Session, asked: Asked) -> dict[str, Any]:
    """Read the stages of the default pipeline: `name`, `color`, `count`, `median_days`, `moves`.

    Those whom somebody follows now are counted. `median_days` (None without any) is that of the
    last `moves` out of the stage, however they stand now.
    """
    counts = _count_stages(session, asked)
    stays = _list_stays(session, asked)
    stages = list_default_stages(session)
    colors = _read_colors(session, [stage_id for stage_id, _name in stages])
    rows = []
    for stage_id, name in stages:
        days = stays.get(stage_id, [])
        middle = round(median(days), 1) if days else None
        rows.append(
            {
                "name": name,
                "color": colors.get(stage_id, ""),
                "count": counts.get(stage_id, 0),
                "median_days": middle,
                "moves": len(days),
            }
        )
    return {"days": DAYS, "rows": rows}


def _read_colors(session: Session, stage_ids: Sequence[int]) -> dict[int, str]:
    rows = session.execute(select(Stage.id, Stage.color).where(Stage.id.in_(stage_ids)))
    return {row.id: row.color for row in rows}


def _count_stages(session: Session, asked: Asked) -> dict[int, int]:
    # Whom somebody follows, first, and then where he stands: the other way round MariaDB puts
    # everybody who is followed into a table of its own, and a manager's few are looked for last.
    followed = (
        select(FollowUser.external_userid)
        .where(FollowUser.removed_at.is_(None), asked.scope.holds(FollowUser.userid))
        .group_by(FollowUser.external_userid)
        .subquery()
    )
    place = CustomerStage.external_userid == followed.c.external_userid
    rows = session.execute(
        select(CustomerStage.stage_id, func.count())
        .join(followed, place)
        .where(CustomerStage.pipeline_id == find_default_pipeline(session))
        .group_by(CustomerStage.stage_id)
    )
    return dict(rows.all())


def _list_stays(session: Session, asked: Asked) -> dict[int, list[float]]:
    """List how many days customers stayed in each stage before they were moved out of it."""
    found: dict[int, list[float]] = {}
    for stage_id, since, until in _read_moves(session, asked):
        if since is not None:
            found.setdefault(stage_id, []).append(max(0.0, (until - since) / DAY))
    return found


def _read_moves(session: Session, asked: Asked) -> list[tuple[int, datetime | None, datetime]]:
    """Read the newest moves, as (out of which stage, there since when, moved when)."""
    known = exists().where(
        FollowUser.external_userid == StageChange.external_userid,
        asked.scope.holds(FollowUser.userid),
    )
    rows = session.execute(
        select(StageChange.from_stage_id, _entered_at(), StageChange.changed_at)
        .where(
            StageChange.pipeline_id == find_default_pipeline(session),
            StageChange.changed_at >= asked.now - timedelta(days=DAYS),
            StageChange.from_stage_id.is_not(None),
            known,
        )
        .order_by(StageChange.id.desc())
        .limit(MOST_CHANGES)
    )
    return [(stage_id, since, until) for stage_id, since, until in rows if stage_id]


def _entered_at() -> ColumnElement[datetime]:
    """Say in SQL since when a customer stood where a change took him away from."""
    before = aliased(StageChange)
    entered = (
        select(before.changed_at)
        .where(
            before.external_userid == StageChange.external_userid,
            before.id < StageChange.id,
            before.pipeline_id == StageChange.pipeline_id,
        )
        .order_by(before.id.desc())
        .limit(1)
        .correlate(StageChange)
        .scalar_subquery()
    )
    # No change tells of the first stage: he was put into it when somebody first knew him.
    known = (
        select(func.min(FollowUser.added_at))
        .where(FollowUser.external_userid == StageChange.external_userid)
        .correlate(StageChange)
        .scalar_subquery()
    )
    return func.coalesce(entered, known, type_=UtcDateTime())

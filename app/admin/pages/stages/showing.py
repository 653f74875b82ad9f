"""What the page of stages shows: pipelines, their stages, the archive, and who is being moved."""

from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app.admin.pages.parts import Admin
from app.admin.problems import Problem
from app.admin.reading import Times, number, times
from app.customers.queries import (
    ASKS_WORDS,
    STAGE_COLORS,
    ArchivedStage,
    PipelineRow,
    StageRow,
    list_archived_pipelines,
    list_pipelines,
    word_pipeline,
    word_stage,
)
from app.customers.queries.marks import mark_order
from app.customers.queries.stages import PIPELINES, STAGES
from app.i18n import _
from app.runtime import Runtime
from app.welcome.queries import list_scripts
from app.words import clean


def load(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read the pipelines and what is archived."""
    del admin
    return show_list(session, times(runtime))


def show_list(session: Session, now: Times) -> dict[str, Any]:
    """Show all pipelines."""
    rows = list_pipelines(session)
    pipelines = [_show_pipeline(row, now) for row in rows]
    return {
        "pipelines": pipelines,
        "order": mark_order(row.id for row in rows),
        "has_room": len(rows) < PIPELINES,
        "most": PIPELINES,
        "most_stages": STAGES,
        "moving": _show_moving(rows),
        "gone": [
            {
                "id": one.id,
                "name": clean(word_pipeline(one.name)),
                "when": now.minute(one.removed_at) if one.removed_at else "",
                "count": one.count,
            }
            for one in list_archived_pipelines(session)
        ],
        "fault": "",
        "fresh": "",
    }


def load_moving(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read how far the customers of stages that are being archived have got."""
    del runtime, admin
    return {"moving": _show_moving(list_pipelines(session))}


def load_stage(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read the stage `?stage=…`, or nothing yet for a new one of `?pipeline=…`.

    Raises:
        Problem: no_such_page.
    """
    del runtime, admin
    pipeline, stage = _find_asked(session)
    return {
        "pipeline": {"id": pipeline.id, "name": clean(word_pipeline(pipeline.name))},
        "row": _show_stage(stage) if stage else None,
        "is_default": pipeline.is_default,
        "given": stage or {"name": "", "asks": "", "color": "gray"},
        "colors": [(name, _(word)) for name, word in STAGE_COLORS.items()],
        "asks": [(name, _(word)) for name, word in ASKS_WORDS.items()],
        "fault": "",
    }


def load_pipeline(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read the pipeline `?pipeline=…`, or nothing yet for a new one.

    Raises:
        Problem: no_such_page.
    """
    del runtime, admin
    row = None
    if "pipeline" in request.args:
        row = _find_asked(session)[0]
    return {"row": row, "given": {"name": row.name if row else "", "stages": ""}, "fault": ""}


def load_stage_archive(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read what archiving the stage `?stage=…` comes to.

    Raises:
        Problem: no_such_page.
    """
    del runtime, admin
    pipeline, stage = _find_asked(session)
    if stage is None:
        raise Problem("no_such_page", reason="stage")
    others = [one for one in pipeline.stages if one.id != stage.id]
    is_first = pipeline.is_default and pipeline.stages[0].id == stage.id
    return {
        "pipeline": clean(word_pipeline(pipeline.name)),
        "row": _show_stage(stage),
        "others": [_show_stage(one) for one in others],
        "next_first": clean(word_stage(others[0].name)) if others and is_first else "",
        "welcomes": [
            clean(one.name)
            for one in list_scripts(session)
            if one.draft.extras.stage_id == stage.id
        ],
        "to": 0,
        "fault": "",
    }


def load_pipeline_archive(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read what archiving the pipeline `?pipeline=…` comes to.

    Raises:
        Problem: no_such_page.
    """
    del runtime, admin
    rows = list_pipelines(session)
    wanted = number(request.args.get("pipeline"))
    row = next((one for one in rows if one.id == wanted), None)
    if row is None:
        raise Problem("no_such_page", reason="pipeline")
    after = [one for one in rows if one is not row]
    return {
        "row": {"id": row.id, "name": clean(word_pipeline(row.name)), "count": row.count},
        "is_last": not after,
        "next": clean(word_pipeline(after[0].name)) if after and row is rows[0] else "",
        "first_stage": clean(word_stage(after[0].stages[0].name)) if after else "",
        "fault": "",
    }


def _find_asked(session: Session) -> tuple[PipelineRow, StageRow | None]:
    """Find what the address names: a stage and its pipeline, or a pipeline alone."""
    stage_id = number(request.args.get("stage"))
    pipeline_id = number(request.args.get("pipeline"))
    for pipeline in list_pipelines(session):
        if not stage_id and pipeline.id == pipeline_id:
            return pipeline, None
        for stage in pipeline.stages:
            if stage_id and stage.id == stage_id:
                return pipeline, stage
    raise Problem("no_such_page", reason="stage")


def _show_pipeline(row: PipelineRow, now: Times) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": clean(word_pipeline(row.name)),
        "is_default": row.is_default,
        "count": row.count,
        "order": row.order,
        "has_room": len(row.stages) < STAGES,
        "stages": [_show_stage(stage) for stage in row.stages],
        "archived": [_show_archived(one, now) for one in row.archived],
    }


def _show_stage(row: StageRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": clean(word_stage(row.name)),
        "asks": _(ASKS_WORDS[row.asks]) if row.asks in ASKS_WORDS else row.asks,
        "color": row.color,
        "count": row.count,
        "mark": row.mark,
    }


def _show_archived(one: ArchivedStage, now: Times) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": clean(word_stage(one.name)),
        "color": one.color,
        "to": clean(word_stage(one.to)),
        "total": one.total,
        "left": one.left,
        "when": now.minute(one.removed_at) if one.removed_at else "",
    }


def _show_moving(rows: list[PipelineRow]) -> list[dict[str, Any]]:
    return [
        {
            "name": clean(word_stage(one.name)),
            "to": clean(word_stage(one.to)),
            "left": one.left,
            "total": max(one.total, one.left, 1),
        }
        for row in rows
        for one in row.archived
        if one.removed_at is None
    ]

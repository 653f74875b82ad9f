"""What the pipelines of a profile show: where he stands, and what may be added to a change."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.customers.actions import StageNote
from app.customers.queries import (
    STAGE_REASONS,
    StageBoard,
    get_stage_boards,
    word_pipeline,
    word_stage,
)
from app.i18n import _
from app.outbox import customer_path
from app.words import clean
from sidebar.context import CardContext
from sidebar.panels.profile.timeline import show_timeline
from sidebar.panels.showing import visible


def show_stage(session: Session, context: CardContext) -> dict[str, Any]:
    """Read the pipelines, the default one first, and where he stands in each."""
    boards = get_stage_boards(session, context.external_userid)
    return {
        "path": customer_path(context.external_userid),
        "pipelines": [_pipeline(board, is_first=not n) for n, board in enumerate(boards)],
    }


def show_changed(session: Session, context: CardContext, pipeline_id: int) -> dict[str, Any]:
    """Read what an answer shows: the timeline, and one pipeline, opened; else the default one."""
    values = show_timeline(session, context) | show_stage(session, context)
    shown = [one for one in values["pipelines"] if one["id"] == pipeline_id]
    values["pipeline"] = (shown or values["pipelines"])[0]
    values["pipeline"]["is_open"] = True
    return values


def show_note(note: StageNote, *, fault: str = "", typed: str | None = None) -> dict[str, Any]:
    """Show what stands on a change; `typed`: the amount as it was typed, where it was refused."""
    amount = "" if note.amount is None else f"{note.amount:,.2f}"
    return {
        "change_id": note.change_id,
        "asks": note.asks,
        "why": visible(note.why),
        "amount": amount if typed is None else typed,
        "reasons": show_reasons(STAGE_REASONS, note.reason) if note.asks == "reason" else [],
        "fault": fault,
    }


def show_reasons(reasons: Mapping[str, str], chosen: str) -> list[dict[str, Any]]:
    """Show reasons as chips; the chosen one clears itself."""
    return [
        {"key": key, "words": _(words), "is_chosen": key == chosen}
        for key, words in reasons.items()
    ]


def _pipeline(board: StageBoard, *, is_first: bool) -> dict[str, Any]:
    return {
        "id": board.pipeline_id,
        "is_first": is_first,
        "target": "stage" if is_first else f"pipeline-{board.pipeline_id}",
        "name": clean(word_pipeline(board.name)),
        "stages": [(stage_id, clean(word_stage(name))) for stage_id, name in board.stages],
        "stage_id": board.now.stage_id,
        "now": clean(word_stage(board.now.name)) or _("未设置"),
        "seen": board.now.change_id,
    }

"""The stages of a customer in every pipeline, and how he came there."""

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.admin.pages.customer.looking import Looked
from app.admin.reading import Times, span
from app.customers.actions import get_stage_note
from app.customers.queries import (
    STAGE_REASONS,
    StageBoard,
    StageHistory,
    StageStep,
    get_stage_boards,
    get_stage_history,
    word_additions,
    word_pipeline,
    word_stage,
)
from app.errors import NotFound
from app.i18n import _
from app.words import visible

# So long his own last change is offered to be taken back.
UNDO_FOR = timedelta(minutes=10)
A_WHILE = timedelta(minutes=1)


def show_stages(
    session: Session, looked: Looked, *, viewer: str, pipeline_id: int = 0, before: int = 0
) -> dict[str, Any]:
    """Show the pipelines; of one, the changes before a certain one, of all others the newest.

    `viewer`: who may take back what he himself has just changed.
    """
    shown = []
    for board in get_stage_boards(session, looked.external_userid):
        since = before if board.pipeline_id == pipeline_id else 0
        history = get_stage_history(
            session, looked.external_userid, board.pipeline_id, before=since
        )
        values = _show(board, history, looked.now)
        values |= {"is_older": bool(since), "undo": _undo(history, viewer, looked.now)}
        values["after"] = _after(session, looked, board, viewer)
        shown.append(values)
    return {"pipelines": shown}


def _undo(history: StageHistory, viewer: str, now: Times) -> dict[str, Any] | None:
    """Return what the viewer may take back: the last change, if it is his and fresh."""
    if not history.steps:
        return None
    last = history.steps[0]
    change = last.change
    is_his = change.userid == viewer and change.from_stage_id is not None
    if not is_his or last.left_at is not None or now.now - change.changed_at > UNDO_FOR:
        return None
    return {"change": change.id, "stage": visible(word_stage(last.from_stage))}


def _after(
    session: Session, looked: Looked, board: StageBoard, viewer: str
) -> dict[str, Any] | None:
    """Return what the viewer has added to the last change, and may add; None: it is not his."""
    if not board.now.change_id or board.now.userid != viewer:
        return None
    try:
        note = get_stage_note(
            session, looked.external_userid, change_id=board.now.change_id, userid=viewer
        )
    except NotFound:
        return None
    return {
        "change": note.change_id,
        "asks": note.asks,
        "why": visible(note.why),
        "reason": note.reason,
        "reasons": [(key, _(words)) for key, words in STAGE_REASONS.items()],
        "amount": "" if note.amount is None else f"{note.amount:,.2f}",
        "told": "",
    }


def _show(board: StageBoard, history: StageHistory, now: Times) -> dict[str, Any]:
    ids = [stage_id for stage_id, _name in board.stages]
    place = ids.index(board.now.stage_id) if board.now.stage_id in ids else -1
    return {
        "id": board.pipeline_id,
        "name": visible(word_pipeline(board.name)),
        "stages": [
            {"id": stage_id, "name": visible(word_stage(name)), "is_past": number < place}
            for number, (stage_id, name) in enumerate(board.stages)
        ],
        "stage_id": board.now.stage_id,
        "seen": board.now.change_id,
        "steps": [_show_step(step, now) for step in history.steps],
        "older": history.older,
    }


def _show_step(step: StageStep, now: Times) -> dict[str, Any]:
    change = step.change
    stayed = (step.left_at or now.now) - change.changed_at
    added = word_additions(
        {
            "amount": "" if change.amount is None else str(change.amount),
            "reason": change.reason,
            "why": change.why,
        }
    )
    return {
        "from": visible(word_stage(step.from_stage)) or _("未设置"),
        "to": visible(word_stage(step.to_stage)),
        "member": visible(step.member) or _("系统"),
        "at": now.minute(change.changed_at),
        "added": visible(" · ".join(added)),
        "stayed": _word_stay(stayed, is_over=step.left_at is not None),
    }


def _word_stay(stayed: timedelta, *, is_over: bool) -> str:
    """Say for how long he stayed, or has by now."""
    if is_over:
        return _("停留 {time}", time=span(stayed.total_seconds()))
    return _("至今 {time}", time=span(stayed.total_seconds())) if stayed > A_WHILE else _("刚刚")

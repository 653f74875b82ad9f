"""The history of a customer's stages: a sheet that says who moved him, when, and why."""

from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app.customers.queries import (
    StageStep,
    get_stage_boards,
    get_stage_history,
    word_additions,
    word_pipeline,
    word_stage,
)
from app.errors import NotFound
from app.i18n import _
from app.outbox import customer_path
from app.words import clean
from sidebar.context import CardContext
from sidebar.panels.reading import is_htmx, number, times
from sidebar.panels.showing import Times, visible


def load(session: Session, context: CardContext) -> dict[str, Any]:
    """Read a page of the changes in `?pipeline=…`, else in the default one, `?before=…`."""
    pipeline_id, before = number(request.args.get("pipeline")), number(request.args.get("before"))
    try:
        history = get_stage_history(session, context.external_userid, pipeline_id, before=before)
    except NotFound:
        boards = get_stage_boards(session, context.external_userid)
        pipeline_id, before = boards[0].pipeline_id, 0
        history = get_stage_history(session, context.external_userid, pipeline_id)
    now = times()
    first = history.steps[-1].from_stage if history.steps and not history.older else ""
    return {
        "path": customer_path(context.external_userid),
        "title": clean(word_pipeline(history.pipeline)),
        "steps": [_step(step, now) for step in history.steps],
        "first": clean(word_stage(first)),
        "pipeline_id": pipeline_id,
        "older": history.older,
        "page_only": bool(before) and is_htmx(),
    }


def _step(step: StageStep, times: Times) -> dict[str, str]:
    change = step.change
    added = {
        "amount": None if change.amount is None else str(change.amount),
        "reason": change.reason,
        "why": visible(change.why),
    }
    came, went = clean(word_stage(step.from_stage)), clean(word_stage(step.to_stage))
    return {
        "text": f"{came or _('未设置')} → {went}",
        "added": clean(" · ".join(word_additions(added))),
        "member": visible(step.member),
        "time": times.minute(change.changed_at),
        "at": change.changed_at.isoformat(timespec="seconds"),
        "stay": _stay(step, times),
    }


def _stay(step: StageStep, times: Times) -> str:
    days = ((step.left_at or times.now) - step.change.changed_at).days
    if step.left_at is None:
        return _("至今 {days} 天", days=days) if days else _("至今不到 1 天")
    return _("停留 {days} 天", days=days) if days else _("停留不到 1 天")

"""What a member may add to the stage change that he has just made; he need not."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from app.customers.actions import Addition, StageNote, add_stage_note, get_stage_note
from app.errors import NotFound, Refused
from app.i18n import _
from app.money import parse_amount
from app.runtime import Runtime
from app.words import clean
from sidebar.context import CardContext
from sidebar.panels.parts import Reply
from sidebar.panels.profile.pipelines import show_changed, show_note
from sidebar.panels.reading import number
from sidebar.panels.showing import visible
from sidebar.panels.writing import commit

REFUSED = 422
AMOUNT_LENGTH = 40


def add(runtime: Runtime, context: CardContext, form: Mapping[str, str]) -> Reply:
    """Put what he says onto his change. What is not in the form stays as it was."""
    own: dict[str, Any] = {
        "external_userid": context.external_userid,
        "change_id": number(form.get("change")),
        "userid": context.viewer.userid,
    }
    try:
        try:
            note = commit(runtime, partial(add_stage_note, **own, said=_said(form)))
        except Refused as error:
            with runtime.db.read() as session:
                stands = get_stage_note(session, **own)
            typed = visible(form.get("amount", ""))[:AMOUNT_LENGTH]
            shown = show_note(stands, fault=clean(str(error)), typed=typed)
            if "why" in form:
                shown["why"] = visible(form["why"])
            return _reply(runtime, context, REFUSED, pipeline_id=stands.pipeline_id, shown=shown)
    except NotFound as error:
        notice = {"text": clean(_(str(error))), "is_fault": True}
        return _reply(runtime, context, REFUSED, notice=notice)
    return _reply(
        runtime,
        context,
        200,
        pipeline_id=note.pipeline_id,
        shown=show_note(note),
        notice=_notice(note),
    )


def _said(form: Mapping[str, str]) -> Addition:
    """Read the form. Raises: Refused, what was typed is no amount."""
    amount = parse_amount(form["amount"]) if "amount" in form else None
    return Addition(
        why=visible(" ".join(form["why"].split())) if "why" in form else None,
        reason=form.get("reason"),
        amount=amount,
        clears_amount="amount" in form and amount is None,
    )


def _notice(note: StageNote) -> dict[str, Any]:
    has_any = bool(note.why or note.reason or note.amount is not None)
    return {
        "text": _("已补充") if has_any else _("已清空补充"),
        "home": f"#stage-why-{note.change_id}",
    }


def _reply(
    runtime: Runtime,
    context: CardContext,
    status: int,
    *,
    pipeline_id: int = 0,
    shown: Mapping[str, Any] | None = None,
    notice: Mapping[str, Any] | None = None,
) -> Reply:
    with runtime.db.read() as session:
        values = show_changed(session, context, pipeline_id)
    if shown is not None:
        values["pipeline"]["note"] = values["note"] = shown
    return Reply("panels/profile/stage_noted.html", values | {"notice": notice}, status)

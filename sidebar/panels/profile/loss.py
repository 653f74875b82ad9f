"""Why a customer has left: by one tap in the bar that says so, with undo."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app.churn.actions import Cause, set_loss_reason
from app.churn.errors import ReasonChanged
from app.churn.queries import get_loss_reason
from app.customers.queries import LOSS_REASONS, word_reason
from app.errors import NotFound
from app.i18n import _
from app.outbox import customer_path
from app.runtime import Runtime
from app.words import clean
from sidebar.context import CardContext
from sidebar.panels.parts import Reply
from sidebar.panels.profile.pipelines import show_reasons
from sidebar.panels.profile.timeline import show_timeline
from sidebar.panels.showing import name_of, visible

CONFLICT, UNKNOWN = 409, 422
HOME = "#loss-reason button"


def show_loss(session: Session, context: CardContext) -> dict[str, Any]:
    """Read why he left; `loss` None: he has not."""
    follow = context.viewpoint.follow
    if follow.removed_at is None or follow.removed_by != "customer":
        return {"loss": None}
    stands = get_loss_reason(session, follow.id)
    member = ""
    if stands.userid and stands.userid != context.viewer.userid:
        member = name_of(session, stands.userid)
    return {
        "loss": {
            "reason": stands.reason,
            "reasons": show_reasons(LOSS_REASONS, stands.reason),
            "takes_note": stands.reason == "other",
            "note": visible(stands.note),
            "member": member,
        }
    }


def set_reason(runtime: Runtime, context: CardContext, form: Mapping[str, str]) -> Reply:
    """Put down the reason that was tapped; "" clears it. `was`: what he saw there.

    `undo`: it takes his last tap back.
    """
    cause = Cause(
        reason=form.get("reason", ""), note=visible(" ".join(form.get("note", "").split()))
    )
    work = partial(
        set_loss_reason,
        follow=context.viewpoint.follow,
        userid=context.viewer.userid,
        cause=cause,
        instead_of=form.get("was"),
    )
    try:
        before = runtime.db.commit(work)
    except ReasonChanged as changed:
        return _show_conflict(runtime, context, changed, cause)
    except NotFound as error:
        return _reply(runtime, context, UNKNOWN, notice={"text": _(str(error)), "is_fault": True})
    if before.reason == cause.reason:
        notice: dict[str, Any] = {"text": _("已补充") if cause.note else _("已记下")}
    else:
        words = word_reason(cause.reason)
        text = _("流失原因：{reason}", reason=words) if words else _("已清除流失原因")
        notice = {"text": text} | ({} if "undo" in form else {"undo": _undo(before, cause)})
    return _reply(runtime, context, 200, notice=notice)


def _undo(before: Cause, cause: Cause) -> dict[str, Any]:
    undone = {
        "reason": before.reason,
        "note": visible(before.note),
        "was": cause.reason,
        "undo": 1,
    }
    return {"action": "loss-reason", "values": undone, "target": "#loss-reason"}


def _show_conflict(
    runtime: Runtime, context: CardContext, changed: ReasonChanged, wanted: Cause
) -> Reply:
    reason = word_reason(changed.reason) or _("未填写")
    if changed.userid == context.viewer.userid:
        told = _("你已在别处把原因改成「{reason}」", reason=reason)
    else:
        with runtime.db.read() as session:
            member = name_of(session, changed.userid)
        told = _("{member} 刚把原因改成「{reason}」", member=member, reason=reason)
    conflict = {
        "text": clean(told),
        "wanted": wanted.reason,
        "wanted_words": word_reason(wanted.reason),
        "note": wanted.note,
    }
    return _reply(runtime, context, CONFLICT, conflict=conflict)


def _reply(
    runtime: Runtime,
    context: CardContext,
    status: int,
    *,
    notice: Mapping[str, Any] | None = None,
    conflict: Mapping[str, Any] | None = None,
) -> Reply:
    with runtime.db.read() as session:
        values = show_timeline(session, context) | show_loss(session, context)
    if conflict is not None:
        values["loss"]["conflict"] = conflict
    values["path"] = customer_path(context.external_userid)
    values["notice"] = notice and {**notice, "text": clean(notice["text"]), "home": HOME}
    return Reply("panels/profile/loss_set.html", values, status)

"""The remark in a profile, edited in its place."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app.customers.actions import RemarkChange, change_remark, retry_remark
from app.customers.models import Customer
from app.customers.queries import find_follow
from app.errors import Refused
from app.i18n import _
from app.outbox import customer_path
from app.pushes.models import Push
from app.pushes.queries import word_reason
from app.runtime import Runtime
from sidebar.context import CardContext
from sidebar.panels.parts import Reply
from sidebar.panels.profile.pushed import (
    UNKNOWN,
    do_own,
    may_write,
    pick_own,
    read_unsettled,
    show_way,
)
from sidebar.panels.profile.timeline import show_timeline
from sidebar.panels.showing import visible

# Where the focus goes from a toast about the remark.
HOME = "#remark summary"


def show_remark(
    session: Session, context: CardContext, pushes: Sequence[Push], remark: str
) -> dict[str, Any]:
    """Show it; one that is the customer's own name is none."""
    customer = session.get(Customer, context.external_userid)
    text = visible(remark)
    if customer is not None and text == visible(customer.name):
        text = ""
    own, failed = pick_own(pushes, "")
    faults = [_fault(push, remark) for push in failed]
    return {
        "path": customer_path(context.external_userid),
        "remark": {
            "text": text,
            "typed": text,
            "fault": "",
            "may_write": may_write(context),
            "way": show_way(own, faults),
        },
    }


def load_way(session: Session, context: CardContext) -> dict[str, Any]:
    """Read how the remark stands with WeCom: what the page asks again and again."""
    return _read(session, context)


def change(runtime: Runtime, context: CardContext, form: Mapping[str, str]) -> Reply:
    """Take what was typed; what cannot be taken stays in the form."""
    typed = form.get("remark", "")
    work = partial(
        change_remark,
        external_userid=context.external_userid,
        userid=context.viewer.userid,
        remark=typed,
    )
    try:
        notice, status = do_own(runtime, context, work, _notice)
    except Refused as error:
        return _reply(runtime, context, notice=None, status=UNKNOWN, typed=typed, fault=str(error))
    return _reply(runtime, context, notice=notice, status=status)


def retry(runtime: Runtime, context: CardContext, _form: Mapping[str, str]) -> Reply:
    """Tell WeCom again what it could not be told."""
    work = partial(
        retry_remark, external_userid=context.external_userid, userid=context.viewer.userid
    )
    notice, status = do_own(runtime, context, work, lambda _told: None)
    return _reply(runtime, context, notice=notice, status=status)


def _notice(change: RemarkChange) -> dict[str, Any] | None:
    if not change.changed:
        return None
    said = _("备注已改为「{remark}」", remark=visible(change.after))
    notice: dict[str, Any] = {"text": said, "home": HOME}
    if change.way_back is not None:
        undone = {"remark": change.way_back}
        notice["undo"] = {"action": "remark", "values": undone, "target": "#remark"}
    return notice


def _reply(
    runtime: Runtime,
    context: CardContext,
    *,
    notice: Mapping[str, Any] | None,
    status: int,
    typed: str = "",
    fault: str = "",
) -> Reply:
    with runtime.db.read() as session:
        values = show_timeline(session, context) | _read(session, context)
    if fault:
        values["remark"] |= {"typed": typed, "fault": fault}
    return Reply("panels/profile/remark_changed.html", values | {"notice": notice}, status)


def _read(session: Session, context: CardContext) -> dict[str, Any]:
    follow = find_follow(session, context.viewpoint.follow.userid, context.external_userid)
    now = follow or context.viewpoint.follow
    return show_remark(session, context, read_unsettled(session, context), now.remark)


def _fault(push: Push, remark: str) -> str:
    why = word_reason(push)
    if push.value == remark:
        return _("备注没有同步到企业微信：{why}", why=why)
    return _("备注「{remark}」没有同步到企业微信：{why}", remark=visible(push.value), why=why)

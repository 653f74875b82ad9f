"""The description in a profile, edited in its place."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app.customers.actions import RemarkChange, change_description, retry_description
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

SUBJECT = "description"
# Where the focus goes from a toast about the description.
HOME = "#description summary"


def show_description(context: CardContext, pushes: Sequence[Push], text: str) -> dict[str, Any]:
    """Show it."""
    shown = visible(text, lines=True)
    own, failed = pick_own(pushes, SUBJECT)
    return {
        "path": customer_path(context.external_userid),
        "description": {
            "text": shown,
            "typed": shown,
            "fault": "",
            "may_write": may_write(context),
            "way": show_way(own, [_fault(push, text) for push in failed]),
        },
    }


def load_way(session: Session, context: CardContext) -> dict[str, Any]:
    """Read how the description stands with WeCom: what the page asks again and again."""
    return _read(session, context)


def change(runtime: Runtime, context: CardContext, form: Mapping[str, str]) -> Reply:
    """Take what was typed; what cannot be taken stays in the form."""
    typed = form.get("description", "")
    work = partial(
        change_description,
        external_userid=context.external_userid,
        userid=context.viewer.userid,
        description=typed,
    )
    try:
        notice, status = do_own(runtime, context, work, _notice)
    except Refused as error:
        return _reply(runtime, context, notice=None, status=UNKNOWN, typed=typed, fault=str(error))
    return _reply(runtime, context, notice=notice, status=status)


def retry(runtime: Runtime, context: CardContext, _form: Mapping[str, str]) -> Reply:
    """Tell WeCom again what it could not be told."""
    work = partial(
        retry_description, external_userid=context.external_userid, userid=context.viewer.userid
    )
    notice, status = do_own(runtime, context, work, lambda _told: None)
    return _reply(runtime, context, notice=notice, status=status)


def _notice(change: RemarkChange) -> dict[str, Any] | None:
    if not change.changed:
        return None
    said = _("描述已保存") if change.after else _("描述已清空")
    notice: dict[str, Any] = {"text": said, "home": HOME}
    if change.way_back is not None:
        undone = {"description": change.way_back}
        notice["undo"] = {"action": "description", "values": undone, "target": "#description"}
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
        values["description"] |= {"typed": typed, "fault": fault}
    template = "panels/profile/description_changed.html"
    return Reply(template, values | {"notice": notice}, status)


def _read(session: Session, context: CardContext) -> dict[str, Any]:
    follow = find_follow(session, context.viewpoint.follow.userid, context.external_userid)
    now = follow or context.viewpoint.follow
    return show_description(context, read_unsettled(session, context), now.description)


def _fault(push: Push, text: str) -> str:
    why = word_reason(push)
    if push.value == text:
        return _("描述没有同步到企业微信：{why}", why=why)
    wanted = " ".join(visible(push.value, lines=True).split())
    return _("描述「{description}」没有同步到企业微信：{why}", description=wanted, why=why)

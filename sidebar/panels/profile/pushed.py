"""How far what a member changed has come on its way to WeCom: what is under way, what failed, why.

What belongs to his relation with the customer (remark, description, numbers, tags) nobody else may
change.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from flask import request
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.i18n import _
from app.pushes.models import Push
from app.pushes.queries import list_unsettled
from app.runtime import Runtime
from sidebar.context import CardContext
from sidebar.panels.reading import number
from sidebar.panels.showing import name_of
from sidebar.panels.writing import commit

T = TypeVar("T")

OK, FORBIDDEN, UNKNOWN = 200, 403, 422

# The page asks every two seconds how it goes, and after a minute no more.
LOOKS = 30


def may_write(context: CardContext) -> bool:
    """Tell whether the viewer may change what is here: the relation is his own, and lives."""
    return context.viewpoint.is_own and context.viewpoint.follow.removed_at is None


def why_not(session: Session, context: CardContext) -> str:
    """Say why he may not."""
    follow = context.viewpoint.follow
    if not context.viewpoint.is_own:
        member = name_of(session, follow.userid)
        return _("备注、描述、电话和标签属于跟进人，只有 {member} 自己能修改。", member=member)
    return _("客户已经删除了你，备注、描述、电话和标签不能再修改。")


def do_own(
    runtime: Runtime,
    context: CardContext,
    work: Callable[[Session], T],
    word: Callable[[T], dict[str, Any] | None],
) -> tuple[dict[str, Any] | None, int]:
    """Do it, if the viewer may; return what to say of it, if anything, and the status.

    `word` words what came of it: only here the reader's language is known.

    Raises:
        Refused: what was typed cannot be taken.
    """
    if not may_write(context):
        with runtime.db.read() as session:
            return {"text": why_not(session, context), "is_fault": True}, FORBIDDEN
    try:
        return word(commit(runtime, work)), OK
    except NotFound as error:
        return {"text": _(str(error)), "is_fault": True}, UNKNOWN


def pick_own(pushes: Sequence[Push], subject: str) -> tuple[list[Push], list[Push]]:
    """Return what is told of a subject of the remark, and of this what failed."""
    own = [push for push in pushes if (push.kind, push.subject) == ("remark", subject)]
    return own, [push for push in own if push.outcome == "failed"]


def read_unsettled(session: Session, context: CardContext) -> tuple[Push, ...]:
    """Read what is open or has failed; nothing for whom it is no concern."""
    if not may_write(context):
        return ()
    return list_unsettled(session, context.viewer.userid, context.external_userid)


def show_way(pushes: Sequence[Push], faults: list[str]) -> dict[str, Any]:
    """Say how these stand; `faults` words those that failed.

    `looks_on`: the page asks again by itself; `key` tells one such asking from the next.
    """
    looks = number(request.args.get("looks"))
    is_pending = any(push.outcome is None for push in pushes)
    return {
        "is_pending": is_pending,
        "looks_on": is_pending and looks < LOOKS,
        "looks": looks + 1,
        "key": f"{max((push.id for push in pushes), default=0)}-{looks}",
        "faults": faults,
    }

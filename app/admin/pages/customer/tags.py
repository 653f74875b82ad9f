"""The tags that a member gave the customer, and how each stands with WeCom."""

from typing import Any

from sqlalchemy.orm import Session

from app.admin.pages.customer.looking import Looked
from app.customers.models import FollowUser
from app.customers.queries import Mark, find_tags, list_marks
from app.i18n import N_, _
from app.pushes.models import Push
from app.pushes.queries import list_unsettled, word_reason
from app.words import visible

OWN = 2
# The page asks every two seconds how far tags have come on their way, and after a minute no more.
LOOKS = 30
FAULTS = {
    "add": N_("{tags}没有加到企业微信：{why}"),
    "remove": N_("{tags}没有从企业微信去掉：{why}"),
}


def show_tags(
    session: Session, looked: Looked, follow: FollowUser, *, looks: int = 0
) -> dict[str, Any]:
    """Show them, and what WeCom could not be told of. `looks`: how often the page has asked."""
    unsettled = list_unsettled(session, follow.userid, looked.external_userid)
    pushes = [push for push in unsettled if push.kind == "tags"]
    states = {push.subject: "failed" if push.outcome else "pending" for push in pushes}
    return {
        "id": follow.id,
        "tags": [
            _show(mark, states.get(mark.tag_id, ""))
            for mark in list_marks(session, follow)
            if visible(mark.name)
        ],
        "faults": _word_faults(session, [push for push in pushes if push.outcome]),
        "is_current": follow.removed_at is None,
        "looks": looks,
        "looks_on": "pending" in states.values() and looks < LOOKS,
    }


def _show(mark: Mark, state: str) -> dict[str, Any]:
    return {
        "name": visible(mark.name),
        "key": mark.key,
        "is_own": mark.type == OWN,
        "is_gone": mark.is_gone,
        "state": state,
    }


def _word_faults(session: Session, failed: list[Push]) -> list[str]:
    names = {tag.tag_id: tag.name for tag in find_tags(session, [one.subject for one in failed])}
    return [
        _(
            FAULTS[one.value],
            tags=f"「{visible(names.get(one.subject, '')) or _('未命名的标签')}」",
            why=visible(word_reason(one)),
        )
        for one in failed
        if one.value in FAULTS
    ]

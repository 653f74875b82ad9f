"""The description in a profile, edited in its place."""

from sqlalchemy.orm import Session

from app.customers.actions import RemarkChange, change_description, retry_description
from app.i18n import _
from app.pushes.models import Push
from app.pushes.queries import word_reason
from sidebar.context import CardContext
from sidebar.panels.profile.typed import TypedText
from sidebar.panels.showing import visible


def _shown(_session: Session, _context: CardContext, text: str) -> str:
    return visible(text, lines=True)


def _said(change: RemarkChange) -> str:
    return _("描述已保存") if change.after else _("描述已清空")


def _fault(push: Push, text: str) -> str:
    why = word_reason(push)
    if push.value == text:
        return _("描述没有同步到企业微信：{why}", why=why)
    wanted = " ".join(visible(push.value, lines=True).split())
    return _("描述「{description}」没有同步到企业微信：{why}", description=wanted, why=why)


DESCRIPTION = TypedText(
    name="description",
    subject="description",
    change=change_description,
    retry=retry_description,
    shown=_shown,
    said=_said,
    fault=_fault,
)

"""The remark in a profile, edited in its place."""

from sqlalchemy.orm import Session

from app.customers.actions import RemarkChange, change_remark, retry_remark
from app.customers.models import Customer
from app.i18n import _
from app.pushes.models import Push
from app.pushes.queries import word_reason
from sidebar.context import CardContext
from sidebar.panels.profile.typed import TypedText
from sidebar.panels.showing import visible


def _shown(session: Session, context: CardContext, remark: str) -> str:
    """One that is the customer's own name is none."""
    customer = session.get(Customer, context.external_userid)
    text = visible(remark)
    return "" if customer is not None and text == visible(customer.name) else text


def _said(change: RemarkChange) -> str:
    return _("备注已改为「{remark}」", remark=visible(change.after))


def _fault(push: Push, remark: str) -> str:
    why = word_reason(push)
    if push.value == remark:
        return _("备注没有同步到企业微信：{why}", why=why)
    return _("备注「{remark}」没有同步到企业微信：{why}", remark=visible(push.value), why=why)


REMARK = TypedText(
    name="remark",
    subject="",
    change=change_remark,
    retry=retry_remark,
    shown=_shown,
    said=_said,
    fault=_fault,
)

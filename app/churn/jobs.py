"""The messages about losses: one card a loss, or one for many."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.churn.queries import LossFacts, find_loss_facts
from app.deliveries.models import Delivery
from app.i18n import _
from app.outbox import Cancelled, Card, customer_path
from app.runtime import Runtime

NAMES_IN_DIGEST = 8


def build_loss_card(runtime: Runtime, session: Session, delivery: Delivery) -> Card:
    """Return the card about this loss.

    Raises:
        Cancelled: the customer came back meanwhile.
    """
    return _single(runtime, delivery, _facts(session, delivery))


def build_loss_digest(_runtime: Runtime, session: Session, deliveries: Sequence[Delivery]) -> Card:
    """Return one card about all these losses, each of which still stands."""
    return _digest([_facts(session, delivery) for delivery in deliveries])


def _facts(session: Session, delivery: Delivery) -> LossFacts:
    facts = find_loss_facts(session, int(delivery.ref))
    if facts is None or facts.returned:
        raise Cancelled("returned")
    return facts


def _single(runtime: Runtime, delivery: Delivery, facts: LossFacts) -> Card:
    who = facts.remark or facts.customer or _("一位客户")
    if facts.kind == "member":
        title, desc = _("员工删除了客户"), _("{member} 删除了 {who}", member=facts.member, who=who)
    elif delivery.recipient == delivery.userid:
        title, desc = _("客户删除了你"), who
    else:
        title, desc = _("客户删除了员工"), _("{who} 删除了 {member}", member=facts.member, who=who)
    return Card(
        source=_("客户流失提醒"),
        title=title,
        desc=desc,
        rows=_rows(runtime, facts),
        path=customer_path(facts.external_userid),
    )


def _rows(runtime: Runtime, facts: LossFacts) -> list[tuple[str, str]]:
    rows = [(_("阶段"), facts.stage or _("未设置")), (_("认识"), _days(facts.days_known))]
    if facts.remark and facts.customer and facts.remark != facts.customer:
        rows.append((_("微信昵称"), facts.customer))
    if facts.added_at:
        added = facts.added_at.astimezone(runtime.config.server.zone)
        rows.append((_("添加时间"), f"{added:%Y-%m-%d %H:%M}"))
    if facts.state:
        rows.append((_("渠道"), facts.state))
    return rows


def _days(days: int) -> str:
    return _("{days} 天", days=days) if days else _("不到 1 天")


def _digest(all_facts: Sequence[LossFacts]) -> Card:
    left = [facts for facts in all_facts if facts.kind == "customer"]
    deleted = [facts for facts in all_facts if facts.kind == "member"]
    names = [facts.remark or facts.customer or _("一位客户") for facts in all_facts]
    shown = _("、").join(names[:NAMES_IN_DIGEST])
    rows = []
    if left:
        rows.append((_("客户删除员工"), _("{count} 位", count=len(left))))
    if deleted:
        rows.append((_("员工删除客户"), _("{count} 位", count=len(deleted))))
    return Card(
        source=_("客户流失提醒"),
        title=_("{count} 位客户流失", count=len(all_facts)),
        desc=shown + (_("等") if len(names) > NAMES_IN_DIGEST else ""),
        rows=rows,
        path="/sidebar/",
    )

"""The messages about losses: of a loss, of many at once, of a day, and of one to be won back."""

from collections.abc import Sequence
from datetime import date
from functools import partial

from sqlalchemy.orm import Session

from app import clock
from app.accounts.queries import find_role
from app.alerting.models import THE_ROW, AlertSettings
from app.alerting.queries import find_digest_day
from app.churn.actions import record_daily_digests
from app.churn.actions.daily import CORP
from app.churn.models import Loss, MassLoss
from app.churn.queries import (
    DayLosses,
    LossFacts,
    find_back_at,
    find_loss_facts,
    read_day_losses,
    turn_of,
)
from app.customers.queries import find_viewpoint, word_reason, word_stage
from app.deliveries.models import Delivery
from app.i18n import _
from app.members.queries import WHOLE_CORP, find_scope, list_names
from app.outbox import Cancelled, Card, customer_path
from app.runtime import Runtime

NAMES_IN_DIGEST = 8
# The page of losses in the admin web.
BOARD = "/admin/losses"


def build_loss_card(runtime: Runtime, session: Session, delivery: Delivery) -> Card:
    """Return the card about this loss.

    Raises:
        Cancelled: the customer came back meanwhile.
    """
    return _single(runtime, delivery, _facts(session, delivery))


def build_loss_digest(_runtime: Runtime, session: Session, deliveries: Sequence[Delivery]) -> Card:
    """Return one card about all these losses, each of which still stands."""
    return _digest([_facts(session, delivery) for delivery in deliveries])


def build_mass_loss_card(_runtime: Runtime, session: Session, delivery: Delivery) -> Card:
    """Return the card about a member who deleted or lost many customers at once."""
    mass = session.get_one(MassLoss, int(delivery.ref))
    member = _name_member(session, mass.userid)
    return Card(
        source=_("客户流失提醒"),
        title=_("客户集中流失"),
        desc=_(
            "{member} 在 {minutes} 分钟内删除或失去了 {count} 位客户，请尽快核实",
            member=member,
            minutes=mass.minutes,
            count=mass.count,
        ),
        rows=[(_("员工"), member), (_("人数"), _("{count} 位", count=mass.count))],
        path=BOARD,
    )


def build_mass_loss_digest(
    _runtime: Runtime, session: Session, deliveries: Sequence[Delivery]
) -> Card:
    """Return one card about several such members."""
    userids = [session.get_one(MassLoss, int(delivery.ref)).userid for delivery in deliveries]
    names = [_name_member(session, userid) for userid in dict.fromkeys(userids)]
    return Card(
        source=_("客户流失提醒"),
        title=_("{count} 位员工的客户集中流失", count=len(names)),
        desc=_list(names),
        path=BOARD,
    )


def make_daily_digests(runtime: Runtime) -> None:
    """Make the daily digests if it is time; a look that waits for no writer comes first."""
    with runtime.db.read() as session:
        row = session.get(AlertSettings, THE_ROW)
        if find_digest_day(row, runtime.config, clock.utcnow()) is None:
            return
    runtime.db.commit(partial(record_daily_digests, config=runtime.config))


def build_daily_card(runtime: Runtime, session: Session, delivery: Delivery) -> Card:
    """Return the card about the losses of a day.

    Raises:
        Cancelled: none of them are the recipient's business any more.
    """
    text, _colon, whose = delivery.ref.partition(":")
    day = date.fromisoformat(text)
    scope = WHOLE_CORP if whose == CORP else find_scope(session, delivery.recipient)
    lost = read_day_losses(session, day, runtime.config.server.zone, scope)
    if not lost.total:
        raise Cancelled("nothing_lost")
    names = list_names(session, [userid for userid, _count in lost.top])
    top = [f"{names.get(userid, userid)} {count}" for userid, count in lost.top]
    # Without a role the page of losses would only send him away.
    may_look = find_role(session, delivery.recipient) is not None
    return Card(
        source=_("客户流失日报"),
        title=_("{day} 流失 {count} 位客户", day=f"{day:%m-%d}", count=lost.total),
        desc=_("流失最多的员工：{names}", names=_("、").join(top)),
        rows=[
            *_day_rows(lost),
            (_("范围"), _("全公司") if whose == CORP else _("你的部门及下级部门")),
        ],
        path=f"{BOARD}?since={day}&until={day}&kind=all" if may_look else "/sidebar/",
    )


def build_daily_digest(runtime: Runtime, session: Session, deliveries: Sequence[Delivery]) -> Card:
    """Return the card of the last of these days: the minute had no room for each."""
    return build_daily_card(runtime, session, max(deliveries, key=lambda one: one.ref))


def build_win_back_card(_runtime: Runtime, session: Session, delivery: Delivery) -> Card:
    """Return the card that gives a member a customer to win back.

    Raises:
        Cancelled: he was given to somebody else, is back, or may not be seen by this one any more.
    """
    facts = _given(session, delivery)
    rows = [(_("员工"), facts.member), (_("阶段"), facts.stage or _("未设置"))]
    if facts.reason:
        rows.append((_("流失原因"), word_reason(facts.reason, facts.reason_note)))
    rows.append((_("分配人"), _name_member(session, facts.assigned_by)))
    return Card(
        source=_("客户挽回"),
        title=_("请挽回一位客户"),
        desc=facts.remark or facts.customer or _("一位客户"),
        rows=rows,
        path=customer_path(facts.external_userid),
    )


def build_win_back_digest(
    _runtime: Runtime, session: Session, deliveries: Sequence[Delivery]
) -> Card:
    """Return one card about all these customers."""
    all_facts = [_given(session, delivery) for delivery in deliveries]
    names = [facts.remark or facts.customer or _("一位客户") for facts in all_facts]
    return Card(
        source=_("客户挽回"),
        title=_("请挽回 {count} 位客户", count=len(names)),
        desc=_list(names),
        path="/sidebar/",
    )


def _given(session: Session, delivery: Delivery) -> LossFacts:
    loss_id, _colon, turn = delivery.ref.partition(":")
    loss = session.get(Loss, int(loss_id))
    facts = find_loss_facts(session, int(loss_id))
    if loss is None or facts is None or turn != turn_of(loss):
        raise Cancelled("reassigned")
    if find_back_at(session, loss.id) is not None:
        raise Cancelled("returned")
    if find_viewpoint(session, delivery.recipient, loss.external_userid) is None:
        raise Cancelled("no_longer_seen")
    return facts


def _name_member(session: Session, userid: str) -> str:
    return list_names(session, [userid]).get(userid, userid)


def _list(names: Sequence[str]) -> str:
    shown = _("、").join(names[:NAMES_IN_DIGEST])
    return shown + (_("等") if len(names) > NAMES_IN_DIGEST else "")


def _facts(session: Session, delivery: Delivery) -> LossFacts:
    facts = find_loss_facts(session, int(delivery.ref))
    if facts is None or facts.returned:
        raise Cancelled("returned")
    return facts


def _single(runtime: Runtime, delivery: Delivery, facts: LossFacts) -> Card:
    who = facts.remark or facts.customer or _("一位客户")
    if facts.kind == "member":
        title, desc = _("员工删除了客户"), _("{member} 删除了 {who}", member=facts.member, who=who)
    elif facts.kind == "reconcile":
        title = _("对账发现一位客户已不是好友")
        desc = _("{who}（员工 {member}），什么时候、谁删除的不知道", member=facts.member, who=who)
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
    rows = [
        (_("阶段"), word_stage(facts.stage) or _("未设置")),
        (_("认识"), _days(facts.days_known)),
    ]
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


def _day_rows(lost: DayLosses) -> list[tuple[str, str]]:
    words = {
        "customer": _("客户删除员工"),
        "member": _("员工删除客户"),
        "transfer": _("转接给同事"),
    }
    return [
        (
            words[kind],
            _(
                "{count} 位（前一天 {before}）",
                count=lost.counts.get(kind, 0),
                before=lost.before.get(kind, 0),
            ),
        )
        for kind in words
        if kind != "transfer" or lost.counts.get(kind)
    ]


def _digest(all_facts: Sequence[LossFacts]) -> Card:
    left = [facts for facts in all_facts if facts.kind == "customer"]
    deleted = [facts for facts in all_facts if facts.kind == "member"]
    names = [facts.remark or facts.customer or _("一位客户") for facts in all_facts]
    rows = []
    if left:
        rows.append((_("客户删除员工"), _("{count} 位", count=len(left))))
    if deleted:
        rows.append((_("员工删除客户"), _("{count} 位", count=len(deleted))))
    return Card(
        source=_("客户流失提醒"),
        title=_("{count} 位客户流失", count=len(all_facts)),
        desc=_list(names),
        rows=rows,
        path="/sidebar/",
    )

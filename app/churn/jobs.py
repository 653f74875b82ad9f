"""Sending alerts of losses: when the grace is over, one by one or as a digest.

WeCom drops what goes beyond 30 messages a minute to one member, and says nothing. So at most
`alerts.digest_above` alerts a minute go out singly; what is more becomes one digest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.churn.actions import quiet_until
from app.churn.queries import LossFacts, find_loss_facts
from app.claims import Later
from app.deliveries.actions import record_outcome
from app.deliveries.models import Delivery
from app.i18n import _
from app.outbox import Cancelled, Card, hold
from app.runtime import Runtime

MINUTE = timedelta(seconds=60)
NAMES_IN_DIGEST = 8


def build_loss_card(runtime: Runtime, session: Session, delivery: Delivery) -> Card:
    """Return the message for this delivery, alone or with everything else that is due.

    Runs inside the transaction that reserves its place in the minute.

    Raises:
        Cancelled: the customer came back within the grace, or a digest has taken it along.
        Later: quiet hours, or the minute is full.
    """
    now = clock.utcnow()
    _keep_quiet(runtime, now)
    facts = find_loss_facts(session, int(delivery.ref))
    if facts is None or facts.returned:
        raise Cancelled("returned")
    room = _room(runtime, session, delivery, now)
    if room.fits:
        return _single(runtime, delivery, facts)
    if room.next_digest_at > now:
        raise Later(room.next_digest_at)
    others = _standing(session, room.waiting)
    _take_along(session, delivery, [row for row, _facts in others])
    return _digest([facts, *(facts for _row, facts in others)])


@dataclass(frozen=True)
class _Room:
    """How one recipient's minute looks."""

    fits: bool
    waiting: list[Delivery]
    next_digest_at: datetime


def _keep_quiet(runtime: Runtime, now: datetime) -> None:
    config = runtime.config
    until = quiet_until(now, config.alerts.quiet_hours, config.server.zone)
    if until is not None:
        raise Later(until)


def _room(runtime: Runtime, session: Session, delivery: Delivery, now: datetime) -> _Room:
    hold(session, delivery.recipient)
    mine = (Delivery.recipient == delivery.recipient, Delivery.kind == "loss")
    recent = session.scalar(
        select(func.count()).where(
            *mine, Delivery.tried_at > now - MINUTE, Delivery.reason != "in_digest"
        )
    )
    waiting = session.scalars(
        select(Delivery)
        .where(*mine, Delivery.id != delivery.id, Delivery.tried_at.is_(None))
        .where(Delivery.due_at.is_not(None), Delivery.created_at <= now - _grace(runtime))
        .order_by(Delivery.id)
        .limit(1000)
    ).all()
    last_digest = session.scalar(
        select(func.max(Delivery.tried_at)).where(*mine, Delivery.reason == "digest")
    )
    return _Room(
        fits=(recent or 0) + len(waiting) + 1 <= runtime.config.alerts.digest_above,
        waiting=list(waiting),
        next_digest_at=last_digest + MINUTE if last_digest else now,
    )


def _grace(runtime: Runtime) -> timedelta:
    return timedelta(seconds=runtime.config.alerts.grace_seconds)


def _standing(session: Session, rows: Sequence[Delivery]) -> list[tuple[Delivery, LossFacts]]:
    """Keep those whose loss still stands; cancel the others."""
    kept = []
    for row in rows:
        facts = find_loss_facts(session, int(row.ref))
        if facts is None or facts.returned:
            record_outcome(session, row.id, outcome="cancelled", reason="returned")
        else:
            kept.append((row, facts))
    return kept


def _take_along(session: Session, carrier: Delivery, others: Sequence[Delivery]) -> None:
    carrier.reason = "digest"
    carrier.detail = {"count": len(others) + 1}
    for other in others:
        # Whether it reached anybody, the digest's own row will say.
        detail = {"digest": carrier.id}
        record_outcome(session, other.id, outcome="cancelled", reason="in_digest", detail=detail)


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
        path=f"/sidebar/customers/{facts.external_userid}/profile",
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

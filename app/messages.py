"""The lane `deliveries`: every message to a member, built by its kind and sent once.

A notice board: a new kind of message is a row in `KINDS`. The body is stored with the row before it
is sent, so that a second try sends the very same and WeCom's own duplicate check catches it. How
many go to one member in a minute, and when, is `app.pacing`'s business.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.churn.jobs import (
    build_daily_card,
    build_daily_digest,
    build_loss_card,
    build_loss_digest,
    build_mass_loss_card,
    build_mass_loss_digest,
    build_win_back_card,
    build_win_back_digest,
)
from app.claims import RETRY_SECONDS, Claim, Later, next_try
from app.customers.queries import REASON_WORDS, get_standing
from app.deliveries.actions import record_carried, record_outcome
from app.deliveries.models import Delivery
from app.handover.actions import hand_on
from app.handover.jobs import build_leaver_card, build_leavers_digest
from app.i18n import _
from app.log import get_logger
from app.members.queries import list_names
from app.outbox import Cancelled, Card, build_message, customer_path
from app.pacing import Kind, goes_as_digest, list_open
from app.reminders import build_reminder_card, build_reminder_digest
from app.rows import among
from app.runtime import Runtime
from app.wecom import message
from app.wecom.errors import (
    BadRequest,
    MissingPermission,
    NoSuchRelation,
    TryAgainLater,
    WeComError,
)

PURPOSE = "deliveries.payload"
# What another try would not change, and the reason that is put down for it.
FINAL: dict[type[WeComError], str] = {
    MissingPermission: "permission",
    NoSuchRelation: "receiver_gone",
    BadRequest: "refused",
}

log = get_logger(__name__)


def work_message(runtime: Runtime, claim: Claim) -> datetime | None:
    """Send one message that is due; return when it wants to be tried again."""
    try:
        body = _reserve(runtime, claim)
        sent = None if body is None else message.send(runtime.wecom, body)
    except Later as later:
        return _postpone(runtime, claim, later.at, failed=False)
    except Exception as error:  # noqa: BLE001 -- whatever it is, it must be on record and have an end
        return _failed(runtime, claim, error)
    if sent is not None:
        gone = bool(sent.invaliduser or sent.unlicenseduser)
        _end(runtime, claim, "failed" if gone else "sent", reason="receiver_gone" if gone else "")
    return None


def _reserve(runtime: Runtime, claim: Claim) -> Mapping[str, Any] | None:
    """Build the body, or take the one of the first try, and note that it is being sent."""

    def reserve(session: Session) -> Mapping[str, Any] | None:
        waiting = list_open(session, claim)
        if waiting is None:
            return None
        delivery, others = waiting
        if delivery.attempts > len(RETRY_SECONDS) + 1:
            record_outcome(session, delivery.id, outcome="failed", reason="gave_up")
            return None
        if delivery.payload is None and hand_on(session, delivery, runtime.config):
            record_outcome(session, delivery.id, outcome="cancelled", reason="handed_on")
            return None
        if delivery.payload is None:
            try:
                card = _build(runtime, session, delivery, others)
            except Cancelled as cancelled:
                record_outcome(session, delivery.id, outcome="cancelled", reason=cancelled.reason)
                return None
            body = build_message(runtime.config, delivery.recipient, card, number=delivery.id)
            delivery.payload = runtime.sealer.seal(json.dumps(body).encode(), purpose=PURPOSE)
            delivery.tried_at = clock.utcnow()
        opened = runtime.sealer.open(delivery.payload, purpose=PURPOSE)
        return dict(json.loads(opened))

    return runtime.db.commit(reserve)


def _build(runtime: Runtime, session: Session, delivery: Delivery, others: list[Delivery]) -> Card:
    """Return the card of this message, alone or as a digest that takes the others along.

    Raises:
        Cancelled: nobody needs it any more.
        Later: quiet hours, or the minute is full.
    """
    kind = KINDS[delivery.kind]
    card = kind.build(runtime, session, delivery)
    if not goes_as_digest(session, runtime.config, delivery, kind=kind, others=others):
        return card
    carried = [other for other in others if _stands(runtime, session, kind, other)]
    delivery.reason = "digest"
    delivery.detail = {"count": len(carried) + 1}
    record_carried(session, [other.id for other in carried], digest_id=delivery.id)
    return kind.build_digest(runtime, session, [delivery, *carried])


def _stands(runtime: Runtime, session: Session, kind: Kind, delivery: Delivery) -> bool:
    # Its rows are locked, and a thousand cards that nobody sees take long to build.
    if kind.never_lapses:
        return True
    try:
        kind.build(runtime, session, delivery)
    except Cancelled as cancelled:
        record_outcome(session, delivery.id, outcome="cancelled", reason=cancelled.reason)
        return False
    return True


def _failed(runtime: Runtime, claim: Claim, error: Exception) -> datetime | None:
    errcode = error.errcode if isinstance(error, WeComError) else None
    with runtime.db.read() as session:
        attempts = session.get_one(Delivery, claim.id).attempts
    log.warning(
        "message_not_sent",
        delivery_id=claim.id,
        attempts=attempts,
        errcode=errcode,
        error_name=type(error).__name__,
    )
    again_at = None if type(error) in FINAL else next_try(attempts)
    if again_at is None:
        why = "unreachable" if isinstance(error, TryAgainLater) and errcode is None else "refused"
        if not isinstance(error, WeComError):
            why = "broken"
        reason = FINAL.get(type(error), why) if isinstance(error, WeComError) else why
        _end(runtime, claim, "failed", reason=reason, errcode=errcode)
        return None
    if isinstance(error, TryAgainLater):
        again_at = max(again_at, clock.later(error.retry_after))
    return _postpone(runtime, claim, again_at, failed=True)


def _end(
    runtime: Runtime, claim: Claim, outcome: str, *, reason: str = "", errcode: int | None = None
) -> None:
    def record(session: Session) -> None:
        delivery = session.get_one(Delivery, claim.id)
        detail = delivery.detail | ({} if errcode is None else {"errcode": errcode})
        why = reason or delivery.reason
        record_outcome(session, claim.id, outcome=outcome, reason=why, detail=detail)

    runtime.db.commit(record)


def _postpone(runtime: Runtime, claim: Claim, due_at: datetime, *, failed: bool) -> datetime:
    def record(session: Session) -> None:
        delivery = session.get(Delivery, claim.id)
        if delivery is not None and delivery.claimed_by == claim.token and delivery.due_at:
            delivery.due_at = due_at
            delivery.attempts -= not failed
            # So that a renewal under way cannot move the time that is set here.
            delivery.claimed_by = None

    runtime.db.commit(record)
    return due_at


def _build_welcome_missed(runtime: Runtime, session: Session, delivery: Delivery) -> Card:
    standing = get_standing(session, delivery.userid, delivery.external_userid)
    who = standing.remark or standing.name
    if _are_unsure(session, [delivery]):
        title = _("不能确定客户有没有收到欢迎语")
        asked = _("请看看和「{who}」的聊天，没有收到就手动问候", who=who or _("刚添加你的客户"))
    else:
        title = _("客户没有收到欢迎语")
        asked = _("请手动问候「{who}」", who=who) if who else _("请手动问候刚添加你的客户")
    rows = []
    if standing.follow is not None:
        added = standing.follow.added_at.astimezone(runtime.config.server.zone)
        rows.append((_("添加时间"), f"{added:%Y-%m-%d %H:%M}"))
        if standing.follow.state:
            rows.append((_("渠道"), standing.follow.state))
    return Card(
        source=_("欢迎语"),
        title=title,
        desc=asked,
        rows=rows,
        path=customer_path(delivery.external_userid),
    )


def _build_missed_digest(_runtime: Runtime, session: Session, deliveries: list[Delivery]) -> Card:
    who, count = _("、").join(_name(session, d) for d in deliveries[:8]), len(deliveries)
    if _are_unsure(session, deliveries):
        title = _("{count} 位客户可能没有收到欢迎语", count=count)
        asked = _("请看看聊天，没有收到就手动问候：{who}", who=who)
    else:
        title = _("{count} 位客户没有收到欢迎语", count=count)
        asked = _("请手动问候 {who}", who=who)
    return Card(source=_("欢迎语"), title=title, desc=asked, path="/sidebar/")


def _are_unsure(session: Session, told: Sequence[Delivery]) -> bool:
    """Tell whether of one of the welcomes that are told of nobody knows if it was received."""
    ids = [int(one.ref) for one in told if one.ref]
    unsure = select(Delivery.id).where(
        among(session, Delivery.id, ids), Delivery.outcome == "unknown"
    )
    return session.scalar(unsure.limit(1)) is not None


def _build_transfer_failed(_runtime: Runtime, session: Session, delivery: Delivery) -> Card:
    why = REASON_WORDS.get(delivery.ref)
    return Card(
        source=_("客户转接"),
        title=_("转接没有成功"),
        desc=_word_keeper(session, delivery, _name(session, delivery)),
        rows=[(_("原因"), _(why))] if why else [],
        path=customer_path(delivery.external_userid),
    )


def _build_transfers_digest(
    _runtime: Runtime, session: Session, deliveries: list[Delivery]
) -> Card:
    return Card(
        source=_("客户转接"),
        title=_("{count} 位客户的转接没有成功", count=len(deliveries)),
        desc=_word_keeper(
            session, deliveries[0], _("、").join(_name(session, d) for d in deliveries[:8])
        ),
        path="/sidebar/",
    )


def _word_keeper(session: Session, delivery: Delivery, who: str) -> str:
    """Say with whom the customers stay; to whoever stands in for a member, by his name."""
    if delivery.recipient == delivery.userid:
        return _("{who} 仍由你跟进", who=who)
    member = list_names(session, [delivery.userid]).get(delivery.userid, delivery.userid)
    return _("{who} 仍在 {member} 名下，他已不在岗", who=who, member=member)


def _name(session: Session, delivery: Delivery) -> str:
    standing = get_standing(session, delivery.userid, delivery.external_userid)
    return standing.remark or standing.name or _("一位客户")


KINDS: dict[str, Kind] = {
    "loss": Kind(build_loss_card, build_loss_digest, waits_for_grace=True),
    "mass_loss": Kind(build_mass_loss_card, build_mass_loss_digest, waits_for_grace=True),
    "daily_losses": Kind(build_daily_card, build_daily_digest),
    "win_back": Kind(build_win_back_card, build_win_back_digest),
    "welcome_missed": Kind(_build_welcome_missed, _build_missed_digest, never_lapses=True),
    "transfer_failed": Kind(_build_transfer_failed, _build_transfers_digest, never_lapses=True),
    "leaver": Kind(build_leaver_card, build_leavers_digest),
    "reminder": Kind(build_reminder_card, build_reminder_digest),
}

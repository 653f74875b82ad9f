"""The lane `deliveries`: every message to a member, built by its kind and sent once.

A notice board: a new kind of message is a row in `BUILDERS`. The body is stored with the row before
it is sent, so that a second try sends the very same and WeCom's own duplicate check catches it.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app import clock
from app.churn.jobs import build_loss_card
from app.claims import Claim, Later
from app.customers.queries import REASON_WORDS, get_standing
from app.deliveries.actions import record_outcome
from app.deliveries.models import Delivery
from app.i18n import _
from app.log import get_logger
from app.outbox import Cancelled, Card, build_message
from app.runtime import Runtime
from app.wecom import message
from app.wecom.errors import TryAgainLater, WeComError

RETRY_SECONDS = (2, 10, 60, 300, 1800)
PURPOSE = "deliveries.payload"

log = get_logger(__name__)

Builder = Callable[[Runtime, Session, Delivery], Card]


def work_message(runtime: Runtime, claim: Claim) -> datetime | None:
    """Send one message that is due; return when it wants to be tried again."""
    try:
        body = _reserve(runtime, claim)
    except Later as later:
        return _postpone(runtime, claim, later.at)
    if body is None:
        return None
    try:
        sent = message.send(runtime.wecom, body)
    except WeComError as error:
        return _failed(runtime, claim, error)
    invalid = bool(sent.invaliduser)
    with runtime.db.write() as session:
        record_outcome(
            session,
            claim.id,
            outcome="failed" if invalid else "sent",
            reason=_kept_reason(session, claim) or ("receiver_gone" if invalid else ""),
        )
    return None


def _reserve(runtime: Runtime, claim: Claim) -> Mapping[str, Any] | None:
    """Build the body, or take the one of the first try, and note that it is being sent."""
    with runtime.db.write() as session:
        delivery = session.get(Delivery, claim.id)
        if delivery is None or delivery.claimed_by != claim.token or delivery.due_at is None:
            return None
        if delivery.payload is not None:
            opened: Mapping[str, Any] = json.loads(
                runtime.sealer.open(delivery.payload, purpose=PURPOSE)
            )
            return opened
        try:
            card = BUILDERS[delivery.kind](runtime, session, delivery)
        except Cancelled as cancelled:
            record_outcome(session, delivery.id, outcome="cancelled", reason=cancelled.reason)
            return None
        body = build_message(runtime.config, delivery.recipient, card, number=delivery.id)
        delivery.payload = runtime.sealer.seal(json.dumps(body).encode(), purpose=PURPOSE)
        delivery.tried_at = clock.utcnow()
        return body


def _failed(runtime: Runtime, claim: Claim, error: WeComError) -> datetime | None:
    with runtime.db.read() as session:
        attempts = session.get_one(Delivery, claim.id).attempts
    log.warning("message_not_sent", delivery_id=claim.id, errcode=error.errcode, attempts=attempts)
    if attempts > len(RETRY_SECONDS):
        with runtime.db.write() as session:
            record_outcome(
                session,
                claim.id,
                outcome="failed",
                reason="refused",
                detail={"errcode": error.errcode},
            )
        return None
    pause = float(RETRY_SECONDS[max(0, attempts - 1)])
    if isinstance(error, TryAgainLater):
        pause = max(pause, error.retry_after)
    return _postpone(runtime, claim, clock.utcnow() + timedelta(seconds=pause), failed=True)


def _postpone(
    runtime: Runtime, claim: Claim, due_at: datetime, *, failed: bool = False
) -> datetime:
    with runtime.db.write() as session:
        delivery = session.get(Delivery, claim.id)
        if delivery is not None and delivery.claimed_by == claim.token and delivery.due_at:
            delivery.due_at = due_at
            delivery.attempts -= not failed
    return due_at


def _kept_reason(session: Session, claim: Claim) -> str:
    return session.get_one(Delivery, claim.id).reason


def _build_welcome_missed(runtime: Runtime, session: Session, delivery: Delivery) -> Card:
    del runtime
    standing = get_standing(session, delivery.userid, delivery.external_userid)
    return Card(
        source=_("欢迎语"),
        title=_("客户没有收到欢迎语"),
        desc=_("请手动问候 {who}", who=standing.remark or standing.name or _("这位客户")),
        path=f"/sidebar/customers/{delivery.external_userid}/profile",
    )


def _build_transfer_failed(runtime: Runtime, session: Session, delivery: Delivery) -> Card:
    del runtime
    standing = get_standing(session, delivery.userid, delivery.external_userid)
    why = REASON_WORDS.get(delivery.ref)
    return Card(
        source=_("客户转接"),
        title=_("转接没有成功"),
        desc=_("{who} 仍由你跟进", who=standing.remark or standing.name or _("这位客户")),
        rows=[(_("原因"), _(why))] if why else [],
        path=f"/sidebar/customers/{delivery.external_userid}/profile",
    )


BUILDERS: dict[str, Builder] = {
    "loss": build_loss_card,
    "welcome_missed": _build_welcome_missed,
    "transfer_failed": _build_transfer_failed,
}

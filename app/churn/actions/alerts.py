"""Making the messages that losses call for: who has to hear of which."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy.orm import Session

from app import clock
from app.alerting.queries import list_admins
from app.churn.models import Loss
from app.config import Alerts
from app.deliveries.actions import record_intent
from app.members.queries import find_member, list_managers

# A loss that reconciliation or a late event finds after this long is history, not news.
NEWS_HOURS = 48


def record_alerts(session: Session, losses: Iterable[Loss], alerts: Alerts) -> None:
    """Make the messages that these losses call for, each due when the grace is over.

    The customer left, or may have (reconciliation found that he is gone): his member hears of it,
    or the member's managers when he is away himself, and the admins. The member deleted the
    customer: the admins. A transfer: nobody.
    """
    now = clock.utcnow()
    for loss in losses:
        if now - loss.lost_at > timedelta(hours=NEWS_HOURS) or loss.returned_at is not None:
            continue
        for recipient in _recipients(session, loss, alerts):
            record_intent(
                session,
                kind="loss",
                dedupe_key=f"loss:{loss.id}:{recipient}",
                recipient=recipient,
                userid=loss.userid,
                external_userid=loss.external_userid,
                ref=str(loss.id),
                due_at=now + timedelta(seconds=alerts.grace_seconds),
            )


def record_transfer_failure(
    session: Session, *, userid: str, external_userid: str, event_key: str, reason: str
) -> None:
    """Have the member who hands over told that the customer stays with him."""
    record_intent(
        session,
        kind="transfer_failed",
        dedupe_key=f"transfer_failed:{event_key}",
        recipient=userid,
        userid=userid,
        external_userid=external_userid,
        ref=reason[:64],
        due_at=clock.utcnow(),
    )


def _recipients(session: Session, loss: Loss, alerts: Alerts) -> list[str]:
    if loss.kind == "transfer":
        return []
    is_his = loss.kind in {"customer", "reconcile"}
    told = _member_or_managers(session, loss.userid) if is_his else []
    # One message each, also for an admin who is the member himself.
    return list(dict.fromkeys([*told, *list_admins(session, alerts)]))


def _member_or_managers(session: Session, userid: str) -> list[str]:
    member = find_member(session, userid)
    if member is None or member.away_at is None:
        return [userid]
    return list_managers(session, userid)

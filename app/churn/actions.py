"""Verbs on losses: record them from the periods, and make what must be said about them."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.churn.models import Loss
from app.config import Alerts
from app.customers.models import FollowUser
from app.customers.queries import list_periods
from app.deliveries.actions import record_intent
from app.members.queries import canonical_userid, find_member, list_managers

# A loss that reconciliation or a late event finds after this long is history, not news.
NEWS_HOURS = 48


def record_losses(session: Session, userid: str, external_userid: str) -> list[Loss]:
    """Bring the pair's losses into line with its periods; return those that are new.

    Works from the folded periods and not from the event, so that it is right in any order: a loss
    that a later period follows is marked as returned.
    """
    periods = list_periods(session, userid, external_userid)
    known = {
        loss.follow_id: loss
        for loss in session.scalars(
            select(Loss).where(Loss.userid == userid, Loss.external_userid == external_userid)
        )
    }
    new = []
    for period, following in zip(periods, [*periods[1:], None], strict=True):
        if period.removed_at is None:
            continue
        loss = known.get(period.id)
        if loss is None:
            loss = _make_loss(session, period)
            new.append(loss)
        _bring_into_line(loss, period, following)
    session.flush()
    return new


def record_alerts(session: Session, losses: Iterable[Loss], alerts: Alerts) -> None:
    """Make the messages that these losses call for, each due when the grace is over.

    The customer left: his member hears of it, or the member's managers when he is gone himself, and
    the admins. The member deleted the customer: the admins. A transfer: nobody.
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


def _make_loss(session: Session, period: FollowUser) -> Loss:
    loss = Loss(follow_id=period.id, userid=period.userid, external_userid=period.external_userid)
    session.add(loss)
    return loss


def _bring_into_line(loss: Loss, period: FollowUser, following: FollowUser | None) -> None:
    if period.removed_at is None or period.removed_by is None:
        return
    loss.kind = period.removed_by
    loss.lost_at = period.removed_at
    loss.days_known = max(0, (period.removed_at - period.added_at).days)
    loss.returned_at = following.added_at if following else None


def _recipients(session: Session, loss: Loss, alerts: Alerts) -> list[str]:
    if loss.kind == "transfer":
        return []
    told = _member_or_managers(session, loss.userid) if loss.kind == "customer" else []
    # One message each, also for an admin who is the member himself, however he is spelt.
    admins = [canonical_userid(session, userid) for userid in alerts.admins]
    return list(dict.fromkeys([*told, *admins]))


def _member_or_managers(session: Session, userid: str) -> list[str]:
    member = find_member(session, userid)
    if member is None or member.removed_at is None:
        return [userid]
    return list_managers(session, userid)

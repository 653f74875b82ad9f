"""Verbs on losses: record them from the periods, and make what must be said about them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.churn.errors import ReasonChanged
from app.churn.models import Loss
from app.config import Alerts
from app.customers.actions import add_to_timeline, record_timeline
from app.customers.models import FollowUser
from app.customers.queries import LOSS_REASONS, list_periods
from app.db import fit
from app.deliveries.actions import record_intent
from app.errors import NotFound
from app.i18n import N_
from app.members.queries import canonical_userid, find_member, list_managers

# A loss that reconciliation or a late event finds after this long is history, not news.
NEWS_HOURS = 48
NOTE_LENGTH = 200


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Why a customer left: one of LOSS_REASONS, "" for unknown; `note` in a member's own words."""

    reason: str = ""
    note: str = ""


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


def set_loss_reason(
    session: Session,
    follow: FollowUser,
    *,
    userid: str,
    cause: Cause,
    instead_of: str | None = None,
) -> Cause:
    """Put down why the customer ended this relation; return what stood there before.

    Only 其他 takes a note. `instead_of`: the reason that this member believes to stand there; None
    if he does not care. What stands there already changes nothing.

    Raises:
        NotFound: the customer did not end it, or there is no such reason.
        ReasonChanged: another reason stands there than he believes.
    """
    if cause.reason not in {"", *LOSS_REASONS}:
        raise NotFound(N_("没有这个原因可选"))
    loss = _get_loss(session, follow)
    before = Cause(reason=loss.reason, note=loss.reason_note)
    note = fit(cause.note, NOTE_LENGTH) if cause.reason == "other" else ""
    wanted = Cause(reason=cause.reason, note=note)
    if wanted == before:
        return before
    if instead_of is not None and instead_of != before.reason:
        raise ReasonChanged(before.reason, loss.reason_by)
    is_his = loss.reason_by == userid and loss.reason_at is not None
    loss.reason, loss.reason_note = wanted.reason, wanted.note
    if wanted.reason == before.reason and is_his:
        # He goes on with the same sentence.
        add_to_timeline(session, _timeline_key(loss), {"note": wanted.note})
        return before
    loss.reason_by, loss.reason_at = userid, clock.utcnow()
    record_timeline(
        session,
        external_userid=loss.external_userid,
        userid=userid,
        kind="loss_reason",
        at=loss.reason_at,
        key=_timeline_key(loss),
        data={"reason": wanted.reason, "note": wanted.note},
    )
    return before


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


def _timeline_key(loss: Loss) -> str:
    return f"loss_reason:{loss.id}:{loss.reason_at:%Y%m%d%H%M%S%f}"


def _get_loss(session: Session, follow: FollowUser) -> Loss:
    # The event that tells of the loss may still be on its way when its member sees it.
    record_losses(session, follow.userid, follow.external_userid)
    loss = session.scalar(
        select(Loss).where(Loss.follow_id == follow.id, Loss.kind == "customer").with_for_update()
    )
    if loss is None:
        raise NotFound(N_("客户没有删除员工，不用记流失原因"))
    return loss


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

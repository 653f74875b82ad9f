"""Many customers gone at once (集中流失): noticed from the losses themselves, told once a day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.alerting.queries import list_admins
from app.churn.actions.alerts import NEWS_HOURS
from app.churn.models import COUNTED, Loss, MassLoss
from app.churn.queries import find_mass_loss
from app.config import Alerts
from app.deliveries.actions import record_intent
from app.errors import NotFound
from app.i18n import N_
from app.members.models import Member
from app.members.queries import Scope

# Of one member around one loss: far more than anybody deletes by hand.
MOST = 5000


@dataclass(frozen=True)
class Mass:
    """On a day: the most that were gone within the time allowed, and when it was too many last."""

    count: int
    last_at: datetime


def record_mass_losses(
    session: Session, losses: Iterable[Loss], alerts: Alerts, zone: ZoneInfo
) -> None:
    """Note on which days the members of these losses had too many at once; have the admins told.

    Works from what stands in the table around each loss, so that it comes to the same in any order
    in which losses become known. The admins hear of a member and a day once.
    """
    for loss in losses:
        if loss.kind not in COUNTED:
            continue
        _lock_member(session, loss.userid)
        for day, mass in _find_around(session, loss, alerts, zone).items():
            _note(session, loss.userid, day, mass=mass, alerts=alerts)


def note_mass_loss_seen(session: Session, mass_id: int, *, scope: Scope, userid: str) -> MassLoss:
    """Note that an admin has taken note of it; whoever was first stays on record.

    Raises:
        NotFound: none of somebody in the scope.
    """
    mass = find_mass_loss(session, mass_id, scope)
    if mass is None:
        raise NotFound(N_("没有这条提醒"))
    if mass.seen_at is None:
        mass.seen_by, mass.seen_at = userid, clock.utcnow()
    return mass


def find_masses(
    times: Sequence[datetime], *, above: int, within: timedelta, zone: ZoneInfo
) -> dict[date, Mass]:
    """Find when more than `above` of these lay `within` one time, by the day that it ended on.

    `times` in order. A time that is added can only add days and make counts larger. Pure.
    """
    found: dict[date, Mass] = {}
    first = 0
    for last, at in enumerate(times):
        while times[first] < at - within:
            first += 1
        count = last - first + 1
        if count > above:
            day = at.astimezone(zone).date()
            known = found.get(day)
            found[day] = Mass(max(count, known.count if known else 0), at)
    return found


def _lock_member(session: Session, userid: str) -> None:
    """Let losses of one member be counted one after the other: each must see those before it."""
    session.execute(
        select(Member.userid).where(Member.userid == userid).with_for_update(key_share=True)
    )


def _find_around(session: Session, loss: Loss, alerts: Alerts, zone: ZoneInfo) -> dict[date, Mass]:
    within = timedelta(minutes=alerts.mass_loss_minutes)
    times = session.scalars(
        select(Loss.lost_at)
        .where(
            Loss.userid == loss.userid,
            Loss.kind.in_(COUNTED),
            Loss.lost_at >= loss.lost_at - within,
            Loss.lost_at <= loss.lost_at + within,
        )
        .order_by(Loss.lost_at)
        .limit(MOST)
    ).all()
    return find_masses(times, above=alerts.mass_loss_above, within=within, zone=zone)


def _note(session: Session, userid: str, day: date, *, mass: Mass, alerts: Alerts) -> None:
    known = session.scalar(
        select(MassLoss).where(MassLoss.userid == userid, MassLoss.day == day).with_for_update()
    )
    if known is not None:
        known.count = max(known.count, mass.count)
        known.last_at = max(known.last_at, mass.last_at)
        return
    known = MassLoss(userid=userid, day=day, count=mass.count, last_at=mass.last_at)
    known.minutes = alerts.mass_loss_minutes
    session.add(known)
    session.flush()
    _tell(session, known, alerts)


def _tell(session: Session, mass: MassLoss, alerts: Alerts) -> None:
    now = clock.utcnow()
    if now - mass.last_at > timedelta(hours=NEWS_HOURS):
        return
    for admin in list_admins(session, alerts):
        record_intent(
            session,
            kind="mass_loss",
            dedupe_key=f"mass_loss:{mass.id}:{admin}",
            recipient=admin,
            userid=mass.userid,
            ref=str(mass.id),
            due_at=now + timedelta(seconds=alerts.grace_seconds),
        )

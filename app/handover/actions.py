"""Telling who has to take over from a member who is away, and having them hear what he would."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.alerting.queries import find_alerts, list_admins
from app.config import Config
from app.deliveries.actions import record_intent
from app.deliveries.models import Delivery
from app.handover.queries import count_waiting, list_stand_ins
from app.members.models import Member
from app.members.queries import find_member, list_active, list_managers

TOLD_AT_ONCE = 100


def record_leavers(session: Session, config: Config) -> int:
    """Make the messages about members who have gone away: to their managers and the admins, once.

    Of one who leaves no customers nothing is told. Returns how many members it looked at: no more
    than TOLD_AT_ONCE.
    """
    untold = session.scalars(
        select(Member)
        .where(Member.away_at.is_not(None), Member.away_told_at.is_(None))
        .order_by(Member.folded)
        .limit(TOLD_AT_ONCE)
        .with_for_update()
    ).all()
    for member in untold:
        member.away_told_at = clock.utcnow()
        if count_waiting(session, member.userid):
            _tell(session, member, config)
    return len(untold)


def hand_on(session: Session, delivery: Delivery, config: Config) -> bool:
    """Have those who stand in for a member hear about his customer what he would; he is away.

    False: it is for him to hear, or there is nobody else.
    """
    # What somebody hears of others' customers, he hears as their manager or an admin.
    if delivery.recipient != delivery.userid:
        return False
    member = find_member(session, delivery.recipient)
    if member is None or member.away_at is None:
        return False
    stand_ins = list_stand_ins(session, member.userid, config)
    for recipient in stand_ins:
        record_intent(
            session,
            kind=delivery.kind,
            # As what an admin hears of the same: nobody hears it twice.
            dedupe_key=f"{delivery.dedupe_key.removesuffix(f':{member.userid}')}:{recipient}",
            recipient=recipient,
            userid=member.userid,
            external_userid=delivery.external_userid,
            ref=delivery.ref,
            due_at=clock.utcnow(),
            wanted_at=delivery.wanted_at,
        )
    return bool(stand_ins)


def _tell(session: Session, member: Member, config: Config) -> None:
    managers = list_managers(session, member.userid)
    admins = list_admins(session, find_alerts(session, config))
    for recipient in dict.fromkeys(list_active(session, [*managers, *admins])):
        record_intent(
            session,
            kind="leaver",
            # By his stay: he may come back, and leave again.
            dedupe_key=f"leaver:{member.userid}:{member.stay}:{recipient}",
            recipient=recipient,
            userid=member.userid,
            ref=str(member.stay),
            due_at=clock.utcnow(),
        )

"""Reads of members who are away, how many customers wait behind them, and who stands in."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Subquery, func, select
from sqlalchemy.orm import Session

from app.alerting.queries import find_alerts, list_admins
from app.config import Config
from app.customers.models import FollowUser, Reminder
from app.customers.queries import waits_for_handover
from app.members.models import Member
from app.members.queries import Scope, list_active, list_managers

LISTED = 100


@dataclass(frozen=True)
class Leaver:
    """A member who is away since `away_at`, with `customers` who wait and `reminders` still open.

    `managers`: who looks after what he left; nobody: the admins do.
    """

    member: Member
    away_at: datetime
    customers: int
    reminders: int
    managers: tuple[str, ...]


def list_leavers(session: Session, scope: Scope) -> list[Leaver]:
    """List who is away and has customers, the most of them first; at most LISTED."""
    counted = _count_customers()
    rows = session.execute(
        select(Member, Member.away_at, counted.c.customers)
        .join(counted, counted.c.userid == Member.userid)
        .where(scope.holds(Member.userid))
        .order_by(counted.c.customers.desc(), Member.userid)
        .limit(LISTED)
    ).all()
    reminders = _count_reminders(session, [row.Member.userid for row in rows])
    return [
        Leaver(
            member=row.Member,
            away_at=row.away_at,
            customers=row.customers,
            reminders=reminders.get(row.Member.userid, 0),
            managers=tuple(list_managers(session, row.Member.userid)),
        )
        for row in rows
    ]


def measure_leavers(session: Session, scope: Scope) -> tuple[int, int]:
    """Count who is away and has customers, and these."""
    counted = _count_customers()
    found = (
        select(func.count(), func.sum(counted.c.customers))
        .join(Member, Member.userid == counted.c.userid)
        .where(scope.holds(Member.userid))
    )
    members, customers = session.execute(found).one()
    return members, int(customers or 0)


def count_waiting(session: Session, userid: str) -> int:
    """Count the customers of a member who wait for somebody to take over."""
    waiting = FollowUser.userid == userid, waits_for_handover()
    return session.scalar(select(func.count()).select_from(FollowUser).where(*waiting)) or 0


def list_stand_ins(session: Session, userid: str, config: Config) -> Sequence[str]:
    """List who hears what a member who is away would: his managers, or if there is none the admins.

    Nobody who is away himself, so perhaps nobody.
    """
    managers = list_managers(session, userid)
    return managers or list_active(session, list_admins(session, find_alerts(session, config)))


def _count_customers() -> Subquery:
    return (
        select(FollowUser.userid, func.count().label("customers"))
        .where(waits_for_handover())
        .group_by(FollowUser.userid)
        .subquery()
    )


def _count_reminders(session: Session, userids: Collection[str]) -> dict[str, int]:
    rows = session.execute(
        select(Reminder.userid, func.count())
        .where(Reminder.userid.in_(userids), Reminder.state == "open")
        .group_by(Reminder.userid)
    )
    return {row[0]: row[1] for row in rows}

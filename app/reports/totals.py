"""How many customers and relations there are, what came and went today, and yesterday's beside it.

A customer counts once however many members follow him (去重); a relation is a member and a customer
who follow each other now.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, distinct, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.customers.models import FollowUser
from app.reports.asked import Asked


def read_totals(session: Session, asked: Asked) -> dict[str, Any]:
    """Read them, each as [now or today, before today or yesterday]."""
    today, yesterday = asked.days_ago(0), asked.days_ago(1)
    customers, relations = _count_now(session, asked)
    new, new_before = _count_new(session, asked, today), _count_new(session, asked, yesterday)
    ended = _count_ended(session, asked, today, None)
    ended_before = _count_ended(session, asked, yesterday, today)
    net = new - sum(ended.values())
    gained = _count_gained(session, asked, today) - _count_gone(session, asked, today)
    return {
        "customers": [customers, customers - gained],
        "relations": [relations, relations - net],
        "new": [new, new_before - new],
        "lost": [ended.get("customer", 0), ended_before.get("customer", 0)],
        "net": [net, new_before - new - sum(ended_before.values())],
    }


def _count_now(session: Session, asked: Asked) -> tuple[int, int]:
    # Grouped along the index: to count what is distinct, databases would sort all of it.
    relations = (
        select(func.count().label("relations"))
        .where(FollowUser.removed_at.is_(None), asked.scope.holds(FollowUser.userid))
        .group_by(FollowUser.external_userid)
        .subquery()
    )
    row = session.execute(
        select(func.count(), func.coalesce(func.sum(relations.c.relations), 0))
    ).one()
    return row[0], int(row[1])


def _count_new(session: Session, asked: Asked, since: datetime) -> int:
    new = select(func.count()).where(
        FollowUser.added_at >= since, asked.scope.holds(FollowUser.userid)
    )
    return session.scalar(new) or 0


def _count_ended(
    session: Session, asked: Asked, since: datetime, until: datetime | None
) -> dict[str, int]:
    """Count what ended by whom it was ended."""
    ended = select(FollowUser.removed_by, func.count()).where(
        FollowUser.removed_at >= since, asked.scope.holds(FollowUser.userid)
    )
    if until is not None:
        ended = ended.where(FollowUser.removed_at < until)
    rows = session.execute(ended.group_by(FollowUser.removed_by))
    return {by or "": count for by, count in rows}


def _count_gained(session: Session, asked: Asked, midnight: datetime) -> int:
    """Count the customers whom somebody follows now and nobody followed before today."""
    return _count_customers(
        session,
        # By today's time alone: with another condition on the row beside it, databases begin at
        # that one, and look at everybody.
        FollowUser.added_at >= midnight,
        asked.scope.holds(FollowUser.userid),
        _is_followed(asked),
        ~_was_followed(asked, midnight),
    )


def _count_gone(session: Session, asked: Asked, midnight: datetime) -> int:
    """Count the customers whom somebody followed before today and nobody follows now."""
    return _count_customers(
        session,
        FollowUser.removed_at >= midnight,
        asked.scope.holds(FollowUser.userid),
        ~_is_followed(asked),
        _was_followed(asked, midnight),
    )


def _count_customers(session: Session, *conditions: ColumnElement[bool]) -> int:
    counted = select(func.count(distinct(FollowUser.external_userid))).where(*conditions)
    return session.scalar(counted) or 0


def _is_followed(asked: Asked) -> ColumnElement[bool]:
    other = aliased(FollowUser)
    return exists(
        select(other.external_userid).where(
            other.external_userid == FollowUser.external_userid,
            other.removed_at.is_(None),
            asked.scope.holds(other.userid),
        )
    )


def _was_followed(asked: Asked, at: datetime) -> ColumnElement[bool]:
    other = aliased(FollowUser)
    return exists(
        select(other.external_userid).where(
            other.external_userid == FollowUser.external_userid,
            other.added_at < at,
            or_(other.removed_at.is_(None), other.removed_at >= at),
            asked.scope.holds(other.userid),
        )
    )

"""Customers whom nobody has followed for long: erased, and free to come back.

No tombstone is set up: he did not ask to be forgotten, and one who comes back is a new customer. So
what he refused is forgotten, too, and he is one who was never asked. Where the corp may send offers
to such people, whoever refused therefore stays.
"""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from app.customers.actions import lock_customer
from app.customers.models import Customer, FollowUser
from app.customers.queries import REFUSED, consent_is
from app.groups.models import GroupMember
from app.privacy.actions import forget_person
from app.runtime import Runtime

AT_ONCE = 20


def purge_gone(runtime: Runtime, session: Session, before: datetime) -> int:
    """Erase some whom nobody has followed since then, and who are in no group; return how many."""
    conditions = list(_gone(runtime, before))
    gone = select(Customer.external_userid).where(*conditions)
    count = 0
    for external_userid in session.scalars(gone.order_by(Customer.created_at).limit(AT_ONCE)).all():
        # Once more behind the lock: he may be coming back at this moment.
        is_there = lock_customer(session, external_userid)
        if is_there and session.scalar(gone.where(Customer.external_userid == external_userid)):
            forget_person(session, runtime, external_userid)
            count += 1
    return count


def _gone(runtime: Runtime, before: datetime) -> Iterator[ColumnElement[bool]]:
    his = Customer.external_userid
    yield Customer.created_at < before
    lasts = or_(FollowUser.removed_at.is_(None), FollowUser.removed_at >= before)
    yield ~exists().where(FollowUser.external_userid == his, lasts)
    yield ~exists().where(GroupMember.userid == his, GroupMember.left_at.is_(None))
    if runtime.config.marketing.unasked_allowed:
        yield ~consent_is(his, REFUSED)

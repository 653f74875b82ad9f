"""Customers themselves: a row for everybody we have heard of, and what WeCom says of him."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import clock
from app.customers.models import Customer, FollowUser
from app.customers.queries.relations import find_follow
from app.db import fit
from app.erased import Erased, is_erased
from app.errors import NotFound
from app.i18n import N_
from app.rows import upsert
from app.wecom.external_contact import ExternalContact

AVATAR_LENGTH = 1024
_BLANK = {"name": "", "avatar": "", "corp_name": "", "position": ""}


def ensure_customer(session: Session, external_userid: str) -> None:
    """Have a row for this customer, known by nothing but the id if he is new.

    Every way to a customer leads through here; whoever was erased has none.

    Raises:
        Erased: he was erased.
    """
    upsert(
        session,
        Customer,
        [{"external_userid": external_userid, "created_at": clock.utcnow()} | _BLANK],
        key=["external_userid"],
    )
    # Afterwards: whoever is being erased at this moment is waited for by the line above.
    if is_erased(session, external_userid):
        session.execute(delete(Customer).where(Customer.external_userid == external_userid))
        raise Erased


def take_over_contact(session: Session, contact: ExternalContact) -> None:
    """Write what WeCom says of the customer himself onto his row."""
    customer = session.get_one(Customer, contact.external_userid)
    customer.name = fit(contact.name, 128)
    # Half an address is none.
    avatar = contact.avatar or ""
    customer.avatar = avatar if len(avatar) <= AVATAR_LENGTH else ""
    customer.type = contact.type
    customer.gender = contact.gender
    customer.corp_name = fit(contact.corp_name, 128)
    customer.position = fit(contact.position, 128)
    customer.unionid = contact.unionid or customer.unionid
    customer.fetched_at = clock.utcnow()


def lock_customer(session: Session, external_userid: str) -> bool:
    """Have changes of one customer happen one after the other; False: there is no such customer.

    Before anything is written about him: on MariaDB whoever has inserted a row of his holds half a
    lock on him already, and two who have cannot both get the whole one.
    """
    locked = session.scalar(
        select(Customer.external_userid)
        .where(Customer.external_userid == external_userid)
        .with_for_update()
    )
    return locked is not None


def lock_own(session: Session, userid: str, external_userid: str) -> FollowUser:
    """Return the member's living relation with a customer, whose row is locked.

    So changes of one customer happen one after the other, and none while WeCom's word about him is
    taken over.

    Raises:
        NotFound: the customer is not his (any more).
    """
    lock_customer(session, external_userid)
    follow = find_follow(session, userid, external_userid)
    if follow is None or follow.removed_at is not None:
        raise NotFound(N_("你和这位客户已经不是好友，不能再修改"))
    return follow

"""Customers themselves: a row for everybody we have heard of, and what WeCom says of him."""

from sqlalchemy.orm import Session

from app import clock
from app.customers.models import Customer
from app.db import fit, upsert
from app.wecom.external_contact import ExternalContact

AVATAR_LENGTH = 1024
_BLANK = {"name": "", "avatar": "", "corp_name": "", "position": ""}


def ensure_customer(session: Session, external_userid: str) -> None:
    """Have a row for this customer, known by nothing but the id if he is new."""
    upsert(
        session,
        Customer,
        [{"external_userid": external_userid, "created_at": clock.utcnow()} | _BLANK],
        key=["external_userid"],
    )


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

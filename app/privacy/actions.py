"""Erasing a customer (抹除)."""

from sqlalchemy.orm import Session

from app.audit.actions import record_audit
from app.customers.actions import lock_customer
from app.erased import record_erased
from app.errors import NotFound
from app.i18n import N_
from app.privacy.board import HOLDINGS
from app.privacy.reading import build_reader
from app.runtime import Runtime

ERASED = "customer_erased"


def erase_person(
    session: Session, runtime: Runtime, external_userid: str, *, userid: str, origin: str
) -> int:
    """Erase all that is held about a customer and set up a tombstone; return of how many rows.

    In this one transaction: all of it, or nothing. Whoever writes about him at this moment waits
    for its end, and finds the tombstone.

    Raises:
        NotFound: there is no such customer (any more).
    """
    if not lock_customer(session, external_userid):
        raise NotFound(N_("没有这位客户，可能已经抹除了"))
    record_erased(session, external_userid, by=userid)
    rows = forget_person(session, runtime, external_userid)
    record_audit(session, userid=userid, action=ERASED, origin=origin, detail={"count": rows})
    return rows


def forget_person(session: Session, runtime: Runtime, external_userid: str) -> int:
    """Erase all that is held about a customer, whose row is locked; return of how many rows.

    Without a tombstone he may come back, as somebody new.
    """
    reader = build_reader(runtime, session)
    rows = sum(holding.erase(reader, external_userid) for holding in HOLDINGS)
    session.expire_all()
    return rows

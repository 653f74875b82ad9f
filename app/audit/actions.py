"""The one function through which every room writes the audit log."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.audit.models import AuditEntry, AuditHead
from app.audit.queries import digest_of, subject_of
from app.erased import is_erased


def record_audit(
    session: Session,
    *,
    userid: str,
    action: str,
    external_userid: str = "",
    detail: Mapping[str, int | str] | None = None,
    origin: str = "",
) -> None:
    """Note that a member did this, now. It stands with the transaction that did it, or not at all.

    `detail`: ids and figures, never what a person is called, can be reached at, or wrote. Of a
    customer who was erased not even the id is noted.
    """
    if external_userid and is_erased(session, external_userid):
        external_userid = ""
    entry = AuditEntry(
        at=clock.utcnow(),
        userid=userid,
        action=action,
        external_userid=external_userid,
        detail=dict(detail or {}),
        origin=origin,
    )
    head = lock_audit(session)
    entry.subject = subject_of(session, external_userid, head.digest)
    entry.digest = head.digest = digest_of(session, entry, head.digest)
    session.add(entry)
    session.flush()


def lock_audit(session: Session) -> AuditHead:
    """Have nobody else write into the log until this transaction ends.

    What is recorded, and must see what was done before it, begins with this.
    """
    head = session.scalars(select(AuditHead).with_for_update()).one()
    # What stands here may be older than the lock.
    session.refresh(head)
    return head

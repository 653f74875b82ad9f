"""The one function through which every room writes the audit log."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from app import clock
from app.audit.models import AuditEntry


def record_audit(
    session: Session,
    *,
    userid: str,
    action: str,
    external_userid: str = "",
    detail: Mapping[str, int | str] | None = None,
) -> None:
    """Note that a member did this, now. It stands with the transaction that did it, or not at all.

    `detail`: ids and figures, never what a person is called, can be reached at, or wrote.
    """
    session.add(
        AuditEntry(
            at=clock.utcnow(),
            userid=userid,
            action=action,
            external_userid=external_userid,
            detail=dict(detail or {}),
        )
    )
    session.flush()

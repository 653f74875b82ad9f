"""The audit log."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, WireId


class AuditEntry(Base):
    """One deed: `userid` did `action` to `external_userid`, "" if it was about no customer.

    Append-only, and it outlives whom it is about. `detail` holds ids and figures alone.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_log_external_userid_at", "external_userid", "at"),
        Index("ix_audit_log_userid_at", "userid", "at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime]
    userid: Mapped[str] = mapped_column(WireId())
    action: Mapped[str] = mapped_column(WireId(32))
    external_userid: Mapped[str] = mapped_column(WireId(), default="")
    detail: Mapped[dict[str, Any]]

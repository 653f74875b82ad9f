"""The audit log."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, WireId

ACTION_LENGTH = 32


class AuditEntry(Base):
    """One deed: `userid` did `action` to `external_userid`, "" if it was about no customer.

    Append-only, and it outlives whom it is about. `detail` holds ids and figures alone, and what
    admins wrote about no customer; `origin`: from where, as far as known. `digest` is over this
    entry and the digest of the one before: an entry that was changed or taken out fits no more.

    The chain covers `subject`, which stands for `external_userid` under the server's key and in
    this place alone: so it holds when he is erased. `cleared` says that he was, and not by whoever
    can write the database alone.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_log_external_userid_at", "external_userid", "at"),
        Index("ix_audit_log_userid_at", "userid", "at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime]
    userid: Mapped[str] = mapped_column(WireId())
    action: Mapped[str] = mapped_column(WireId(ACTION_LENGTH))
    external_userid: Mapped[str] = mapped_column(WireId(), default="")
    detail: Mapped[dict[str, Any]]
    origin: Mapped[str] = mapped_column(WireId(64), default="")
    digest: Mapped[str] = mapped_column(WireId(64), default="")
    subject: Mapped[str] = mapped_column(WireId(64), default="")
    cleared: Mapped[str] = mapped_column(WireId(64), default="")


class AuditHead(Base):
    """The last entry's digest: one row, under whose lock the chain grows."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(WireId(64))

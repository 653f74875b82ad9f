"""Roles, sessions and login links of the admin web. Secrets lie here as their digests alone."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, WireId, Words

ROLES = ("owner", "admin", "manager", "auditor")


class AdminRole(Base):
    """What a member may do in the admin web: one of ROLES. `granted_by` "": the command line."""

    __tablename__ = "admin_roles"

    userid: Mapped[str] = mapped_column(
        WireId(), ForeignKey("members.userid", ondelete="CASCADE"), primary_key=True
    )
    role: Mapped[str] = mapped_column(WireId(16))
    granted_at: Mapped[datetime]
    granted_by: Mapped[str] = mapped_column(WireId(), default="")


class AdminSession(Base):
    """A browser that is signed in. `digest` of its token; `stay` as in the sidebar's sessions.

    `proved_at`: when he last showed who he is, for what asks for more than a session. `origin` and
    `agent`: where from and with what, as he is told in his list of sessions.
    """

    __tablename__ = "admin_sessions"
    __table_args__ = (Index("ix_admin_sessions_userid", "userid"),)

    digest: Mapped[str] = mapped_column(WireId(64), primary_key=True)
    userid: Mapped[str] = mapped_column(WireId())
    stay: Mapped[int]
    begun_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    proved_at: Mapped[datetime]
    origin: Mapped[str] = mapped_column(WireId(64), default="")
    agent: Mapped[str] = mapped_column(Words(120), default="")


class LoginLink(Base):
    """A link that signs a member in once. `digest` of its token; gone when used or over."""

    __tablename__ = "login_links"

    digest: Mapped[str] = mapped_column(WireId(64), primary_key=True)
    userid: Mapped[str] = mapped_column(WireId())
    made_at: Mapped[datetime]
    ends_at: Mapped[datetime]

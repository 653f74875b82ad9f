"""Members and departments, as WeCom last told them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, WireId, Words


class Department(Base):
    """A department (部门); the root has parentid 0."""

    __tablename__ = "departments"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Words(128))
    parentid: Mapped[int]
    order: Mapped[int] = mapped_column("position", default=0)
    removed_at: Mapped[datetime | None]


class Member(Base):
    """A member (成员). `removed_at`: he left the corp, or the app's visible range.

    `stay` goes up when he leaves: who comes back under this userid may be somebody else. `away_at`:
    since when he does not work here, because he left or is disabled; `away_told_at`: when those who
    have to hear of it were told, or there was nothing to tell.
    """

    __tablename__ = "members"

    userid: Mapped[str] = mapped_column(WireId(), primary_key=True)
    folded: Mapped[str] = mapped_column(WireId(), unique=True)
    name: Mapped[str] = mapped_column(Words(128))
    alias: Mapped[str] = mapped_column(Words(128), default="")
    status: Mapped[int] = mapped_column(default=1)
    main_department: Mapped[int | None]
    direct_leader: Mapped[list[str]]
    seen_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    stay: Mapped[int] = mapped_column(default=1)
    away_at: Mapped[datetime | None]
    away_told_at: Mapped[datetime | None]


class MemberDepartment(Base):
    """A member's place in a department; a leader of it manages everybody below."""

    __tablename__ = "member_departments"
    __table_args__ = (Index("ix_member_departments_department_id", "department_id"),)

    userid: Mapped[str] = mapped_column(
        WireId(), ForeignKey("members.userid", ondelete="CASCADE"), primary_key=True
    )
    department_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    is_leader: Mapped[bool] = mapped_column(default=False)


class MemberPreference(Base):
    """How a member likes his pages: what stays with him on every device of his."""

    __tablename__ = "member_preferences"

    userid: Mapped[str] = mapped_column(
        WireId(), ForeignKey("members.userid", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(WireId(32), primary_key=True)
    value: Mapped[str] = mapped_column(Words(64))

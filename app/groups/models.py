"""Customer groups and their members."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, WireId, Words


class GroupChat(Base):
    """A customer group (客户群)."""

    __tablename__ = "group_chats"

    chat_id: Mapped[str] = mapped_column(WireId(), primary_key=True)
    name: Mapped[str] = mapped_column(Words(128), default="")
    owner: Mapped[str] = mapped_column(WireId(), default="", index=True)
    notice: Mapped[str] = mapped_column(Words(2048), default="")
    member_version: Mapped[str] = mapped_column(WireId(64), default="")
    create_time: Mapped[datetime | None]
    fetched_at: Mapped[datetime | None]
    dismissed_at: Mapped[datetime | None]


class GroupMember(Base):
    """One stay of somebody in a group. `type` 1: a member of the corp, 2: from outside."""

    __tablename__ = "group_members"
    __table_args__ = (
        UniqueConstraint("chat_id", "userid", "period"),
        Index("ix_group_members_userid", "userid"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    chat_id: Mapped[str] = mapped_column(
        WireId(), ForeignKey("group_chats.chat_id", ondelete="CASCADE")
    )
    userid: Mapped[str] = mapped_column(WireId())
    period: Mapped[int]
    type: Mapped[int]
    name: Mapped[str] = mapped_column(Words(128), default="")
    group_nickname: Mapped[str] = mapped_column(Words(128), default="")
    invitor: Mapped[str] = mapped_column(WireId(), default="")
    state: Mapped[str] = mapped_column(Words(128), default="")
    join_scene: Mapped[int | None]
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    quit_scene: Mapped[int | None]


class GroupChange(Base):
    """One fact about somebody in a group; the stays in `group_members` are folded from these.

    `kind`: joined and left (an event told it), seen (WeCom's API shows him, in since `at`), gone
    (the API showed him no more at `at`). `noted_at`: when we learned it. `told_at`: when the
    customer's timeline got an entry for it.
    """

    __tablename__ = "group_changes"
    __table_args__ = (UniqueConstraint("chat_id", "userid", "kind", "at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    chat_id: Mapped[str] = mapped_column(
        WireId(), ForeignKey("group_chats.chat_id", ondelete="CASCADE")
    )
    userid: Mapped[str] = mapped_column(WireId())
    kind: Mapped[str] = mapped_column(WireId(16))
    at: Mapped[datetime]
    noted_at: Mapped[datetime]
    scene: Mapped[int | None]
    invitor: Mapped[str] = mapped_column(WireId(), default="")
    state: Mapped[str] = mapped_column(Words(128), default="")
    told_at: Mapped[datetime | None]

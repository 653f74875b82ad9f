"""The tables of sync: runs, whom they go through, whom they saw, and who is missing."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.claims import Due
from app.db import Base, BigId, WireId, Words

FAULT_LENGTH = 255


class SyncRun(Due, Base):
    """One walk. `why`: manual, nightly, downtime, released or restored (a backup).

    `userid`: who began it, "" for the schedule.
    `is_first`: no walk was ever done before. `phase`: members, walk, close, chats, groups, look.
    `walking`: the members who, or whose groups, are being listed now, from `cursor` on; `asked_at`:
    since when. In `groups`, `cursor` is the group that was read last. `reached`: the last suspect
    that was looked at. `outcome` None: under way; done, refused or cancelled. `errcode` and
    `fault`, an N_(…) sentence: what WeCom said last that was in the way. `open_key` 1 while it is
    under way: there is one at a time. `group_moves`: who came to groups and went while no event
    told; `groups_errcode`: why WeCom would not show any group.
    """

    __tablename__ = "sync_runs"
    __table_args__ = (
        Index("ix_sync_runs_due_at", "due_at"),
        UniqueConstraint("open_key"),
    )

    why: Mapped[str] = mapped_column(WireId(16))
    userid: Mapped[str] = mapped_column(WireId(), default="")
    is_first: Mapped[bool] = mapped_column(default=False)
    phase: Mapped[str] = mapped_column(WireId(16), default="members")
    created_at: Mapped[datetime]
    walked_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(WireId(16))
    open_key: Mapped[int | None]
    cancelled_by: Mapped[str] = mapped_column(WireId(), default="")
    walking: Mapped[list[str]]
    cursor: Mapped[str] = mapped_column(Words(1024), default="")
    asked_at: Mapped[datetime | None]
    reached: Mapped[int] = mapped_column(BigId, default=0)
    errcode: Mapped[int | None]
    fault: Mapped[str] = mapped_column(Words(FAULT_LENGTH), default="")
    members: Mapped[int] = mapped_column(default=0)
    listed: Mapped[int] = mapped_column(default=0)
    new: Mapped[int] = mapped_column("found", default=0)
    changed: Mapped[int] = mapped_column(default=0)
    gone: Mapped[int] = mapped_column(default=0)
    missed_new: Mapped[int] = mapped_column(default=0)
    missed_gone: Mapped[int] = mapped_column(default=0)
    groups_read: Mapped[int] = mapped_column(default=0)
    groups_dismissed: Mapped[int] = mapped_column(default=0)
    group_moves: Mapped[int] = mapped_column(default=0)
    groups_errcode: Mapped[int | None]


class SyncMember(Base):
    """A member whom a run goes through. `outcome` None: still to come; done, refused or held.

    `is_alone`: he is asked for by himself, since somebody of his group was refused. `had`: how many
    customers we had of his, `missing`: how many of them WeCom did not list.
    """

    __tablename__ = "sync_members"

    run_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("sync_runs.id", ondelete="CASCADE"), primary_key=True
    )
    userid: Mapped[str] = mapped_column(WireId(), primary_key=True)
    outcome: Mapped[str | None] = mapped_column(WireId(16))
    is_alone: Mapped[bool] = mapped_column(default=False)
    had: Mapped[int] = mapped_column(default=0)
    missing: Mapped[int] = mapped_column(default=0)
    errcode: Mapped[int | None]
    fault: Mapped[str] = mapped_column(Words(FAULT_LENGTH), default="")
    ended_at: Mapped[datetime | None]


class SyncSeen(Base):
    """A relation that a run has seen among those of the members whom it is listing now."""

    __tablename__ = "sync_seen"

    run_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("sync_runs.id", ondelete="CASCADE"), primary_key=True
    )
    follow_id: Mapped[int] = mapped_column(BigId, primary_key=True)


class SyncSuspect(Base):
    """A relation that we hold for alive and WeCom did not list, at `missed_at`.

    `known_at`: when we knew last that it was there. `is_held`: too many of one member's were
    missing at once. `released_by`: the admin who has them looked at all the same.
    """

    __tablename__ = "sync_suspects"
    __table_args__ = (Index("ix_sync_suspects_userid", "userid"),)

    follow_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("follow_users.id", ondelete="CASCADE"), primary_key=True
    )
    userid: Mapped[str] = mapped_column(WireId())
    external_userid: Mapped[str] = mapped_column(WireId())
    run_id: Mapped[int] = mapped_column(BigId)
    missed_at: Mapped[datetime]
    known_at: Mapped[datetime]
    is_held: Mapped[bool] = mapped_column(default=False)
    released_by: Mapped[str] = mapped_column(WireId(), default="")

"""Customers, follow relations, stages and the timeline."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, WireId, Words


class Customer(Base):
    """A customer (外部联系人). `fetched_at` None: known only by id until WeCom is asked."""

    __tablename__ = "customers"

    external_userid: Mapped[str] = mapped_column(WireId(), primary_key=True)
    name: Mapped[str] = mapped_column(Words(128), default="")
    avatar: Mapped[str] = mapped_column(Words(1024), default="")
    type: Mapped[int | None]
    gender: Mapped[int | None]
    corp_name: Mapped[str] = mapped_column(Words(128), default="")
    position: Mapped[str] = mapped_column(Words(128), default="")
    unionid: Mapped[str | None] = mapped_column(WireId(), index=True)
    created_at: Mapped[datetime]
    fetched_at: Mapped[datetime | None]


class FollowChange(Base):
    """One fact about a relation: it began or it ended, at a time. Append-only.

    `kind`: half, add, seen (WeCom's API showed it) begin it; customer, member, transfer end it. The
    periods in `follow_users` are folded from these facts, in whatever order they came.
    """

    __tablename__ = "follow_changes"
    __table_args__ = (UniqueConstraint("external_userid", "userid", "kind", "at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    external_userid: Mapped[str] = mapped_column(
        WireId(), ForeignKey("customers.external_userid", ondelete="CASCADE")
    )
    userid: Mapped[str] = mapped_column(WireId())
    kind: Mapped[str] = mapped_column(WireId(16))
    at: Mapped[datetime]
    state: Mapped[str] = mapped_column(Words(128), default="")


class FollowUser(Base):
    """One period in which a member follows a customer (跟进关系).

    `mutual_at` None: the customer added the member, who has not added him back (单向).
    `removed_by`: customer, member or transfer. `gave_up_at`: the customer had left, and then the
    member deleted him too.
    """

    __tablename__ = "follow_users"
    __table_args__ = (
        UniqueConstraint("userid", "external_userid", "period"),
        Index("ix_follow_users_external_userid", "external_userid"),
        Index("ix_follow_users_userid_added_at", "userid", "added_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    userid: Mapped[str] = mapped_column(WireId())
    external_userid: Mapped[str] = mapped_column(
        WireId(), ForeignKey("customers.external_userid", ondelete="CASCADE")
    )
    period: Mapped[int]
    remark: Mapped[str] = mapped_column(Words(128), default="")
    description: Mapped[str] = mapped_column(Words(1024), default="")
    remark_mobiles: Mapped[list[str]]
    add_way: Mapped[int | None]
    state: Mapped[str] = mapped_column(Words(128), default="")
    oper_userid: Mapped[str] = mapped_column(WireId(), default="")
    added_at: Mapped[datetime]
    mutual_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[str | None] = mapped_column(WireId(16))
    gave_up_at: Mapped[datetime | None]


class FollowTag(Base):
    """A tag (标签) that a member gave a customer; `tag_id` "" for a member's own."""

    __tablename__ = "follow_tags"
    __table_args__ = (Index("ix_follow_tags_tag_id", "tag_id"),)

    follow_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("follow_users.id", ondelete="CASCADE"), primary_key=True
    )
    group_name: Mapped[str] = mapped_column(Words(64), primary_key=True)
    tag_name: Mapped[str] = mapped_column(Words(64), primary_key=True)
    tag_id: Mapped[str] = mapped_column(WireId(), default="")
    type: Mapped[int] = mapped_column(default=1)


class Pipeline(Base):
    """A row of stages; the one of lowest position is the default, 客户阶段."""

    __tablename__ = "pipelines"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Words(32), unique=True)
    position: Mapped[int] = mapped_column(default=0)


class Stage(Base):
    """A stage of a pipeline; a loss is none."""

    __tablename__ = "stages"
    __table_args__ = (UniqueConstraint("pipeline_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    pipeline_id: Mapped[int] = mapped_column(ForeignKey("pipelines.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Words(32))
    position: Mapped[int] = mapped_column(default=0)


class CustomerStage(Base):
    """Where a customer stands in a pipeline: one truth for the whole corp."""

    __tablename__ = "customer_stages"
    __table_args__ = (Index("ix_customer_stages_stage_id", "stage_id"),)

    external_userid: Mapped[str] = mapped_column(
        WireId(), ForeignKey("customers.external_userid", ondelete="CASCADE"), primary_key=True
    )
    pipeline_id: Mapped[int] = mapped_column(
        ForeignKey("pipelines.id", ondelete="CASCADE"), primary_key=True
    )
    stage_id: Mapped[int] = mapped_column(ForeignKey("stages.id"))
    changed_at: Mapped[datetime]


class StageChange(Base):
    """One step from stage to stage: who, when, why. `userid` "": Banke itself."""

    __tablename__ = "stage_changes"
    __table_args__ = (Index("ix_stage_changes_external_userid_id", "external_userid", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    external_userid: Mapped[str] = mapped_column(
        WireId(), ForeignKey("customers.external_userid", ondelete="CASCADE")
    )
    pipeline_id: Mapped[int] = mapped_column(ForeignKey("pipelines.id", ondelete="CASCADE"))
    from_stage_id: Mapped[int | None] = mapped_column(ForeignKey("stages.id"))
    to_stage_id: Mapped[int] = mapped_column(ForeignKey("stages.id"))
    userid: Mapped[str] = mapped_column(WireId(), default="")
    why: Mapped[str] = mapped_column(Words(200), default="")
    changed_at: Mapped[datetime]


class TimelineEntry(Base):
    """One thing that happened with a customer. Append-only; `kind` is worded when it is shown."""

    __tablename__ = "timeline"
    __table_args__ = (Index("ix_timeline_external_userid_at", "external_userid", "at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(WireId(190), unique=True)
    external_userid: Mapped[str] = mapped_column(
        WireId(), ForeignKey("customers.external_userid", ondelete="CASCADE")
    )
    userid: Mapped[str] = mapped_column(WireId(), default="")
    kind: Mapped[str] = mapped_column(WireId(32))
    at: Mapped[datetime]
    data: Mapped[dict[str, Any]]

"""Customers, and who follows them."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.data_keys import DIGEST_LENGTH
from app.db import Base, BigId, WireId, Words


class Customer(Base):
    """A customer (外部联系人). `fetched_at` None: known only by id until WeCom is asked."""

    __tablename__ = "customers"
    __table_args__ = (
        # A collation other than C cannot look for beginnings; this can.
        Index("ix_customers_name", "name", postgresql_ops={"name": "varchar_pattern_ops"}),
    )

    external_userid: Mapped[str] = mapped_column(WireId(), primary_key=True)
    name: Mapped[str] = mapped_column(Words(128), default="")
    avatar: Mapped[str] = mapped_column(Words(1024), default="")
    type: Mapped[int | None]
    gender: Mapped[int | None]
    corp_name: Mapped[str] = mapped_column(Words(128), default="")
    position: Mapped[str] = mapped_column(Words(128), default="")
    unionid: Mapped[str | None] = mapped_column(WireId())
    created_at: Mapped[datetime]
    fetched_at: Mapped[datetime | None]


class FollowChange(Base):
    """One fact about a relation: it began or it ended, at a time. Append-only.

    `kind`: half, add, seen (WeCom's API showed it) begin it; customer, member, transfer end it, and
    so does reconcile (WeCom's API shows it no more, and no event told). The periods in
    `follow_users` are folded from these facts, in whatever order they came.
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
    `removed_by`: customer, member, transfer or reconcile. `gave_up_at`: the customer had left, and
    then the member deleted him too. `remark_mobiles`: a box with the numbers that the member noted
    in WeCom (备注手机), [] for none; `follow_mobiles` has what they are found by.
    """

    __tablename__ = "follow_users"
    __table_args__ = (
        UniqueConstraint("userid", "external_userid", "period"),
        Index(
            "ix_follow_users_external_userid_userid_removed_at",
            "external_userid",
            "userid",
            "removed_at",
        ),
        Index("ix_follow_users_userid_added_at", "userid", "added_at"),
        Index("ix_follow_users_added_at_userid", "added_at", "userid"),
        # Most have no state, and hardly anybody is gone: those are left out of these two, since an
        # index entry somewhere is what costs most in a first sync of very many.
        Index(
            "ix_follow_users_state_added_at_userid",
            "state",
            "added_at",
            "userid",
            postgresql_where=text("state > ''"),
            sqlite_where=text("state > ''"),
        ),
        Index("ix_follow_users_remark", "remark", postgresql_ops={"remark": "varchar_pattern_ops"}),
        Index(
            "ix_follow_users_removed_at_external_userid_userid",
            "removed_at",
            "external_userid",
            "userid",
            postgresql_where=text("removed_at IS NOT NULL"),
            sqlite_where=text("removed_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    userid: Mapped[str] = mapped_column(WireId())
    external_userid: Mapped[str] = mapped_column(
        WireId(), ForeignKey("customers.external_userid", ondelete="CASCADE")
    )
    period: Mapped[int]
    remark: Mapped[str] = mapped_column(Words(128), default="")
    description: Mapped[str] = mapped_column(Words(1024), default="")
    remark_mobiles: Mapped[list[str] | str] = mapped_column(JSON)
    add_way: Mapped[int | None]
    state: Mapped[str] = mapped_column(Words(128), default="")
    oper_userid: Mapped[str] = mapped_column(WireId(), default="")
    added_at: Mapped[datetime]
    mutual_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[str | None] = mapped_column(WireId(16))
    gave_up_at: Mapped[datetime | None]


class FollowMobile(Base):
    """What a number that a member noted in WeCom is found by: its digest, see `app.data_keys`."""

    __tablename__ = "follow_mobiles"
    __table_args__ = (Index("ix_follow_mobiles_digest", "digest"),)

    follow_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("follow_users.id", ondelete="CASCADE"), primary_key=True
    )
    digest: Mapped[str] = mapped_column(WireId(DIGEST_LENGTH), primary_key=True)


class FollowTag(Base):
    """A tag (标签) that a member gave a customer; `tag_id` "" for a member's own."""

    __tablename__ = "follow_tags"
    __table_args__ = (Index("ix_follow_tags_tag_id_follow_id", "tag_id", "follow_id"),)

    follow_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("follow_users.id", ondelete="CASCADE"), primary_key=True
    )
    group_name: Mapped[str] = mapped_column(Words(64), primary_key=True)
    tag_name: Mapped[str] = mapped_column(Words(64), primary_key=True)
    tag_id: Mapped[str] = mapped_column(WireId(), default="")
    type: Mapped[int] = mapped_column(default=1)

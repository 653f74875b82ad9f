"""The corp's tags, in their groups."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, WireId, Words


class TagGroup(Base):
    """A group of corp tags (企业标签组). The one of the largest `position` comes first.

    `removed_at`: WeCom does not list it any more.
    """

    __tablename__ = "tag_groups"

    group_id: Mapped[str] = mapped_column(WireId(), primary_key=True)
    name: Mapped[str] = mapped_column(Words(64))
    position: Mapped[int] = mapped_column(BigId, default=0)
    removed_at: Mapped[datetime | None]


class Tag(Base):
    """A corp tag (企业标签). The one of the largest `position` comes first in its group.

    `id` is ours, for pages and forms. `removed_at`: deleted in WeCom (已失效); the row stays.
    """

    __tablename__ = "tags"
    __table_args__ = (Index("ix_tags_group_id", "group_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    tag_id: Mapped[str] = mapped_column(WireId(), unique=True)
    group_id: Mapped[str] = mapped_column(WireId())
    name: Mapped[str] = mapped_column(Words(64))
    position: Mapped[int] = mapped_column(BigId, default=0)
    removed_at: Mapped[datetime | None]

"""The table of pushes."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.claims import Due
from app.db import Base, BigId, WireId, Words


class Push(Due, Base):
    """One change of a member's at one of his customers, for WeCom.

    `kind` remark: `value` is the remark, or of the `subject` description or mobiles (as
    `app.pushes.mobiles` packs them) these: WeCom takes all three in one call. `kind` tags:
    `subject` is the tag_id, `value` add or remove. `outcome` None: open; else done, failed,
    superseded (a later change of the same took its place). `reason` is a code that `REASONS`
    words. `lane`: pushes, or bulk for those of a batch (`batch_id`), which nobody waits for.
    """

    __tablename__ = "pushes"
    __table_args__ = (
        Index("ix_pushes_lane_due_at", "lane", "due_at"),
        Index("ix_pushes_batch_id_outcome", "batch_id", "outcome"),
        Index("ix_pushes_external_userid_userid_id", "external_userid", "userid", "id"),
        # What a member did himself; MariaDB cannot tell it apart.
        Index(
            "ix_pushes_userid_kind_id",
            "userid",
            "kind",
            "id",
            postgresql_where=text("batch_id IS NULL"),
            sqlite_where=text("batch_id IS NULL"),
        ),
    )

    kind: Mapped[str] = mapped_column(WireId(16))
    userid: Mapped[str] = mapped_column(WireId())
    external_userid: Mapped[str] = mapped_column(WireId())
    subject: Mapped[str] = mapped_column(WireId(), default="")
    value: Mapped[str] = mapped_column(Words(1024))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(WireId(16))
    reason: Mapped[str] = mapped_column(WireId(64), default="")
    errcode: Mapped[int | None]
    lane: Mapped[str] = mapped_column(WireId(16), default="pushes")
    batch_id: Mapped[int | None] = mapped_column(BigId)

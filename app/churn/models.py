"""The table of losses."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, WireId, Words


class Loss(Base):
    """The end of one period of a follow relation. `kind`: customer, member or transfer.

    `returned_at`: the customer and the member found each other again. `reason`: why he left, as a
    member put it down, one of LOSS_REASONS; `reason_note` in his own words.
    """

    __tablename__ = "losses"
    __table_args__ = (
        UniqueConstraint("follow_id"),
        Index("ix_losses_userid_lost_at", "userid", "lost_at"),
        Index("ix_losses_external_userid", "external_userid"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    follow_id: Mapped[int] = mapped_column(BigId, ForeignKey("follow_users.id", ondelete="CASCADE"))
    userid: Mapped[str] = mapped_column(WireId())
    external_userid: Mapped[str] = mapped_column(WireId())
    kind: Mapped[str] = mapped_column(WireId(16))
    lost_at: Mapped[datetime]
    days_known: Mapped[int]
    returned_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(WireId(16), default="")
    reason_note: Mapped[str] = mapped_column(Words(200), default="")
    reason_by: Mapped[str] = mapped_column(WireId(), default="")
    reason_at: Mapped[datetime | None]

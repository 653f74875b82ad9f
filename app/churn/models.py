"""The tables of losses."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, WireId, Words

# What counts as a loss: a transfer is the corp's own doing.
COUNTED = ("customer", "member")


class Loss(Base):
    """The end of one period of a follow relation. `kind`: customer, member, transfer or reconcile.

    Of one that reconciliation found, nobody knows who ended it; `lost_at` is when it was missed.

    `returned_at`: the customer and the member found each other again. `reason`: why he left, as a
    member put it down, one of LOSS_REASONS; `reason_note` in his own words. `assigned_to`: who is
    to win him back, "" for nobody; `contacted_at`: somebody has been in touch with him since.
    """

    __tablename__ = "losses"
    __table_args__ = (
        UniqueConstraint("follow_id"),
        Index("ix_losses_userid_lost_at", "userid", "lost_at"),
        Index("ix_losses_external_userid", "external_userid"),
        Index("ix_losses_kind_lost_at_id", "kind", "lost_at", "id"),
        Index("ix_losses_lost_at_id", "lost_at", "id"),
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
    assigned_to: Mapped[str] = mapped_column(WireId(), default="")
    assigned_by: Mapped[str] = mapped_column(WireId(), default="")
    assigned_at: Mapped[datetime | None]
    contacted_by: Mapped[str] = mapped_column(WireId(), default="")
    contacted_at: Mapped[datetime | None]


class MassLoss(Base):
    """A day on which a member deleted or lost more customers at once than `alerts` allow.

    `count`: the most of them within `minutes`; `last_at`: the last loss that made it too many.
    `seen_at`: an admin has taken note of it. `day` is the corp's.
    """

    __tablename__ = "mass_losses"
    __table_args__ = (UniqueConstraint("userid", "day"), Index("ix_mass_losses_day", "day"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    userid: Mapped[str] = mapped_column(WireId())
    day: Mapped[date]
    count: Mapped[int]
    minutes: Mapped[int]
    last_at: Mapped[datetime]
    seen_by: Mapped[str] = mapped_column(WireId(), default="")
    seen_at: Mapped[datetime | None]

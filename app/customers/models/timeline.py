"""What happened to customers."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, WireId


class TimelineEntry(Base):
    """One thing that happened with a customer; `kind` is worded when it is shown.

    Append-only, but for what its maker adds to what he has just put down.
    """

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

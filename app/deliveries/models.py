"""The table of deliveries."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.claims import Due
from app.db import Base, BigId, Blob, WireId, Words


class Delivery(Due, Base):
    """One thing sent, or to be sent, to one person.

    A welcome is worked by its event and never falls due; a message to a member does, through the
    lane `deliveries`. `outcome` None: not ended yet; else sent, failed, missed, skipped, cancelled,
    unknown. `wanted_at`: since when it is wanted, later than it was made where it is for a time to
    come; what claims and tries do to `due_at` does not change it. `state`: a welcome's channel.
    `reason` is a code that `REASONS` words; `detail` holds figures and codes only.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_due_at", "due_at"),
        Index("ix_deliveries_recipient_sent_at", "recipient", "sent_at"),
        Index("ix_deliveries_external_userid_id", "external_userid", "id"),
        Index("ix_deliveries_external_userid_wanted_at", "external_userid", "wanted_at"),
        Index("ix_deliveries_kind_created_at", "kind", "created_at"),
        Index("ix_deliveries_wanted_at_id", "wanted_at", "id"),
        Index("ix_deliveries_userid_wanted_at_id", "userid", "wanted_at", "id"),
    )

    kind: Mapped[str] = mapped_column(WireId(32))
    dedupe_key: Mapped[str] = mapped_column(WireId(190), unique=True)
    recipient: Mapped[str] = mapped_column(WireId())
    userid: Mapped[str] = mapped_column(WireId(), default="")
    external_userid: Mapped[str] = mapped_column(WireId(), default="")
    state: Mapped[str] = mapped_column(Words(128), default="")
    ref: Mapped[str] = mapped_column(WireId(64), default="")
    payload: Mapped[bytes | None] = mapped_column(Blob)
    event_id: Mapped[int | None] = mapped_column(BigId)
    created_at: Mapped[datetime]
    wanted_at: Mapped[datetime]
    tried_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(WireId(16))
    reason: Mapped[str] = mapped_column(WireId(64), default="")
    took_ms: Mapped[int | None]
    detail: Mapped[dict[str, Any]]

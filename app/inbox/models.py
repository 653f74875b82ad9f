"""The table of received events."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.claims import Due
from app.db import Base, Blob, WireId, Words

# What `body` is sealed for.
BODY_PURPOSE = "inbox.body"


class InboxEvent(Due, Base):
    """One event that WeCom sent and we acknowledged. `due_at` None: nothing is left to do.

    `fate` says how it ended: done, ignored, unsupported, unreadable, dead; erased: it was about
    somebody who was erased, and what it said of him is gone.
    """

    __tablename__ = "inbox_events"
    __table_args__ = (
        UniqueConstraint("corp_id", "dedupe_key"),
        Index("ix_inbox_events_lane_due_at", "lane", "due_at"),
        Index("ix_inbox_events_fate_finished_at", "fate", "finished_at"),
        Index("ix_inbox_events_received_at_id", "received_at", "id"),
        Index("ix_inbox_events_fate_received_at_id", "fate", "received_at", "id"),
        Index("ix_inbox_events_external_userid_received_at", "external_userid", "received_at"),
    )

    corp_id: Mapped[str] = mapped_column(WireId(64))
    dedupe_key: Mapped[str] = mapped_column(WireId(64))
    receiver: Mapped[str] = mapped_column(WireId(32))
    lane: Mapped[str] = mapped_column(WireId(16))
    event: Mapped[str] = mapped_column(WireId(64))
    change_type: Mapped[str] = mapped_column(WireId(64))
    userid: Mapped[str] = mapped_column(WireId(), default="")
    external_userid: Mapped[str] = mapped_column(WireId(), default="")
    chat_id: Mapped[str] = mapped_column(WireId(), default="")
    create_time: Mapped[datetime | None]
    body: Mapped[bytes | None] = mapped_column(Blob)
    msg_signature: Mapped[str] = mapped_column(WireId(40))
    last_msg_signature: Mapped[str] = mapped_column(WireId(40))
    duplicates: Mapped[int] = mapped_column(default=0)
    received_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    ticked: Mapped[list[str]]
    fate: Mapped[str | None] = mapped_column(WireId(16))
    note: Mapped[str] = mapped_column(Words(500), default="")

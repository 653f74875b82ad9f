"""What members write down about a customer (跟进), and what they want to be reminded of."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, WireId, Words

TEXT_LENGTH = 2000
REMINDER_LENGTH = 200
FORM_KEY_LENGTH = 64


class FollowUp(Base):
    """A note (跟进记录). It belongs to the customer: whoever may see him reads it.

    `form_key` is the box's it was typed into: the same box sent twice is one note.
    """

    __tablename__ = "follow_ups"
    __table_args__ = (
        UniqueConstraint("userid", "form_key"),
        Index("ix_follow_ups_external_userid_created_at", "external_userid", "created_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    external_userid: Mapped[str] = mapped_column(
        WireId(), ForeignKey("customers.external_userid", ondelete="CASCADE")
    )
    userid: Mapped[str] = mapped_column(WireId())
    form_key: Mapped[str] = mapped_column(WireId(FORM_KEY_LENGTH))
    text: Mapped[str] = mapped_column(Words(TEXT_LENGTH))
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]


class Reminder(Base):
    """What a member wants to be told about a customer, and when (提醒).

    `state`: open, done or cancelled; the latter two ended at `ended_at`. `turn` counts how often a
    time was set: the message of an earlier turn is no longer wanted. `delivery_id`: the message of
    this turn.
    """

    __tablename__ = "reminders"
    __table_args__ = (
        UniqueConstraint("userid", "form_key"),
        Index("ix_reminders_external_userid_userid_state", "external_userid", "userid", "state"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    userid: Mapped[str] = mapped_column(WireId())
    external_userid: Mapped[str] = mapped_column(
        WireId(), ForeignKey("customers.external_userid", ondelete="CASCADE")
    )
    follow_up_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("follow_ups.id", ondelete="CASCADE"), index=True
    )
    form_key: Mapped[str] = mapped_column(WireId(FORM_KEY_LENGTH))
    text: Mapped[str] = mapped_column(Words(REMINDER_LENGTH), default="")
    due_at: Mapped[datetime]
    turn: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(WireId(16), default="open")
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    delivery_id: Mapped[int | None] = mapped_column(BigId)


class Draft(Base):
    """What a member has typed and not sent yet, in one place of a customer's card.

    `form_key` is the box's, `version` grows while it is typed into: what comes late does not write
    over what is newer.
    """

    __tablename__ = "drafts"

    external_userid: Mapped[str] = mapped_column(
        WireId(), ForeignKey("customers.external_userid", ondelete="CASCADE"), primary_key=True
    )
    userid: Mapped[str] = mapped_column(WireId(), primary_key=True)
    place: Mapped[str] = mapped_column(WireId(32), primary_key=True)
    form_key: Mapped[str] = mapped_column(WireId(FORM_KEY_LENGTH))
    version: Mapped[int] = mapped_column(BigId, default=0)
    text: Mapped[str] = mapped_column(Words(TEXT_LENGTH))
    saved_at: Mapped[datetime]

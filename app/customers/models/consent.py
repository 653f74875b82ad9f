"""Whether a customer wants to hear of offers (营销意愿), and how that is known."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, WireId, Words

NOTE_LENGTH = 200


class MarketingConsent(Base):
    """Where a customer stands: one truth for the whole corp; no row: he was never asked.

    `state`: agreed, refused, or "" for one whose answer was taken back as a mistake. `change_id`:
    the change that led there.
    """

    __tablename__ = "marketing_consents"
    __table_args__ = (Index("ix_marketing_consents_state", "state"),)

    external_userid: Mapped[str] = mapped_column(
        WireId(), ForeignKey("customers.external_userid", ondelete="CASCADE"), primary_key=True
    )
    state: Mapped[str] = mapped_column(WireId(16))
    change_id: Mapped[int] = mapped_column(BigId)
    changed_at: Mapped[datetime]


class ConsentChange(Base):
    """One change of it: from where to where, who wrote it down and when. Append-only.

    `way`: how the customer's will is known, one of CONSENT_WAYS; `note` in the member's own words:
    its maker may still add to both. `is_undo`: the change before it was a mistake.
    """

    __tablename__ = "consent_changes"
    __table_args__ = (Index("ix_consent_changes_external_userid_id", "external_userid", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    external_userid: Mapped[str] = mapped_column(
        WireId(), ForeignKey("customers.external_userid", ondelete="CASCADE")
    )
    from_state: Mapped[str] = mapped_column(WireId(16))
    to_state: Mapped[str] = mapped_column(WireId(16))
    way: Mapped[str] = mapped_column(WireId(16), default="")
    note: Mapped[str] = mapped_column(Words(NOTE_LENGTH), default="")
    userid: Mapped[str] = mapped_column(WireId(), default="")
    is_undo: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime]

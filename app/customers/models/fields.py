"""The fields (资料) that a corp keeps about its customers, and what stands in them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.data_keys import DIGEST_LENGTH
from app.db import Base, BigId, WireId, Words
from app.money import Money

TEXT_LENGTH = 500
# Of the longest text, sealed.
BOX_LENGTH = 4000


class CustomField(Base):
    """A field: what it is called and what can stand in it.

    `key` is what a file of fields names it by, for ever; `kind` one of text, number, money, date,
    choice, choices, phone, address, link, yes_no, for ever too. `options` of a choice, in order:
    {"id", "name", "removed"}; one that was removed stays for those who have it. `visible_to`: who
    sees it beside a chat: "" everybody who sees the customer, "managers" those who lead somebody.
    `sensitive` (敏感): what stands in it is sealed and masked, as every phone's is.
    """

    __tablename__ = "custom_fields"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(WireId(32), unique=True)
    name: Mapped[str] = mapped_column(Words(32))
    kind: Mapped[str] = mapped_column(WireId(16))
    options: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    hint: Mapped[str] = mapped_column(Words(64), default="")
    position: Mapped[int] = mapped_column(default=0)
    pinned: Mapped[bool] = mapped_column(default=False)
    read_only: Mapped[bool] = mapped_column(default=False)
    visible_to: Mapped[str] = mapped_column(WireId(16), default="")
    sensitive: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class FieldValue(Base):
    """What stands in a field of a customer: one truth for the whole corp.

    The column of the field's kind holds it, the others are None: `text` (text, phone, address,
    link), `number` (number, money: two decimals), `day`, `flag` (yes_no); options are rows of
    `field_choices`. Of a sensitive field and of a phone, `box` holds it sealed and they are all
    None; `digest` is what its exact text is found by. `version` counts the changes; an emptied
    field keeps its row and goes on counting.
    """

    __tablename__ = "field_values"
    __table_args__ = (
        UniqueConstraint("external_userid", "field_id"),
        Index("ix_field_values_field_id", "field_id"),
        Index("ix_field_values_digest", "digest"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    external_userid: Mapped[str] = mapped_column(
        WireId(), ForeignKey("customers.external_userid", ondelete="CASCADE")
    )
    field_id: Mapped[int] = mapped_column(ForeignKey("custom_fields.id", ondelete="CASCADE"))
    text: Mapped[str | None] = mapped_column(Words(TEXT_LENGTH))
    number: Mapped[Decimal | None] = mapped_column(Money())
    day: Mapped[date | None]
    flag: Mapped[bool | None]
    box: Mapped[str | None] = mapped_column(Words(BOX_LENGTH))
    digest: Mapped[str | None] = mapped_column(WireId(DIGEST_LENGTH))
    version: Mapped[int] = mapped_column(default=0)
    userid: Mapped[str] = mapped_column(WireId())
    changed_at: Mapped[datetime]


class FieldChoice(Base):
    """An option that stands in a field of kind choice or choices."""

    __tablename__ = "field_choices"

    value_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("field_values.id", ondelete="CASCADE"), primary_key=True
    )
    option: Mapped[str] = mapped_column(WireId(32), primary_key=True)


class FieldChange(Base):
    """One change of a field: who, when, and what stood there `before`, so that it can be undone.

    `version` is the one that it led to; of a sensitive field `before` is a box.
    """

    __tablename__ = "field_changes"
    __table_args__ = (
        Index("ix_field_changes_external_userid", "external_userid"),
        Index("ix_field_changes_field_id", "field_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    external_userid: Mapped[str] = mapped_column(
        WireId(), ForeignKey("customers.external_userid", ondelete="CASCADE")
    )
    field_id: Mapped[int] = mapped_column(ForeignKey("custom_fields.id", ondelete="CASCADE"))
    version: Mapped[int]
    userid: Mapped[str] = mapped_column(WireId())
    before: Mapped[dict[str, Any] | str] = mapped_column(JSON)
    changed_at: Mapped[datetime]

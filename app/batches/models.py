"""The tables of batches."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.claims import Due
from app.db import Base, BigId, WireId


class Batch(Due, Base):
    """One thing that an admin does to many relations.

    `kind`: tag_add, tag_remove, stage, consent, reminder; `what` is what it needs: {"tag_id",
    "name"}, {"stage_id", "name"}, {"state", "way", "note", "name"}, {"text", "at"}. `total`: how
    many it was begun with. It is gone through in two halves: the relations up to `middle`, of which
    `reached_below` is the last that is done, and those above, of which `reached` is. `ended_at`
    None: it is under way; so it is with tags until WeCom knows of all. `cancelled_by`: who stopped
    it. One of the kind import goes through the rows of a table instead, more than once: see
    `app.batches.imports`.
    """

    __tablename__ = "batches"
    __table_args__ = (Index("ix_batches_due_at", "due_at"),)

    kind: Mapped[str] = mapped_column(WireId(16))
    userid: Mapped[str] = mapped_column(WireId())
    what: Mapped[dict[str, Any]]
    total: Mapped[int] = mapped_column(default=0)
    reached: Mapped[int] = mapped_column(BigId, default=0)
    middle: Mapped[int] = mapped_column(BigId, default=0)
    reached_below: Mapped[int] = mapped_column(BigId, default=0)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    cancelled_by: Mapped[str] = mapped_column(WireId(), default="")


class BatchItem(Base):
    """One relation of a batch. `outcome`: one of `OUTCOMES`; None: its batch tells.

    What the batch has reached is done then, and what it has not is still to be done, or cancelled
    with it: writing "done" to each would take as long as doing it. `app.batches.queries` reads it.

    No foreign key, whose check would take longer than the row: `delete_ended` alone deletes a
    batch, after these.
    """

    __tablename__ = "batch_items"

    batch_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    follow_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    outcome: Mapped[str | None] = mapped_column(WireId(16))


class ImportRow(Base):
    """One row of a table that is imported; `number` as the program that shows it counts.

    `cells`: what stands in it, until it has been imported. `outcome` None: not looked at yet; else
    one of `IMPORT_OUTCOMES`. `plan`: what it will write, `done`: what it wrote and what stood there
    before, see `app.batches.planning` and `importing`. These three are sealed, see
    `app.batches.sealed`, or empty. `faults`: [heading, words] pairs.
    """

    __tablename__ = "import_rows"
    __table_args__ = (
        Index("ix_import_rows_batch_id_external_userid", "batch_id", "external_userid"),
        Index("ix_import_rows_batch_id_outcome_number", "batch_id", "outcome", "number"),
    )

    batch_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    cells: Mapped[list[str] | str] = mapped_column(JSON)
    external_userid: Mapped[str] = mapped_column(WireId(), default="")
    outcome: Mapped[str | None] = mapped_column(WireId(16))
    plan: Mapped[dict[str, Any] | str] = mapped_column(JSON, default=dict)
    done: Mapped[dict[str, Any] | str] = mapped_column(JSON, default=dict)
    faults: Mapped[list[list[str]]] = mapped_column(JSON, default=list)

"""Reads of the fields as they are set up: how many customers have something in them, marks."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from app.customers.models import CustomField, FieldChoice, FieldValue
from app.customers.queries.fields import MOST_FIELDS, Field, field_of
from app.customers.queries.marks import mark_of

# Up to so many customers are counted; whoever has more reads that there are at least so many.
MOST_COUNTED = 100_000
MOST_REMOVED = 100


@dataclass(frozen=True)
class FieldRow:
    """A field with its settings, and when it was removed.

    `mark`: of what can be changed about it; `options_mark`: of its options.
    """

    field: Field
    removed_at: datetime | None
    mark: str
    options_mark: str


def list_field_rows(session: Session) -> list[FieldRow]:
    """Return the fields in use, in the order of the card."""
    rows = session.scalars(
        select(CustomField)
        .where(CustomField.removed_at.is_(None))
        .order_by(CustomField.pinned.desc(), CustomField.position, CustomField.id)
        .limit(MOST_FIELDS)
    )
    return [_row(row) for row in rows]


def list_removed_fields(session: Session) -> list[FieldRow]:
    """Return the fields that were removed, the latest first."""
    rows = session.scalars(
        select(CustomField)
        .where(CustomField.removed_at.is_not(None))
        .order_by(CustomField.removed_at.desc(), CustomField.id)
        .limit(MOST_REMOVED)
    )
    return [_row(row) for row in rows]


def find_field_row(session: Session, field_id: int) -> FieldRow | None:
    """Return one of the fields, in use or not."""
    row = session.get(CustomField, field_id)
    return _row(row) if row else None


def count_filled(session: Session, field_id: int, *, most: int = MOST_COUNTED) -> int:
    """Count the customers who have something in this field, up to `most`."""
    filled = (
        select(FieldValue.id).where(FieldValue.field_id == field_id, _is_filled()).limit(most)
    ).subquery()
    return session.scalar(select(func.count()).select_from(filled)) or 0


def count_options(session: Session, field_id: int, *, most: int = MOST_COUNTED) -> dict[str, int]:
    """Count the customers who have each option of this field, among the first `most` of it."""
    values = select(FieldValue.id).where(FieldValue.field_id == field_id).limit(most).subquery()
    rows = session.execute(
        select(FieldChoice.option, func.count())
        .join(values, values.c.id == FieldChoice.value_id)
        .group_by(FieldChoice.option)
    )
    return {row[0]: row[1] for row in rows}


def mark_field(row: CustomField) -> str:
    """Return the mark of what can be changed about a field, besides its options."""
    return mark_of(
        row.id,
        row.name,
        row.hint,
        row.pinned,
        row.read_only,
        row.visible_to,
        row.sensitive,
        row.removed_at is None,
    )


def mark_options(row: CustomField) -> str:
    """Return the mark of a field's options."""
    return mark_of(row.id, [[one["id"], one["name"], _is_gone(one)] for one in row.options])


def _is_gone(option: dict[str, object]) -> bool:
    return bool(option.get("removed"))


def _row(row: CustomField) -> FieldRow:
    return FieldRow(field_of(row), row.removed_at, mark_field(row), mark_options(row))


def _is_filled() -> ColumnElement[bool]:
    """Say in SQL that a value is not an emptied one, which keeps its row."""
    return or_(
        FieldValue.text.is_not(None),
        FieldValue.number.is_not(None),
        FieldValue.day.is_not(None),
        FieldValue.flag.is_not(None),
        FieldValue.box.is_not(None),
        exists().where(FieldChoice.value_id == FieldValue.id),
    )

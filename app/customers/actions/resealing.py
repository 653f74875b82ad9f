"""Rows of customers that hold boxes: which are not as they should be, and how they come to be so.

They lie in clear since before there were keys, or their field became sensitive or is so no more, or
they are of a key that is not the current one.
"""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.customers.actions.sealing import columns_of, keep_before, note_mobiles
from app.customers.models import (
    CustomerView,
    CustomField,
    FieldChange,
    FieldValue,
    FollowUser,
    TimelineEntry,
)
from app.customers.queries.fields import FIELD_KEY, Field, Value, field_of
from app.customers.queries.sealed import (
    place_of_before,
    place_of_choices,
    place_of_mobiles,
    place_of_value,
    read_before,
)
from app.customers.queries.values import value_of
from app.data_keys import is_off, reseal_json
from app.schedule_runs import hasten
from app.seal_walks import SealedRows, walk_again

SEALING_JOB = "privacy.seal"
HELD_FIELDS = "banke.resealing.fields"


def _is_follow_off(session: Session, row: FollowUser) -> bool:
    return is_off(session, row.remark_mobiles)


def _reseal_follow(session: Session, row: FollowUser) -> None:
    place = place_of_mobiles(row.external_userid, row.userid, row.period)
    if not isinstance(row.remark_mobiles, str):
        # What they are found by is the same under every key: it came with the first box.
        note_mobiles(session, {row.id: row.remark_mobiles})
    row.remark_mobiles = reseal_json(session, row.remark_mobiles, place=place)


def _follow_boxes(row: FollowUser) -> list[tuple[Any, str]]:
    place = place_of_mobiles(row.external_userid, row.userid, row.period)
    return [(row.remark_mobiles, place)]


def _field(session: Session, field_id: int) -> Field:
    # Held, since a session forgets what nobody holds: it would be read anew for every row, and
    # whatever is changed by then written before that, row by row.
    held: dict[int, CustomField] = session.info.setdefault(HELD_FIELDS, {})
    if field_id not in held:
        held[field_id] = session.get_one(CustomField, field_id)
    return field_of(held[field_id])


def _is_value_off(session: Session, row: FieldValue) -> bool:
    if not _field(session, row.field_id).is_sealed:
        return row.box is not None
    clear = (row.text, row.number, row.day, row.flag)
    return is_off(session, row.box) or any(one is not None for one in clear)


def _reseal_value(session: Session, row: FieldValue) -> None:
    field, value = _field(session, row.field_id), value_of(session, row)
    columns = columns_of(session, field, value, external_userid=row.external_userid)
    for name, kept in columns.items():
        setattr(row, name, kept)


def _value_boxes(row: FieldValue) -> list[tuple[Any, str]]:
    return [(row.box, place_of_value(row.external_userid, row.field_id))]


def _is_change_off(session: Session, row: FieldChange) -> bool:
    if not _field(session, row.field_id).is_sealed:
        return isinstance(row.before, str)
    return is_off(session, row.before)


def _reseal_change(session: Session, row: FieldChange) -> None:
    field, was_clear = _field(session, row.field_id), not isinstance(row.before, str)
    keep_before(session, field, row, Value.of_json(read_before(session, row)))
    if not was_clear:
        return
    # What the timeline said of it while it was not sensitive.
    key = f"{FIELD_KEY}{row.id}"
    told = session.scalars(select(TimelineEntry).where(TimelineEntry.dedupe_key == key)).first()
    if told is not None and "value" in told.data:
        told.data = {name: one for name, one in told.data.items() if name != "value"}


def _change_boxes(row: FieldChange) -> list[tuple[Any, str]]:
    return [(row.before, place_of_before(row))]


def _is_view_off(session: Session, row: CustomerView) -> bool:
    return is_off(session, row.choices)


def _reseal_view(session: Session, row: CustomerView) -> None:
    place = place_of_choices(row.userid, row.name)
    row.choices = reseal_json(session, row.choices, place=place)


def _view_boxes(row: CustomerView) -> list[tuple[Any, str]]:
    return [(row.choices, place_of_choices(row.userid, row.name))]


VALUES = SealedRows("field_values", FieldValue, _is_value_off, _reseal_value, _value_boxes)
CHANGES = SealedRows("field_changes", FieldChange, _is_change_off, _reseal_change, _change_boxes)
SEALED = (
    SealedRows("follow_users", FollowUser, _is_follow_off, _reseal_follow, _follow_boxes),
    VALUES,
    CHANGES,
    SealedRows("customer_views", CustomerView, _is_view_off, _reseal_view, _view_boxes),
)


def reseal_fields(session: Session) -> None:
    """Have the relay seal what stands in a field that became sensitive, or open it again."""
    walk_again(session, VALUES.name, CHANGES.name)
    hasten(session, SEALING_JOB, apart=0)

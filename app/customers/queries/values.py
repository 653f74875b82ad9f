"""What stands in some fields of many customers at once."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.customers.models import FieldChoice, FieldValue
from app.customers.queries.fields import Field, Value
from app.customers.queries.sealed import read_box


def list_values(
    session: Session, people: Iterable[str], fields: Sequence[Field]
) -> Mapping[tuple[str, int], Value]:
    """Return what is not empty of these fields, by customer and field."""
    known = {field.id: field for field in fields}
    if not known:
        return {}
    rows = session.execute(
        select(FieldValue, FieldChoice.option)
        .outerjoin(FieldChoice, FieldChoice.value_id == FieldValue.id)
        .where(FieldValue.external_userid.in_(list(people)), FieldValue.field_id.in_(known))
    ).all()
    chosen: dict[int, set[str]] = {}
    for row in rows:
        chosen.setdefault(row.FieldValue.id, set()).add(row.option or "")
    return {
        (value.external_userid, value.field_id): value_of(
            session,
            value,
            tuple(one.id for one in known[value.field_id].options if one.id in chosen[value.id]),
        )
        for value in {row.FieldValue.id: row.FieldValue for row in rows}.values()
    }


def value_of(session: Session, row: FieldValue, chosen: tuple[str, ...] = ()) -> Value:
    """Return what a row holds, with the ids of the options that stand beside it."""
    if row.box:
        return Value.of_json(read_box(session, row.box, row.external_userid, row.field_id))
    return Value(row.text or "", row.number, row.day, row.flag, chosen)

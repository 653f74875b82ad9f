"""What stands in some fields of many customers at once."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.customers.models import FieldChoice, FieldValue
from app.customers.queries.fields import Field, Value


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
        (value.external_userid, value.field_id): Value(
            value.text or "",
            value.number,
            value.day,
            value.flag,
            tuple(one.id for one in known[value.field_id].options if one.id in chosen[value.id]),
        )
        for value in {row.FieldValue.id: row.FieldValue for row in rows}.values()
    }

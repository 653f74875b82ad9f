"""What lies sealed of customers: where each box belongs, what is in it, what it is found by."""

from typing import Any, Protocol

from sqlalchemy.orm import Session

from app.customers.models import CustomerView, FieldChange
from app.data_keys import keys_of, open_json, place_of

NUMBER, IN_FIELD = "customers.number", "customers.field"


class Relation(Protocol):
    """A row of `follow_users`, or as much of one as its box belongs to."""

    external_userid: Any
    userid: Any
    period: Any
    remark_mobiles: Any


def place_of_mobiles(external_userid: str, userid: str, period: int) -> str:
    """Name the place of the numbers that a member noted in WeCom."""
    return place_of("follow_users", "remark_mobiles", external_userid, userid, period)


def place_of_value(external_userid: str, field_id: int) -> str:
    """Name the place of what stands in a customer's field."""
    return place_of("field_values", "box", external_userid, field_id)


def place_of_before(change: FieldChange) -> str:
    """Name the place of what stood in a field before a change."""
    who = change.external_userid, change.field_id, change.version
    return place_of("field_changes", "before", *who)


def place_of_choices(userid: str, name: str) -> str:
    """Name the place of what is chosen in a view of the list of customers."""
    return place_of("customer_views", "choices", userid, name)


def read_mobiles(session: Session, follow: Relation) -> list[str]:
    """Return the numbers that a follower noted in WeCom (备注手机)."""
    place = place_of_mobiles(follow.external_userid, follow.userid, follow.period)
    return list(open_json(session, follow.remark_mobiles, place=place))


def read_before(session: Session, change: FieldChange) -> dict[str, Any]:
    """Return what stood in a field before a change, as `Value.as_json` keeps it."""
    return dict(open_json(session, change.before, place=place_of_before(change)))


def read_box(session: Session, box: str, external_userid: str, field_id: int) -> dict[str, Any]:
    """Return what stands in a field that is sealed, as `Value.as_json` keeps it."""
    return dict(open_json(session, box, place=place_of_value(external_userid, field_id)))


def read_choices(session: Session, view: CustomerView) -> list[list[Any]]:
    """Return what is chosen in a view, as [name, value]."""
    return list(open_json(session, view.choices, place=place_of_choices(view.userid, view.name)))


def digest_number(session: Session, number: str) -> str:
    """Return what a phone number is found by, in whichever field or remark; as fields keep it."""
    return keys_of(session).digest(number, purpose=NUMBER)


def digest_text(session: Session, field_id: int, text: str) -> str:
    """Return what the exact text in a sensitive field is found by, there alone."""
    return keys_of(session).digest(f"{field_id}\0{text}", purpose=IN_FIELD)

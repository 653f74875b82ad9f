"""The values of the variables (变量) in a text that a member is about to send."""

from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app import texts
from app.customers.models import Customer
from app.customers.queries import find_follow
from app.members.queries import find_member, list_places


def find_values(
    session: Session, userid: str, external_userid: str, zone: ZoneInfo
) -> dict[str, str]:
    """Find the values of `texts.VARIABLES` for this member before this customer, "" for none.

    What is not known, or empty, is absent. The relation is the member's own: whoever looks at a
    customer of somebody else's has none to tell of.
    """
    values = _of_member(session, userid)
    if external_userid:
        values |= _of_customer(session, userid, external_userid, zone)
    return {name: value for name, value in values.items() if value}


def _of_member(session: Session, userid: str) -> dict[str, str]:
    member = find_member(session, userid)
    if member is None:
        return {}
    places = list_places(session, member.userid)
    own = [place for place in places if place.distance == 0]
    root = [place for place in places if place.parentid == 0]
    return {
        texts.MEMBER_NAME: member.name,
        texts.MEMBER_ALIAS: member.alias or member.name,
        texts.DEPARTMENT: own[0].name if own else "",
        texts.CORP_NAME: root[0].name if root else "",
    }


def _of_customer(
    session: Session, userid: str, external_userid: str, zone: ZoneInfo
) -> dict[str, str]:
    customer = session.get(Customer, external_userid)
    follow = find_follow(session, userid, external_userid)
    name = customer.name if customer else ""
    return {
        texts.CUSTOMER_NAME: name,
        texts.CUSTOMER_REMARK: (follow.remark if follow else "") or name,
        texts.CHANNEL: follow.state if follow else "",
        texts.ADDED_AT: f"{follow.added_at.astimezone(zone):%Y-%m-%d %H:%M}" if follow else "",
    }

"""The page 待交接: members who are away, and how many customers wait for somebody to take over."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.admin.pages.parts import CUSTOMERS, Admin, Page
from app.admin.reading import Times, seal_choices, times
from app.handover.queries import Leaver, list_leavers, measure_leavers
from app.i18n import N_, _
from app.members.queries import list_names
from app.runtime import Runtime
from app.words import clean

LIST = "/admin/customers"


def load(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read who is away and has customers, of the admin's own people."""
    scope, now = admin.scope(session), times(runtime)
    leavers = list_leavers(session, scope)
    members, customers = measure_leavers(session, scope)
    names = list_names(session, [userid for one in leavers for userid in one.managers])
    return {
        "leavers": [_show(runtime, one, names, now) for one in leavers],
        "members": members,
        "customers": customers,
        "all_listed": _address(runtime),
    }


def _show(runtime: Runtime, one: Leaver, names: Mapping[str, str], now: Times) -> dict[str, Any]:
    member = one.member
    return {
        "userid": member.userid,
        "name": clean(member.name) or member.userid,
        "is_disabled": member.removed_at is None,
        "since": now.minute(one.away_at),
        "customers": one.customers,
        "reminders": one.reminders,
        "managers": _("、").join(clean(names.get(userid, userid)) for userid in one.managers),
        "listed": _address(runtime, member=member.userid),
    }


def _address(runtime: Runtime, **more: str) -> str:
    """Return the address of the list of customers, narrowed to those who wait."""
    sealed = seal_choices(runtime, MultiDict({"standing": "waiting"} | more))
    return f"{LIST}?f={sealed}"


PAGE = Page(
    name="handover", title=N_("待交接"), permission="see_customers", group=CUSTOMERS, load=load
)

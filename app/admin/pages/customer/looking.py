"""Which customer is looked at, and by whom: only one of the admin's scope is one at all."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.admin.pages.parts import Admin
from app.admin.problems import Problem
from app.admin.reading import Times, choices, query, times
from app.customers.models import Customer
from app.customers.queries import find_customer
from app.members.queries import Scope
from app.runtime import Runtime


@dataclass(frozen=True)
class Looked:
    """A customer before an admin. `at`: how an address names him, from its "?" on."""

    customer: Customer
    scope: Scope
    at: str
    now: Times

    @property
    def external_userid(self) -> str:
        """The customer."""
        return self.customer.external_userid


def chosen_customer(runtime: Runtime) -> str:
    """Read whom this request's address names, "" nobody."""
    return choices(runtime).get("external_userid", "")


def find_looked(runtime: Runtime, session: Session, admin: Admin) -> Looked | None:
    """Find whom this request's address names; None: it names nobody.

    Raises:
        Problem: no_such_page, whom it names does not exist, or not for this admin.
    """
    external_userid = chosen_customer(runtime)
    if not external_userid:
        return None
    scope = admin.scope(session)
    customer = find_customer(session, external_userid, scope)
    if customer is None:
        raise Problem("no_such_page", reason="customer")
    return Looked(
        customer, scope, query(runtime, {"external_userid": external_userid}), times(runtime)
    )


def get_looked(runtime: Runtime, session: Session, admin: Admin) -> Looked:
    """Find whom this request's address names.

    Raises:
        Problem: no_such_page, as `find_looked`, or it names nobody.
    """
    looked = find_looked(runtime, session, admin)
    if looked is None:
        raise Problem("no_such_page", reason="customer")
    return looked

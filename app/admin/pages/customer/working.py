"""How something is done about the customer: within the admin's scope, and on record."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask import request
from sqlalchemy.orm import Session

from app.admin.pages.customer.history import show_history
from app.admin.pages.customer.looking import Looked, chosen_customer, get_looked
from app.admin.pages.parts import Admin, Answer, Reply, Unfit
from app.admin.problems import Problem
from app.audit.actions import record_audit
from app.customers.models import FollowUser
from app.customers.queries import find_customer, find_relation
from app.members.queries import Scope
from app.runtime import Runtime, commit

T = TypeVar("T")

CONFLICT, UNFIT = 409, 422


def work_on(runtime: Runtime, admin: Admin, work: Callable[[Session, str, Scope], T]) -> T:
    """Do the work on the customer whom the address names, in a transaction.

    Raises:
        Problem: no_such_page, there is no such customer for this admin.
    """
    external_userid = chosen_customer(runtime)

    def find_and_work(session: Session) -> T:
        scope = admin.scope(session)
        if find_customer(session, external_userid, scope) is None:
            raise Problem("no_such_page", reason="customer")
        return work(session, external_userid, scope)

    return commit(runtime, find_and_work)


def relation(session: Session, external_userid: str, follow_id: int, scope: Scope) -> FollowUser:
    """Return a member's relation with the customer.

    Raises:
        Problem: no_such_page, there is none such in this scope.
    """
    follow = find_relation(session, external_userid, follow_id, scope)
    if follow is None:
        raise Problem("no_such_page", reason="follow")
    return follow


def note_deed(
    session: Session,
    admin: Admin,
    action: str,
    external_userid: str,
    detail: Mapping[str, int | str],
) -> None:
    """Put on record what was done about the customer."""
    record_audit(
        session,
        userid=admin.userid,
        action=action,
        external_userid=external_userid,
        detail=detail,
        origin=admin.origin,
    )


def answer(
    runtime: Runtime,
    admin: Admin,
    template: str,
    show: Callable[[Session, Looked], dict[str, Any]],
    *,
    told: str,
    status: int = 200,
) -> Answer:
    """Show a part of the page anew, as `show` reads it, with the newest of what happened.

    Without htmx, what was refused stands on the whole page, with what was typed.
    """
    with runtime.db.read() as session:
        looked = get_looked(runtime, session, admin)
        values = show_history(session, looked, newest=True) | show(session, looked)
    values |= {"at": looked.at, "told": told, "is_fault": status >= CONFLICT}
    if status >= CONFLICT and request.headers.get("HX-Request") != "true":
        return Unfit(values)
    return Reply(f"pages/customer/{template}.html", values, told, status, looked.at)

"""Whole phone numbers, and what else is masked: only for who asks, and that is on record."""

from functools import partial
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app.admin.pages.customer.looking import get_looked
from app.admin.pages.customer.working import relation, work_on
from app.admin.pages.parts import Admin
from app.admin.problems import Problem
from app.admin.reading import number
from app.customers.actions import reveal_field, reveal_remark_mobiles
from app.errors import NotFound, Refused
from app.i18n import _
from app.members.queries import Scope
from app.runtime import Runtime
from app.words import visible


def load_number(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read the number in `?field=`, or those that the member of `?follow=` noted in WeCom."""
    looked = get_looked(runtime, session, admin)
    field_id = number(request.args.get("field"))
    follow_id = number(request.args.get("follow"))
    if field_id:
        work = partial(_reveal_field, admin=admin, field_id=field_id)
    else:
        work = partial(_reveal_mobiles, admin=admin, follow_id=follow_id)
    try:
        found = work_on(runtime, admin, work)
    except NotFound:
        raise Problem("no_such_page", reason="number") from None
    except Refused:
        raise Problem("too_many", reason="number") from None
    return {
        "at": looked.at,
        "who": visible(looked.customer.name) or _("未命名客户"),
        "number": _("、").join(visible(phone) for phone in found),
        "is_page": request.headers.get("HX-Request") != "true",
    }


def _reveal_field(
    session: Session, external_userid: str, _scope: Scope, *, admin: Admin, field_id: int
) -> list[str]:
    phone = reveal_field(
        session, external_userid, field_id=field_id, userid=admin.userid, origin=admin.origin
    )
    return [phone]


def _reveal_mobiles(
    session: Session, external_userid: str, scope: Scope, *, admin: Admin, follow_id: int
) -> list[str]:
    follow = relation(session, external_userid, follow_id, scope)
    return reveal_remark_mobiles(session, follow, userid=admin.userid, origin=admin.origin)

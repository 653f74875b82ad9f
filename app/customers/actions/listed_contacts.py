"""What WeCom says of many customers themselves, written where it differs from what we have."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.customers.actions.profile import AVATAR_LENGTH
from app.customers.models import Customer
from app.db import fit
from app.erased import find_erased
from app.rows import among, upsert
from app.wecom.external_contact import ExternalContact

_COMPARED = ("name", "avatar", "type", "gender", "corp_name", "position", "unionid")
_READ = (Customer.external_userid, Customer.fetched_at, *(getattr(Customer, n) for n in _COMPARED))


@dataclass(frozen=True)
class TakenOver:
    """What became of customers: their names before, who changed, and who was erased."""

    names: dict[str, str]
    changed: set[str]
    erased: set[str]


def take_over_contacts(session: Session, contacts: Mapping[str, ExternalContact]) -> TakenOver:
    """Have a row for each of these, and lock it; whoever was erased has none."""
    known = {
        row.external_userid: row
        for row in session.execute(
            select(*_READ)
            .where(among(session, Customer.external_userid, sorted(contacts)))
            .order_by(Customer.external_userid)
            .with_for_update()
        )
    }
    # Only now: whoever was being erased meanwhile was waited for above.
    erased = find_erased(session, contacts.keys() - known.keys())
    now = clock.utcnow()
    new, changed = [], []
    for external_userid in sorted(contacts.keys() - erased):
        values, row = _values_of(contacts[external_userid]), known.get(external_userid)
        whose = {"external_userid": external_userid, "fetched_at": now}
        if row is None:
            new.append(whose | values | {"created_at": now})
            continue
        # WeCom does not always tell it.
        values["unionid"] = values["unionid"] or row.unionid
        if row.fetched_at is None or any(getattr(row, n) != values[n] for n in _COMPARED):
            changed.append(whose | values)
    update_these = [*_COMPARED, "fetched_at"]
    key = ["external_userid"]
    upsert(session, Customer, new, key=key, update=update_these, are_distinct=True)
    if changed:
        session.execute(update(Customer), changed)
    names = {external_userid: row.name for external_userid, row in known.items()}
    return TakenOver(names, {str(row["external_userid"]) for row in changed}, erased)


def _values_of(contact: ExternalContact) -> dict[str, Any]:
    avatar = contact.avatar or ""
    return {
        "name": fit(contact.name, 128),
        # Half an address is none.
        "avatar": avatar if len(avatar) <= AVATAR_LENGTH else "",
        "type": contact.type,
        "gender": contact.gender,
        "corp_name": fit(contact.corp_name, 128),
        "position": fit(contact.position, 128),
        "unionid": contact.unionid or None,
    }

"""Finding many customers at once, as a table names them: by id, by name or remark, by number."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Select, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.customers.models import Customer, CustomField, FieldValue, FollowMobile, FollowUser
from app.customers.queries.sealed import digest_number
from app.members.models import Member
from app.members.queries import Scope

# Whom a name can mean: nobody, one customer, or more than one.
Found = Mapping[tuple[str, str], set[str]]


def find_known(session: Session, ids: Collection[str], scope: Scope) -> set[str]:
    """Return those of these customers whom somebody in scope follows, or followed."""
    found = session.scalars(
        select(FollowUser.external_userid)
        .where(FollowUser.external_userid.in_(ids), scope.holds(FollowUser.userid))
        .distinct()
    )
    return set(found)


def find_named(
    session: Session, names: Collection[str], scope: Scope, *, userids: Collection[str] = ()
) -> Found:
    """Find whom these names mean, by (name, userid); with no `userids`, by (name, "").

    A name is the customer's own or the remark of whoever follows him now. Of many who are called
    the same, two are enough: it is one, or it is nobody's.
    """
    found: dict[tuple[str, str], set[str]] = {}
    remarked = _named(FollowUser.remark, names, scope, userids)
    called = _named(Customer.name, names, scope, userids).join(
        Customer, Customer.external_userid == FollowUser.external_userid
    )
    for chosen in (remarked, called):
        for row in session.execute(chosen):
            key = (row.name, row.userid if userids else "")
            found.setdefault(key, set()).update({row.first, row.last})
    return found


def find_numbered(
    session: Session, numbers: Collection[str], scope: Scope
) -> Mapping[str, set[str]]:
    """Find whom these phone numbers belong to, by fields of that kind and by what members noted.

    Of many who have the same, two are enough.
    """
    digests = {digest_number(session, number): number for number in numbers}
    if not digests:
        return {}
    in_fields = _numbered(FieldValue.digest, digests, scope).join(
        FieldValue, FieldValue.external_userid == FollowUser.external_userid
    )
    noted = _numbered(FollowMobile.digest, digests, scope).join(
        FollowMobile, FollowMobile.follow_id == FollowUser.id
    )
    found: dict[str, set[str]] = {}
    for chosen in (in_fields.where(FieldValue.field_id.in_(phone_fields())), noted):
        for row in session.execute(chosen):
            found.setdefault(digests[row.digest], set()).update({row.first, row.last})
    return found


def phone_fields() -> Select[int]:
    """Choose the fields that hold phone numbers and are in use."""
    return select(CustomField.id).where(
        CustomField.kind == "phone", CustomField.removed_at.is_(None)
    )


def _numbered(
    column: InstrumentedAttribute[Any], digests: Collection[str], scope: Scope
) -> Select[str, str, str]:
    return (
        select(
            column.label("digest"),
            func.min(FollowUser.external_userid).label("first"),
            func.max(FollowUser.external_userid).label("last"),
        )
        .select_from(FollowUser)
        .where(column.in_(digests), scope.holds(FollowUser.userid))
        .group_by(column)
    )


def find_userids(session: Session, names: Iterable[str]) -> Mapping[str, set[str]]:
    """Find whom these members' names or userids mean."""
    wanted = set(names)
    found: dict[str, set[str]] = {}
    rows = session.execute(
        select(Member.userid, Member.name).where(
            Member.name.in_(wanted) | Member.userid.in_(wanted)
        )
    )
    for userid, name in rows:
        for one in {userid, name} & wanted:
            found.setdefault(one, set()).add(userid)
    return found


def _named(
    column: InstrumentedAttribute[str],
    names: Collection[str],
    scope: Scope,
    userids: Collection[str],
) -> Select[*tuple[str, ...]]:
    groups = [column, *([FollowUser.userid] if userids else [])]
    chosen = (
        select(
            column.label("name"),
            (FollowUser.userid if userids else literal("")).label("userid"),
            func.min(FollowUser.external_userid).label("first"),
            func.max(FollowUser.external_userid).label("last"),
        )
        .select_from(FollowUser)
        .where(column.in_(names), FollowUser.removed_at.is_(None), scope.holds(FollowUser.userid))
        .group_by(*groups)
    )
    return chosen.where(FollowUser.userid.in_(userids)) if userids else chosen

"""Reads of members and departments: who somebody is, what lies over him, who manages him.

Userids are compared without regard to case, as WeCom does it.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, String, cast, func, literal, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from app.members.models import Department, Member, MemberDepartment

ACTIVE = 1
# Deeper than any company; ends the walk if departments ever form a circle.
MAX_DEPTH = 30
# Userids in one query: more than every database takes as parameters there may be.
AT_ONCE = 500


@dataclass(frozen=True)
class Place:
    """A department over a member; `distance` 0: he is in it himself.

    `through_main`: it is his main department (主部门), or lies over it.
    """

    department_id: int
    name: str
    parentid: int
    distance: int
    through_main: bool


@dataclass(frozen=True)
class Scope:
    """Whose customers somebody may see: those of the whole corp, or of a manager and his people.

    `manager` "": the whole corp. His people are all in `departments`, departed ones too.
    """

    manager: str = ""
    departments: frozenset[int] = frozenset()

    def holds(self, userid: InstrumentedAttribute[str]) -> ColumnElement[bool]:
        """Say in SQL that this column's member is in it."""
        if not self.manager:
            return true()
        people = select(MemberDepartment.userid).where(
            MemberDepartment.department_id.in_(self.departments)
        )
        return or_(userid == self.manager, userid.in_(people))


WHOLE_CORP = Scope()


def find_member(session: Session, userid: str) -> Member | None:
    """Find a member, one who has departed too: his name is still wanted."""
    return session.scalar(select(Member).where(Member.folded == userid.casefold()))


def canonical_userid(session: Session, userid: str) -> str:
    """Return the spelling under which we know him, or else the one given."""
    known = session.scalar(select(Member.userid).where(Member.folded == userid.casefold()))
    return known or userid


def list_names(session: Session, userids: Iterable[str]) -> dict[str, str]:
    """Return the names of those of `userids`, in our spelling, who have one."""
    rows = session.execute(
        select(Member.userid, Member.name).where(
            Member.userid.in_(list(userids)), Member.name != ""
        )
    )
    return {row.userid: row.name for row in rows}


def list_present(session: Session, scope: Scope = WHOLE_CORP, *, limit: int = 500) -> list[Member]:
    """List those of a scope who are here, by name: to choose from."""
    return list(
        session.scalars(
            select(Member)
            .where(Member.status == ACTIVE, Member.removed_at.is_(None), scope.holds(Member.userid))
            .order_by(Member.name, Member.userid)
            .limit(limit)
        )
    )


def list_people(session: Session, scope: Scope, *, limit: int = 1000) -> Sequence[Member]:
    """List the members of a scope, those who have departed behind the others."""
    return session.scalars(
        select(Member)
        .where(scope.holds(Member.userid))
        .order_by(Member.removed_at.is_not(None), Member.name, Member.userid)
        .limit(limit)
    ).all()


def list_departments(session: Session, scope: Scope, *, limit: int = 500) -> Sequence[Department]:
    """List the departments of a scope, by name: to choose from."""
    found = select(Department).where(Department.removed_at.is_(None))
    if scope.manager:
        found = found.where(Department.id.in_(scope.departments))
    return session.scalars(found.order_by(Department.name, Department.id).limit(limit)).all()


def list_active(session: Session, userids: Iterable[str]) -> list[str]:
    """Return those of `userids` who are here and can read a message, in our spelling."""
    wanted = [userid.casefold() for userid in userids]
    rows = session.execute(
        select(Member.folded, Member.userid).where(
            Member.folded.in_(wanted), Member.status == ACTIVE, Member.removed_at.is_(None)
        )
    )
    found = {row.folded: row.userid for row in rows}
    return [found[folded] for folded in dict.fromkeys(wanted) if folded in found]


def list_named(session: Session, names: Iterable[str]) -> list[Member]:
    """List those who are here and are called so, or have such a userid."""
    wanted = list(names)
    folded = [name.casefold() for name in wanted]
    return list(
        session.scalars(
            select(Member).where(
                or_(Member.name.in_(wanted), Member.folded.in_(folded)),
                Member.status == ACTIVE,
                Member.removed_at.is_(None),
            )
        )
    )


def list_managers(session: Session, userid: str) -> list[str]:
    """Return who manages a member, active ones only; works for one who has departed too.

    His direct leaders (直属上级); else the leaders of the nearest department upwards that has an
    active leader other than himself.
    """
    member = find_member(session, userid)
    if member is None:
        return []
    if leaders := _others(member, list_active(session, member.direct_leader)):
        return leaders
    places = list_places(session, member.userid)
    by_department = _active_leaders(session, [place.department_id for place in places])
    for place in places:
        if leaders := _others(member, by_department.get(place.department_id, [])):
            return leaders
    return []


def list_leaders(session: Session, userids: Sequence[str]) -> list[str]:
    """List who leads a department over any of these members, at any height; active ones only.

    `userids` in our spelling, any number of them; who leads a department and is among them counts.
    """
    departments: set[int] = set()
    for first in range(0, len(userids), AT_ONCE):
        up = _up_from(userids[first : first + AT_ONCE]).subquery()
        departments.update(session.scalars(select(up.c.id).distinct()))
    by_department = _active_leaders(session, sorted(departments))
    return sorted({leader for leaders in by_department.values() for leader in leaders})


def manages(session: Session, manager_userid: str, userid: str) -> bool:
    """Tell whether one is the other's direct leader, or leads a department over him.

    At any height; works for a member who has departed too. Nobody manages himself.
    """
    return bool(list_managed(session, manager_userid, [userid]))


def list_managed(session: Session, manager_userid: str, userids: Iterable[str]) -> list[str]:
    """Return those of `userids` whom this member manages, in our spelling."""
    manager = find_member(session, manager_userid)
    if manager is None:
        return []
    wanted = {userid.casefold() for userid in userids} - {manager.folded}
    members = session.scalars(select(Member).where(Member.folded.in_(wanted))).all()
    led = _led_departments(session, manager.userid) if members else set()
    below = _list_below(session, led, [member.userid for member in members]) if led else set()
    return [
        member.userid
        for member in members
        if member.userid in below
        or manager.folded in {leader.casefold() for leader in member.direct_leader}
    ]


def leads_somebody(session: Session, userid: str) -> bool:
    """Tell whether a member leads a department, or is somebody's direct leader (直属上级)."""
    member = find_member(session, userid)
    if member is None:
        return False
    if _led_departments(session, member.userid):
        return True
    # As JSON keeps it; what only looks like it is sorted out below.
    kept = func.lower(cast(Member.direct_leader, String))
    rows = session.scalars(
        select(Member.direct_leader).where(
            Member.removed_at.is_(None), kept.contains(json.dumps(member.folded), autoescape=True)
        )
    )
    return any(member.folded in {one.casefold() for one in leaders} for leaders in rows)


def find_scope(session: Session, manager_userid: str) -> Scope:
    """Return whom a manager sees: himself, and those in departments that he leads or below."""
    led = _led_departments(session, manager_userid)
    return Scope(manager_userid, find_departments_below(session, led))


def find_departments_below(session: Session, departments: Iterable[int]) -> frozenset[int]:
    """Find what lies below these departments, at any depth; they are among it themselves."""
    found = above = set(departments)
    for _depth in range(MAX_DEPTH):
        below = select(Department.id).where(
            Department.parentid.in_(above), Department.removed_at.is_(None)
        )
        above = set(session.scalars(below)) - found if above else set()
        if not above:
            break
        found = found | above
    return frozenset(found)


def list_places(session: Session, userid: str) -> list[Place]:
    """List the departments over a member, nearest first, in one query.

    Where two are as near, the one over his main department goes first. `userid` in our spelling.
    """
    main = session.scalar(select(Member.main_department).where(Member.userid == userid))
    rows = [
        Place(row.id, row.name, row.parentid, row.distance, row.start == main)
        for row in session.execute(_up_from([userid]))
    ]
    places: dict[int, Place] = {}
    for place in sorted(rows, key=_nearness):
        places.setdefault(place.department_id, place)
    return list(places.values())


def _led_departments(session: Session, userid: str) -> set[int]:
    return set(
        session.scalars(
            select(MemberDepartment.department_id)
            .join(Department, Department.id == MemberDepartment.department_id)
            .where(
                MemberDepartment.userid == userid,
                MemberDepartment.is_leader,
                Department.removed_at.is_(None),
            )
        )
    )


def _list_below(session: Session, departments: set[int], userids: Sequence[str]) -> set[str]:
    """Return those of `userids` over whom one of these departments lies, in one query."""
    up = _up_from(userids).subquery()
    return set(session.scalars(select(up.c.userid).where(up.c.id.in_(departments)).distinct()))


def _others(member: Member, userids: Sequence[str]) -> list[str]:
    return [userid for userid in userids if userid != member.userid]


def _active_leaders(session: Session, department_ids: Sequence[int]) -> dict[int, list[str]]:
    rows = session.execute(
        select(MemberDepartment.department_id, Member.userid)
        .join(Member, Member.userid == MemberDepartment.userid)
        .where(
            MemberDepartment.department_id.in_(department_ids),
            MemberDepartment.is_leader,
            Member.status == ACTIVE,
            Member.removed_at.is_(None),
        )
        .order_by(Member.userid)
    )
    found: dict[int, list[str]] = {}
    for department_id, userid in rows:
        found.setdefault(department_id, []).append(userid)
    return found


def _nearness(place: Place) -> tuple[int, bool, int]:
    return place.distance, not place.through_main, place.department_id


def _up_from(userids: Sequence[str]) -> Select[tuple[str, int, int, str, int, int]]:
    own = (
        select(
            MemberDepartment.userid.label("userid"),
            Department.id.label("start"),
            Department.id.label("id"),
            Department.name.label("name"),
            Department.parentid.label("parentid"),
            literal(0).label("distance"),
        )
        .join(MemberDepartment, MemberDepartment.department_id == Department.id)
        .where(MemberDepartment.userid.in_(userids))
    ).cte("up", recursive=True)
    above = aliased(Department)
    up = own.union_all(
        select(own.c.userid, own.c.start, above.id, above.name, above.parentid, own.c.distance + 1)
        .join(own, above.id == own.c.parentid)
        .where(own.c.distance < MAX_DEPTH)
    )
    return select(up.c.userid, up.c.start, up.c.id, up.c.name, up.c.parentid, up.c.distance)

"""Whom a script reaches: how many members, and how many of them another script greets for.

Times of day do not count here: a member whose own script is for the night alone has one of his own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.members.models import Department, Member, MemberDepartment
from app.members.queries import ACTIVE
from app.welcome.models import WelcomeRule, WelcomeScript
from app.welcome.queries.choosing import MAX_DEPTH
from app.welcome.queries.scripts import Rule

# What lies further away than any department.
DEFAULT_DISTANCE = MAX_DEPTH + 1
OWN_DISTANCE = -1


@dataclass(frozen=True)
class Reach:
    """`members` whom a script is for, `outdone` of whom another script goes before it.

    `channels`: whoever comes by one of so many channels is greeted with it, whosever customer he
    becomes. `unknown`: targets that are nobody and no department.
    """

    members: int
    outdone: int
    channels: int
    unknown: tuple[str, ...] = ()


def count_reach(session: Session, rules: Sequence[Rule], *, script_id: int = 0) -> Reach:
    """Count whom these rules reach; those that the script with this id has now do not count."""
    parents = {
        row.id: row.parentid
        for row in session.execute(
            select(Department.id, Department.parentid).where(Department.removed_at.is_(None))
        )
    }
    members = _list_members(session)
    own = _by_target((one.scope, one.target) for one in rules)
    others = _by_target(_list_others(session, script_id))
    reached = outdone = 0
    for folded, departments in members.items():
        mine = _distance(folded, departments, own, parents)
        if mine is None:
            continue
        reached += 1
        theirs = _distance(folded, departments, others, parents)
        outdone += theirs is not None and theirs < mine
    unknown = [one for one in own["member"] if one not in members]
    unknown += [one for one in own["department"] if not one.isdigit() or int(one) not in parents]
    return Reach(reached, outdone, len(own["state"]), tuple(unknown))


def _list_members(session: Session) -> dict[str, list[int]]:
    rows = session.execute(
        select(Member.folded, MemberDepartment.department_id)
        .outerjoin(MemberDepartment, MemberDepartment.userid == Member.userid)
        .where(Member.status == ACTIVE, Member.removed_at.is_(None))
    )
    found: dict[str, list[int]] = {}
    for folded, department_id in rows:
        found.setdefault(folded, []).extend([department_id] if department_id else [])
    return found


def _list_others(session: Session, script_id: int) -> Iterable[tuple[str, str]]:
    rows = session.execute(
        select(WelcomeRule.scope, WelcomeRule.target)
        .join(WelcomeScript, WelcomeScript.id == WelcomeRule.script_id)
        .where(WelcomeScript.removed_at.is_(None), WelcomeScript.id != script_id)
    )
    return [(scope, target) for scope, target in rows]


def _by_target(rules: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {"state": set(), "member": set(), "department": set()}
    for scope, target in rules:
        folded = target.casefold() if scope == "member" else target
        found.setdefault(scope, set()).add(folded)
    return found


def _distance(
    folded: str,
    departments: Iterable[int],
    rules: Mapping[str, set[str]],
    parents: Mapping[int, int],
) -> int | None:
    """Return how near the nearest rule is; None: there is none for him."""
    if folded in rules["member"]:
        return OWN_DISTANCE
    found = DEFAULT_DISTANCE if "default" in rules else None
    for department in departments:
        place, distance = department, 0
        while place in parents and distance < MAX_DEPTH:
            if str(place) in rules["department"]:
                found = distance if found is None else min(found, distance)
                break
            place, distance = parents[place], distance + 1
    return found

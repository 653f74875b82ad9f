"""Recording members and departments as WeCom tells them; who is gone keeps his row."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.db import fit
from app.members.models import Department, Member, MemberDepartment, MemberPreference
from app.rows import upsert
from app.schedule_runs import hasten
from app.wecom.department import DepartmentInfo
from app.wecom.user import UserDetail

DISABLED, LEFT = 2, 5
# The job that tells who has to take over; whoever finds a member gone hastens it.
TELLING_JOB = "handover.tell_of_leavers"
NAME_LENGTH = 128
MOST_POSITION = 2**31 - 1


def record_member(session: Session, detail: UserDetail) -> Member:
    """Take over what WeCom says about one member."""
    return record_members(session, [detail])[0]


def record_members(session: Session, details: Collection[UserDetail]) -> list[Member]:
    """Take over what WeCom says about these members; who is back is restored.

    A row keeps the spelling of its userid: relations elsewhere are written with it. A member with
    the status 5 (left) counts as departed; one who is disabled (2) keeps his place and is away.
    """
    by_folded = {detail.userid.casefold(): detail for detail in details}
    _ensure_rows(session, by_folded)
    rows = session.scalars(
        select(Member)
        .where(Member.folded.in_(by_folded))
        .order_by(Member.folded)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for row in rows:
        _take_over(session, row, by_folded[row.folded])
    session.flush()
    _replace_departments(session, {row.userid: by_folded[row.folded] for row in rows})
    return list(rows)


def record_departed(session: Session, userid: str, at: datetime) -> bool:
    """Note that a member is gone; False when he was so already, or is unknown.

    His departments and leaders stay, because they tell who looks after what he leaves behind.
    """
    row = session.scalar(
        select(Member)
        .where(Member.folded == userid.casefold(), Member.removed_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        return False
    row.removed_at = at
    _send_away(session, row, at)
    session.flush()
    return True


def set_preference(session: Session, userid: str, *, key: str, value: str) -> None:
    """Remember how a member likes his pages. `userid` in our spelling."""
    row = {"userid": userid, "key": key, "value": value}
    upsert(session, MemberPreference, [row], key=["userid", "key"], update=["value"])


def record_departments(session: Session, departments: Sequence[DepartmentInfo]) -> None:
    """Take over the whole list of departments; what is not in it is gone.

    An empty list is not believed: every corp has a root, so it only says that we see none.
    """
    if not departments:
        return
    rows: list[dict[str, Any]] = [
        {
            "id": department.id,
            "name": fit(department.name, NAME_LENGTH),
            "parentid": department.parentid,
            # WeCom has twice as many of them.
            "position": min(department.order, MOST_POSITION),
            "removed_at": None,
        }
        for department in departments
    ]
    kept = ("name", "parentid", "position", "removed_at")
    upsert(session, Department, rows, key=["id"], update=kept)
    known = session.scalars(select(Department.id).where(Department.removed_at.is_(None)))
    gone = set(known) - {department.id for department in departments}
    session.execute(
        update(Department).where(Department.id.in_(gone)).values(removed_at=clock.utcnow())
    )


def _ensure_rows(session: Session, by_folded: dict[str, UserDetail]) -> None:
    blank = {"name": "", "alias": "", "status": 1, "direct_leader": [], "seen_at": clock.utcnow()}
    rows = [blank | {"userid": d.userid, "folded": folded} for folded, d in by_folded.items()]
    upsert(session, Member, sorted(rows, key=lambda row: str(row["folded"])), key=["folded"])


def _take_over(session: Session, row: Member, detail: UserDetail) -> None:
    row.name = fit(detail.name, NAME_LENGTH)
    row.alias = fit(detail.alias, NAME_LENGTH)
    row.status = detail.status
    row.seen_at = clock.utcnow()
    if detail.status == LEFT:
        row.removed_at = row.removed_at or row.seen_at
        _send_away(session, row, row.removed_at)
        return
    row.removed_at = None
    if detail.status == DISABLED:
        _send_away(session, row, row.seen_at)
    else:
        row.away_at = row.away_told_at = None
    row.main_department = detail.main_department
    row.direct_leader = list(detail.direct_leader)


def _send_away(session: Session, row: Member, at: datetime) -> None:
    """Note that he is away: his sessions end with his stay, and somebody has to take over."""
    if row.away_at is None:
        row.away_at, row.stay = at, row.stay + 1
        hasten(session, TELLING_JOB, apart=1.0)


def _replace_departments(session: Session, details: dict[str, UserDetail]) -> None:
    """Write the difference: an hourly pull finds hardly any."""
    staying = {userid: detail for userid, detail in details.items() if detail.status != LEFT}
    wanted = {
        (userid, department_id): is_leader
        for userid, detail in staying.items()
        for department_id, is_leader in zip(
            detail.departments, detail.is_leader_in_dept, strict=True
        )
    }
    have = {
        (row.userid, row.department_id): row
        for row in session.scalars(
            select(MemberDepartment).where(MemberDepartment.userid.in_(staying))
        )
    }
    for place, row in have.items():
        if place not in wanted:
            session.delete(row)
    for (userid, department_id), is_leader in wanted.items():
        if (userid, department_id) in have:
            have[userid, department_id].is_leader = is_leader
        else:
            session.add(
                MemberDepartment(userid=userid, department_id=department_id, is_leader=is_leader)
            )
    session.flush()

"""An invented corp for tests of losses and reports: members in two shops, who win and lose."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.churn.actions import record_losses
from app.churn.models import Loss
from app.customers.actions import Change, put_into_first_stage, record_change
from app.customers.models import Customer, FollowUser
from app.members.actions import record_departments, record_member
from app.wecom.department import DepartmentInfo
from app.wecom.user import UserDetail

ROOT, SOUTH, NORTH = 1, 2, 3
DEPARTMENTS = (
    DepartmentInfo(id=ROOT, name="示例商贸", parentid=0, order=1),
    DepartmentInfo(id=SOUTH, name="南山店", parentid=ROOT, order=1),
    DepartmentInfo(id=NORTH, name="福田店", parentid=ROOT, order=1),
)
# Who works where; sunsan leads the shop in the south.
PLACES: Mapping[str, tuple[str, int]] = {
    "zhaoyi": ("赵忆南", SOUTH),
    "sunsan": ("孙叁木", SOUTH),
    "lisi": ("李思远", NORTH),
    "qianer": ("钱尔雅", NORTH),
}


def make_corp(session: Session) -> None:
    """Make the departments and members."""
    record_departments(session, DEPARTMENTS)
    for userid, (name, department) in PLACES.items():
        detail = UserDetail(
            userid=userid,
            name=name,
            alias="",
            status=1,
            position="",
            departments=(department,),
            is_leader_in_dept=(userid == "sunsan",),
            main_department=department,
            direct_leader=(),
        )
        record_member(session, detail)


def add(
    session: Session,
    external_userid: str,
    *,
    userid: str = "zhaoyi",
    at: datetime | None = None,
    state: str = "",
    name: str = "",
) -> FollowUser:
    """Have a customer come, now unless `at` says otherwise."""
    when = at or clock.utcnow()
    follow = _change(session, userid, external_userid, "add", when, state=state)
    put_into_first_stage(session, external_userid)
    record_losses(session, userid, external_userid)
    if name:
        session.get_one(Customer, external_userid).name = name
    return follow


def lose(
    session: Session,
    external_userid: str,
    *,
    userid: str = "zhaoyi",
    kind: str = "customer",
    at: datetime | None = None,
    days: float = 3,
    state: str = "",
    name: str = "",
) -> Loss:
    """Have a customer come so many days before he goes, at `at`; return his loss."""
    when = at or clock.utcnow()
    begun = when - timedelta(days=days)
    add(session, external_userid, userid=userid, at=begun, state=state, name=name)
    follow = _change(session, userid, external_userid, kind, when)
    record_losses(session, userid, external_userid)
    return session.scalars(select(Loss).where(Loss.follow_id == follow.id)).one()


def at(text: str) -> datetime:
    """Read a time of the corp's, such as "2026-03-02 09:30", in Shanghai."""
    local = datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    return local - timedelta(hours=8)


def _change(
    session: Session,
    userid: str,
    external_userid: str,
    kind: str,
    when: datetime,
    *,
    state: str = "",
) -> FollowUser:
    return record_change(
        session,
        Change(userid=userid, external_userid=external_userid, kind=kind, at=when, state=state),
    )

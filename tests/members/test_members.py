"""Members are one person whatever the case of their userid, and somebody manages each of them."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.db import Database
from app.members.actions import record_departed, record_departments, record_member
from app.members.models import Department, Member, MemberDepartment
from app.members.queries import (
    canonical_userid,
    find_member,
    find_scope,
    list_active,
    list_managers,
    list_places,
)
from app.wecom.department import DepartmentInfo
from app.wecom.user import UserDetail

TREE = (
    DepartmentInfo(id=1, name="示例商贸", parentid=0, order=1),
    DepartmentInfo(id=2, name="门店部", parentid=1, order=1),
    DepartmentInfo(id=3, name="南山店", parentid=2, order=1),
    DepartmentInfo(id=4, name="福田店", parentid=2, order=1),
)


def detail(userid: str, *departments: int, leads: tuple[int, ...] = (), **more: Any) -> UserDetail:
    """Build what WeCom says about a member."""
    values = {
        "name": userid.title(),
        "alias": "",
        "main_department": departments[0] if departments else None,
        "direct_leader": (),
        "status": 1,
        "position": "",
        **more,
    }
    return UserDetail(
        userid=userid,
        departments=departments,
        is_leader_in_dept=tuple(one in leads for one in departments),
        **values,
    )


def fill(session: Session, *details: UserDetail) -> None:
    record_departments(session, TREE)
    for one in details:
        record_member(session, one)


def managers(db: Database, userid: str, *details: UserDetail) -> list[str]:
    with db.write() as session:
        fill(session, *details)
        return list_managers(session, userid)


def test_another_case_is_the_same_member_under_the_first_spelling(any_db: Database) -> None:
    with any_db.write() as session:
        record_member(session, detail("ZhaoYi", 1))
        record_member(session, detail("zhaoyi", 1, name="赵忆南"))
        assert session.scalars(select(Member.userid)).all() == ["ZhaoYi"]
        assert canonical_userid(session, "ZHAOYI") == "ZhaoYi"
        member = find_member(session, "zhaoyi")
        assert member is not None
        assert member.name == "赵忆南"


def test_an_unknown_userid_keeps_its_spelling(db: Database) -> None:
    with db.read() as session:
        assert canonical_userid(session, "LiSi") == "LiSi"
        assert find_member(session, "LiSi") is None


def test_a_move_replaces_his_departments(any_db: Database) -> None:
    with any_db.write() as session:
        record_member(session, detail("zhaoyi", 1, 3, leads=(3,)))
        record_member(session, detail("zhaoyi", 3, 4))
    with any_db.read() as session:
        rows = session.scalars(select(MemberDepartment).order_by(MemberDepartment.department_id))
        assert [(row.department_id, row.is_leader) for row in rows] == [(3, False), (4, False)]


def test_the_status_left_counts_as_departed_and_keeps_his_places(db: Database) -> None:
    with db.write() as session:
        fill(session, detail("zhaoyi", 3))
        member = record_member(session, detail("zhaoyi", status=5))
        assert member.removed_at is not None
        assert [place.department_id for place in list_places(session, "zhaoyi")] == [3, 2, 1]
        assert record_member(session, detail("zhaoyi", 3)).removed_at is None


def test_a_second_telling_does_not_move_the_time_of_departure(db: Database) -> None:
    first, second = clock.from_unix(1_700_000_000), clock.from_unix(1_700_000_900)
    with db.write() as session:
        record_member(session, detail("zhaoyi", 1))
        assert record_departed(session, "ZHAOYI", first)
        assert not record_departed(session, "zhaoyi", second)
    with db.read() as session:
        assert session.get_one(Member, "zhaoyi").removed_at == first


def test_a_disabled_member_is_here_and_not_active(db: Database) -> None:
    with db.write() as session:
        assert record_member(session, detail("zhaoyi", 1, status=2)).removed_at is None
        assert list_active(session, ["zhaoyi"]) == []


def test_whoever_left_or_is_disabled_is_away_since_the_first_of_them(db: Database) -> None:
    with db.write() as session:
        stays = [record_member(session, detail("zhaoyi", 1, status=2)).stay]
        away_at = session.get_one(Member, "zhaoyi").away_at
        record_departed(session, "zhaoyi", clock.later(60))
        member = session.get_one(Member, "zhaoyi")
        assert away_at is not None
        assert member.away_at == away_at
        stays.append(member.stay)
        back = record_member(session, detail("zhaoyi", 1))
        assert (back.away_at, back.away_told_at, stays) == (None, None, [2, 2])


def test_who_has_not_signed_up_yet_is_not_away(db: Database) -> None:
    with db.write() as session:
        assert record_member(session, detail("zhaoyi", 1, status=4)).away_at is None


def test_a_name_longer_than_its_column_is_cut(db: Database) -> None:
    with db.write() as session:
        assert len(record_member(session, detail("zhaoyi", 1, name="长" * 500)).name) == 128


def test_a_department_not_in_the_list_is_gone_and_an_empty_list_is_not_believed(
    any_db: Database,
) -> None:
    with any_db.write() as session:
        record_departments(session, TREE)
        record_departments(session, TREE[:3])
        record_departments(session, ())
    with any_db.read() as session:
        gone = session.scalars(select(Department.id).where(Department.removed_at.is_not(None)))
        assert list(gone) == [4]
    with any_db.write() as session:
        record_departments(session, TREE)
        assert session.get_one(Department, 4).removed_at is None


def test_his_direct_leader_manages_him(db: Database) -> None:
    boss, leader = detail("sunsan", 3), detail("qianer", 3, leads=(3,))
    assert managers(db, "ZhaoYi", detail("zhaoyi", 3, direct_leader=("SunSan",)), boss, leader) == [
        "sunsan"
    ]


@pytest.mark.parametrize("change", [{"status": 2}, {"status": 5}, {"status": 4}])
def test_a_leader_who_is_not_active_passes_it_on_upwards(
    db: Database, change: dict[str, int]
) -> None:
    away = detail("sunsan", 3, leads=(3,), **change)
    found = managers(
        db,
        "zhaoyi",
        detail("zhaoyi", 3, direct_leader=("sunsan",)),
        away,
        detail("qianer", 2, leads=(2,)),
    )
    assert found == ["qianer"]


def test_nobody_manages_himself(db: Database) -> None:
    found = managers(db, "sunsan", detail("sunsan", 3, leads=(3,)), detail("qianer", 1, leads=(1,)))
    assert found == ["qianer"]


def test_his_main_department_goes_first_among_equals(db: Database) -> None:
    zhaoyi = replace(detail("zhaoyi", 3, 4), main_department=4)
    leaders = detail("sunsan", 3, leads=(3,)), detail("lisi", 4, leads=(4,))
    assert managers(db, "zhaoyi", zhaoyi, *leaders) == ["lisi"]


def test_who_has_departed_still_has_a_manager(db: Database) -> None:
    with db.write() as session:
        fill(session, detail("zhaoyi", 3), detail("qianer", 2, leads=(2,)))
        record_departed(session, "zhaoyi", clock.utcnow())
        assert list_managers(session, "zhaoyi") == ["qianer"]


def test_an_unknown_member_has_no_manager(db: Database) -> None:
    assert managers(db, "nobody") == []


def test_the_walk_upwards_ends_where_departments_form_a_circle(any_db: Database) -> None:
    circle = (
        DepartmentInfo(id=8, name="甲", parentid=9, order=1),
        DepartmentInfo(id=9, name="乙", parentid=8, order=1),
    )
    with any_db.write() as session:
        record_departments(session, circle)
        record_member(session, detail("zhaoyi", 8))
        assert [place.department_id for place in list_places(session, "zhaoyi")] == [8, 9]


def test_each_leaving_ends_a_stay_and_a_pull_ends_none(db: Database) -> None:
    stays = []
    for status in (1, 1, 5, 5, 1):
        with db.write() as session:
            stays.append(record_member(session, detail("zhaoyi", status=status)).stay)
    with db.write() as session:
        record_departed(session, "ZhaoYi", clock.utcnow())
        record_departed(session, "ZhaoYi", clock.utcnow())
    with db.read() as session:
        stays.append(session.get_one(Member, "zhaoyi").stay)
    assert stays == [1, 1, 2, 2, 2, 3]


def test_a_department_further_ahead_than_can_be_counted_is_the_first(any_db: Database) -> None:
    far = replace(TREE[0], order=2**32 - 1)
    any_db.commit(lambda session: record_departments(session, [far]))
    with any_db.read() as session:
        assert session.get_one(Department, 1).order == 2**31 - 1


def scope(db: Database, userid: str, *details: UserDetail) -> set[str]:
    with db.write() as session:
        fill(session, *details)
        seen = find_scope(session, userid)
        return set(session.scalars(select(Member.userid).where(seen.holds(Member.userid))))


def test_a_manager_sees_himself_and_whoever_is_below_what_he_leads(db: Database) -> None:
    people = (
        detail("head", 2, leads=(2,)),
        detail("beside", 2),
        detail("below", 3),
        detail("above", 1),
    )
    assert scope(db, "head", *people) == {"head", "beside", "below"}


def test_whoever_leads_nothing_sees_himself_alone(db: Database) -> None:
    assert scope(db, "one", detail("one", 3), detail("other", 3)) == {"one"}


def test_a_manager_still_sees_who_departed(db: Database) -> None:
    with db.write() as session:
        fill(session, detail("head", 2, leads=(2,)), detail("gone", 3))
        record_departed(session, "gone", clock.utcnow())
    assert scope(db, "head") == {"head", "gone"}

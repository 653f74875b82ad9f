"""Who may see a customer: who follows him, who manages one who does, and nobody else."""

from datetime import UTC, datetime, timedelta

import pytest

from app.customers.actions import Change, record_change
from app.customers.queries import find_viewpoint
from app.db import Database
from app.members.actions import record_departed, record_departments, record_member
from app.members.queries import list_managed, manages
from app.wecom.department import DepartmentInfo
from app.wecom.user import UserDetail
from tests.statements import counted

START = datetime(2026, 1, 1, tzinfo=UTC)
TREE = (
    DepartmentInfo(id=1, name="示例商贸", parentid=0, order=1),
    DepartmentInfo(id=2, name="门店部", parentid=1, order=1),
    DepartmentInfo(id=3, name="南山店", parentid=2, order=1),
    DepartmentInfo(id=4, name="福田店", parentid=2, order=1),
)
# userid: (departments, those that he leads, direct leaders)
STAFF: dict[str, tuple[tuple[int, ...], tuple[int, ...], tuple[str, ...]]] = {
    "boss": ((1,), (1,), ()),
    "area": ((2,), (2,), ()),
    "shop": ((3,), (3,), ()),
    "other": ((4,), (4,), ()),
    "mentor": ((4,), (), ()),
    "zhaoyi": ((3,), (), ("Mentor",)),
    "lisi": ((3,), (), ()),
}
MANAGERS = {"boss", "area", "shop", "mentor"}


def member(
    userid: str, departments: tuple[int, ...], led: tuple[int, ...], leaders: tuple[str, ...]
) -> UserDetail:
    return UserDetail(
        userid=userid,
        name=userid,
        alias="",
        departments=departments,
        main_department=departments[0],
        is_leader_in_dept=tuple(one in led for one in departments),
        direct_leader=leaders,
        status=1,
        position="",
    )


@pytest.fixture
def staffed(any_db: Database) -> Database:
    """Give a database with departments and members."""
    with any_db.write() as session:
        record_departments(session, TREE)
        for userid, (departments, led, leaders) in STAFF.items():
            record_member(session, member(userid, departments, led, leaders))
    return any_db


def happen(db: Database, *facts: tuple[str, str]) -> None:
    """Record (userid, kind), a day apart."""
    with db.write() as session:
        for day, (userid, kind) in enumerate(facts):
            at = START + timedelta(days=day)
            record_change(session, Change(userid=userid, external_userid="wm1", kind=kind, at=at))


def viewers(db: Database) -> set[str]:
    with db.read() as session:
        return {userid for userid in STAFF if find_viewpoint(session, userid, "wm1")}


def seen_through(db: Database, viewer: str) -> tuple[str, bool] | None:
    with db.read() as session:
        found = find_viewpoint(session, viewer, "wm1")
        return (found.follow.userid, found.is_own) if found else None


def test_the_managers_of_a_member_are_his_leaders_at_any_height(staffed: Database) -> None:
    with staffed.read() as session:
        assert {one for one in STAFF if manages(session, one, "zhaoyi")} == MANAGERS


def test_nobody_manages_himself_and_a_stranger_manages_nobody(staffed: Database) -> None:
    with staffed.read() as session:
        assert not manages(session, "shop", "shop")
        assert not manages(session, "nobody", "zhaoyi")
        assert not manages(session, "boss", "nobody")


def test_userids_are_compared_in_any_case(staffed: Database) -> None:
    with staffed.read() as session:
        assert list_managed(session, "SHOP", ["ZhaoYi", "LISI"]) in (
            ["zhaoyi", "lisi"],
            ["lisi", "zhaoyi"],
        )


def test_a_department_that_is_gone_gives_no_say(staffed: Database) -> None:
    with staffed.write() as session:
        record_departments(session, [one for one in TREE if one.id != 3])
        assert not manages(session, "shop", "lisi")


def test_a_customer_is_seen_by_who_follows_him_and_by_their_managers(staffed: Database) -> None:
    happen(staffed, ("zhaoyi", "add"))
    assert viewers(staffed) == {"zhaoyi"} | MANAGERS


def test_a_half_relation_counts(staffed: Database) -> None:
    happen(staffed, ("lisi", "half"))
    assert viewers(staffed) == {"lisi", "shop", "area", "boss"}


def test_whom_the_customer_left_may_win_him_back(staffed: Database) -> None:
    happen(staffed, ("zhaoyi", "add"), ("zhaoyi", "customer"))
    assert viewers(staffed) == {"zhaoyi"} | MANAGERS


@pytest.mark.parametrize(
    "endings",
    [["member"], ["transfer"], ["customer", "member"], ["customer", "add", "member"]],
    ids="-".join,
)
def test_who_gave_the_customer_up_is_out_and_his_managers_too(
    staffed: Database, endings: list[str]
) -> None:
    happen(staffed, ("zhaoyi", "add"), *(("zhaoyi", kind) for kind in endings))
    assert viewers(staffed) == set()


def test_his_own_relation_goes_before_those_that_he_manages(staffed: Database) -> None:
    happen(staffed, ("shop", "add"), ("shop", "customer"), ("zhaoyi", "add"))
    assert seen_through(staffed, "shop") == ("shop", True)
    assert seen_through(staffed, "area") == ("zhaoyi", False)


def test_a_living_relation_goes_before_a_newer_ended_one(staffed: Database) -> None:
    happen(staffed, ("lisi", "add"), ("zhaoyi", "add"), ("zhaoyi", "customer"))
    assert seen_through(staffed, "shop") == ("lisi", False)


def test_of_two_living_relations_the_newer_counts(staffed: Database) -> None:
    happen(staffed, ("lisi", "add"), ("zhaoyi", "add"))
    assert seen_through(staffed, "shop") == ("zhaoyi", False)


def test_what_a_member_who_has_left_looked_after_is_seen_by_his_managers(
    staffed: Database,
) -> None:
    happen(staffed, ("zhaoyi", "add"))
    with staffed.write() as session:
        record_departed(session, "zhaoyi", START)
    assert seen_through(staffed, "shop") == ("zhaoyi", False)


def test_a_customer_whom_nobody_knows_is_seen_by_nobody(staffed: Database) -> None:
    assert viewers(staffed) == set()


def test_three_hundred_followers_cost_a_few_queries(staffed: Database) -> None:
    with staffed.write() as session:
        for number in range(300):
            userid, at = f"m{number}", START + timedelta(days=1)
            record_member(session, member(userid, (3,), (), ()))
            for kind, on in (("add", START), ("customer", at), ("add", at + timedelta(days=1))):
                change = Change(userid=userid, external_userid="wm1", kind=kind, at=on)
                record_change(session, change)
    with staffed.read() as session, counted(staffed) as statements:
        assert find_viewpoint(session, "boss", "wm1")
        assert not find_viewpoint(session, "other", "wm1")
    assert len(statements) <= 12

"""A pull brings every department and member; only a whole one may say that somebody is gone."""

import pytest
from sqlalchemy import select

from app.members.jobs import sync_member, sync_members
from app.members.models import Department, Member, MemberDepartment
from app.members.queries import find_member
from app.runtime import Runtime
from app.sandbox.server import Sandbox
from app.wecom.errors import MissingPermission, TryAgainLater


def _present(runtime: Runtime) -> set[str]:
    with runtime.db.read() as session:
        return set(session.scalars(select(Member.userid).where(Member.removed_at.is_(None))))


def _member(runtime: Runtime, userid: str) -> Member:
    with runtime.db.read() as session:
        member = find_member(session, userid)
    assert member is not None
    return member


def test_a_pull_brings_departments_members_and_leaders(runtime: Runtime) -> None:
    report = sync_members(runtime)
    assert (report.departments, report.members, report.departed) == (3, 5, 0)
    assert report.complete
    with runtime.db.read() as session:
        leaders = session.execute(
            select(MemberDepartment.department_id, MemberDepartment.userid)
            .where(MemberDepartment.is_leader)
            .order_by(MemberDepartment.department_id)
        ).all()
    assert [tuple(row) for row in leaders] == [(2, "qianer"), (3, "sunsan")]
    assert _member(runtime, "zhaoyi").direct_leader == ["sunsan"]


def test_who_left_is_gone_after_the_next_pull_and_restored_when_he_is_back(
    runtime: Runtime, box: Sandbox
) -> None:
    sync_members(runtime)
    box.people.member_leaves("lisi")
    assert sync_members(runtime).departed == 1
    assert "lisi" not in _present(runtime)
    box.people.member_joins("lisi", "李思远", department=(3,))
    sync_members(runtime)
    assert "lisi" in _present(runtime)


@pytest.mark.parametrize("errcode", [60011, 45009])
def test_an_incomplete_pull_removes_nobody(runtime: Runtime, box: Sandbox, errcode: int) -> None:
    sync_members(runtime)
    box.people.member_leaves("lisi")
    box.faults.errcode("user/list", errcode, times=1)
    report = sync_members(runtime)
    assert not report.complete
    assert "lisi" in _present(runtime)


def test_a_pull_that_shows_nobody_removes_nobody(runtime: Runtime, box: Sandbox) -> None:
    sync_members(runtime)
    box.app.visible = set()
    assert not sync_members(runtime).complete
    assert len(_present(runtime)) == 5


def test_one_department_that_fails_does_not_stop_the_others(runtime: Runtime, box: Sandbox) -> None:
    box.faults.errcode("user/list", 60003, times=1)
    report = sync_members(runtime)
    assert not report.complete
    assert _present(runtime) == {"qianer", "sunsan", "zhaoyi", "lisi"}


def test_a_member_whom_no_department_lists_stays_when_wecom_still_knows_him(
    runtime: Runtime, box: Sandbox
) -> None:
    sync_members(runtime)
    box.world.members["lisi"].department = [77]
    assert sync_members(runtime).departed == 0
    assert "lisi" in _present(runtime)


def test_a_department_that_is_gone_keeps_its_row(runtime: Runtime, box: Sandbox) -> None:
    sync_members(runtime)
    del box.world.departments[3]
    sync_members(runtime)
    with runtime.db.read() as session:
        assert session.get_one(Department, 3).removed_at is not None
        assert session.get_one(Department, 2).removed_at is None


def test_a_refused_list_of_departments_is_the_callers_to_hear(
    runtime: Runtime, box: Sandbox
) -> None:
    box.faults.errcode("department/list", 48002, times=None)
    with pytest.raises(MissingPermission):
        sync_members(runtime)


def test_one_member_is_read_by_himself(runtime: Runtime) -> None:
    assert sync_member(runtime, "zhaoyi", within=2)
    assert _member(runtime, "ZHAOYI").name == "赵忆南"


@pytest.mark.parametrize("errcode", [60111, 60011])
def test_a_member_whom_wecom_does_not_show_has_departed(
    runtime: Runtime, box: Sandbox, errcode: int
) -> None:
    sync_member(runtime, "zhaoyi")
    box.faults.errcode("user/get", errcode, times=None)
    assert not sync_member(runtime, "zhaoyi")
    assert _member(runtime, "zhaoyi").removed_at is not None


@pytest.mark.parametrize("errcode", [60020, 48002])
def test_a_refusal_that_is_not_about_him_removes_nobody(
    runtime: Runtime, box: Sandbox, errcode: int
) -> None:
    sync_member(runtime, "zhaoyi")
    box.faults.errcode("user/get", errcode, times=None)
    with pytest.raises(MissingPermission):
        sync_member(runtime, "zhaoyi")
    assert _member(runtime, "zhaoyi").removed_at is None


def test_silence_removes_nobody(runtime: Runtime, box: Sandbox) -> None:
    sync_member(runtime, "zhaoyi")
    box.faults.http("user/get", 502, times=None)
    with pytest.raises(TryAgainLater):
        sync_member(runtime, "zhaoyi", within=1)
    assert _member(runtime, "zhaoyi").removed_at is None

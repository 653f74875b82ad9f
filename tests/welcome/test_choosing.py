"""Channel before member before nearest department before default; who is out of time steps back."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.db import Database
from app.members.models import Member, MemberDepartment
from app.welcome.actions import Rule, remove_script
from app.welcome.queries import Choice, choose_script
from tests.welcome.world import (
    EVERYWHERE,
    ZONE,
    add_departments,
    add_member,
    add_script,
    night,
)

NOON = datetime(2026, 1, 6, 12, 0, tzinfo=ZONE)
NIGHT = datetime(2026, 1, 6, 23, 0, tzinfo=ZONE)
STATE = Rule(scope="state", target="store-12")
MEMBER = Rule(scope="member", target="ZhaoYi")
TREE = ((1, "示例企业", 0), (2, "销售部", 1), (3, "华南门店", 2), (4, "客服部", 1), (5, "夜班", 4))


def _choose(session: Session, userid: str = "zhaoyi", **more: Any) -> Choice:
    values: dict[str, Any] = {"state": "store-12", "at": NOON} | more
    return choose_script(session, userid=userid, zone=ZONE, **values)


def _department(department_id: int, **more: Any) -> Rule:
    return Rule(scope="department", target=str(department_id), **more)


@pytest.fixture
def world(any_db: Database) -> Database:
    with any_db.write() as session:
        add_departments(session, TREE)
        add_member(session, "ZhaoYi", 3, 5, main=3)
    return any_db


@pytest.mark.parametrize(
    ("there", "chosen"),
    [
        ("state member near far default", "state"),
        ("member near far default", "member"),
        ("near far default", "near"),
        ("far default", "far"),
        ("default", "default"),
        ("", ""),
    ],
)
def test_the_nearest_level_wins(world: Database, there: str, chosen: str) -> None:
    rules = {
        "state": STATE,
        "member": MEMBER,
        "near": _department(3),
        "far": _department(1),
        "default": EVERYWHERE,
    }
    with world.write() as session:
        for name in reversed(there.split()):
            add_script(session, name, rules[name])
        assert _choose(session).script_name == chosen


@pytest.mark.parametrize("level", ["state", "member", "department", "default"])
def test_a_script_out_of_its_window_lets_the_next_step_in(world: Database, level: str) -> None:
    targets = {"state": "store-12", "member": "zhaoyi", "department": "3", "default": ""}
    with world.write() as session:
        rule = Rule(scope=level, target=targets[level], windows=night())
        add_script(session, "夜间", rule)
        add_script(session, "全天", EVERYWHERE)
        assert _choose(session, at=NOON).script_name == "全天"
        assert _choose(session, at=NIGHT).script_name == "夜间"


def test_a_windowed_rule_goes_before_one_without_windows(world: Database) -> None:
    with world.write() as session:
        add_script(session, "夜间", Rule(scope="default", windows=night()))
        add_script(session, "全天", EVERYWHERE)
        assert _choose(session, at=NIGHT).script_name == "夜间"


def test_of_two_that_are_alike_the_one_saved_last_wins(world: Database) -> None:
    with world.write() as session:
        add_script(session, "甲", EVERYWHERE)
        add_script(session, "乙", EVERYWHERE)
        assert _choose(session).script_name == "乙"
        add_script(session, "甲", EVERYWHERE, content="改过的")
        assert _choose(session).script_name == "甲"


def test_the_nearer_department_wins_whatever_the_main_one_is(world: Database) -> None:
    with world.write() as session:
        add_script(session, "销售", _department(2))
        add_script(session, "夜班", _department(5))
        assert _choose(session).script_name == "夜班"


def test_of_two_as_near_the_one_over_the_main_department_wins(world: Database) -> None:
    with world.write() as session:
        add_script(session, "门店", _department(3))
        add_script(session, "夜班", _department(5))
        assert _choose(session).script_name == "门店"
        session.get_one(Member, "ZhaoYi").main_department = 5
        session.flush()
        assert _choose(session).script_name == "夜班"


def test_who_joins_a_department_later_is_included(world: Database) -> None:
    with world.write() as session:
        add_script(session, "门店", _department(3))
        add_member(session, "lisi", 4)
        assert _choose(session, "lisi").script_id is None
        session.add(MemberDepartment(userid="lisi", department_id=3))
        session.flush()
        assert _choose(session, "lisi").script_name == "门店"


def test_case_does_not_tell_members_apart(world: Database) -> None:
    with world.write() as session:
        add_script(session, "本人", MEMBER)
        assert _choose(session, "ZHAOYI").script_name == "本人"


def test_case_tells_channels_apart(world: Database) -> None:
    with world.write() as session:
        add_script(session, "渠道", STATE)
        assert _choose(session, state="STORE-12").script_id is None


def test_departments_are_passed_over_for_a_member_we_do_not_know(world: Database) -> None:
    with world.write() as session:
        add_script(session, "公司", _department(1))
        add_script(session, "默认", EVERYWHERE)
        choice = _choose(session, "stranger")
    assert choice.script_name == "默认"
    assert choice.member is None
    assert "部门：通讯录里还没有该员工，跳过" in choice.steps


def test_a_removed_script_greets_nobody(world: Database) -> None:
    with world.write() as session:
        add_script(session, "默认", EVERYWHERE)
        remove_script(session, "默认")
        assert _choose(session).script_id is None


def test_departments_in_a_circle_end_the_walk(any_db: Database) -> None:
    with any_db.write() as session:
        add_departments(session, [(7, "甲", 8), (8, "乙", 7)])
        add_member(session, "zhaoyi", 7)
        add_script(session, "乙", _department(8))
        assert _choose(session).script_name == "乙"


def test_the_member_is_told_of_for_the_text(world: Database) -> None:
    with world.read() as session:
        member = _choose(session).member
    assert member is not None
    assert (member.name, member.alias, member.department) == ("赵一", "小赵", "华南门店")
    assert member.corp_name == "示例企业"


def test_every_step_is_explained(world: Database) -> None:
    with world.write() as session:
        add_script(session, "夜间", _department(3, windows=night()))
        add_script(session, "默认", EVERYWHERE)
        assert _choose(session).steps == (
            "渠道 store-12：没有脚本",
            "员工 zhaoyi：没有脚本",
            "部门「华南门店」：脚本「夜间」：现在不在时间段内（22:00–08:00）",
            "部门「夜班」：没有脚本",
            "部门「销售部」：没有脚本",
            "部门「客服部」：没有脚本",
            "部门「示例企业」：没有脚本",
            "默认脚本「默认」：采用",
        )


def test_it_is_said_when_nothing_holds(world: Database) -> None:
    with world.read() as session:
        assert _choose(session, state="").steps[-1] == "没有适用的脚本，不发送欢迎语"

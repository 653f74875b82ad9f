"""Whom a script reaches, and who has a nearer one; how its times cover a week."""

import pytest

from app.db import Database
from app.welcome.actions import Rule, Window
from app.welcome.queries.reach import Reach, count_reach
from app.welcome.queries.week import build_week, list_doubles, list_gaps
from app.welcome.queries.windows import DAYS
from tests.welcome.world import EVERYWHERE, add_departments, add_member, add_script

TREE = ((1, "示例企业", 0), (2, "门店", 1), (3, "南山店", 2))


@pytest.fixture
def shop(any_db: Database) -> Database:
    with any_db.write() as session:
        add_departments(session, TREE)
        add_member(session, "ZhaoYi", 3)
        add_member(session, "lisi", 2)
        add_member(session, "sunsan", 1)
        add_member(session, "nobody")
    return any_db


def reach(db: Database, *rules: Rule, script_id: int = 0) -> Reach:
    with db.read() as session:
        return count_reach(session, rules, script_id=script_id)


def department(department_id: int) -> Rule:
    return Rule(scope="department", target=str(department_id))


def test_a_department_reaches_those_below_it(shop: Database) -> None:
    assert reach(shop, department(2)) == Reach(members=2, outdone=0, channels=0)
    assert reach(shop, EVERYWHERE) == Reach(members=4, outdone=0, channels=0)


def test_who_has_a_nearer_script_is_counted(shop: Database) -> None:
    with shop.write() as session:
        own = add_script(session, "专属", Rule(scope="member", target="zhaoyi"))
        add_script(session, "门店", department(2))
    assert reach(shop, EVERYWHERE) == Reach(members=4, outdone=2, channels=0)
    assert reach(shop, department(3)) == Reach(members=1, outdone=1, channels=0)
    # What the script itself says now does not stand in its way.
    assert reach(shop, department(3), script_id=own.script_id) == Reach(1, 0, 0)


def test_channels_and_targets_that_are_nobody_are_told(shop: Database) -> None:
    rules = [
        Rule(scope="state", target="a"),
        Rule(scope="state", target="b"),
        Rule(scope="member", target="Gone"),
        department(99),
    ]
    assert reach(shop, *rules) == Reach(0, 0, channels=2, unknown=("gone", "99"))


def test_a_night_runs_into_the_next_day_and_round_the_week() -> None:
    week = build_week([Window(days=("sun",), start="22:00", end="08:00")])
    assert [(one.start, one.end) for one in week["sun"] if one.count] == [(22 * 60, 24 * 60)]
    assert [(one.start, one.end) for one in week["mon"] if one.count] == [(0, 8 * 60)]


def test_gaps_and_doubles_are_named() -> None:
    every_day = Window(start="08:00", end="24:00")
    week = build_week([every_day, Window(days=("mon",), start="20:00", end="22:00")])
    assert {one.worded for one in list_gaps(week)} == {"00:00–08:00"}
    assert [(one.day, one.worded) for one in list_doubles(week)] == [("mon", "20:00–22:00")]
    assert list_gaps(build_week([])) == []
    assert set(build_week([every_day])) == set(DAYS)

"""The list of losses: what is chosen, in what order, and the figures above it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.churn.actions import set_contacted
from app.churn.models import Loss
from app.churn.queries import (
    KeptDays,
    LossFilter,
    count_begun,
    count_gone,
    find_loss,
    list_channels,
    list_losses,
    read_kept_days,
    read_losses,
)
from app.customers.actions import change_stage, record_timeline
from app.customers.queries import list_default_stages, word_entry
from app.db import Database
from app.members.queries import find_scope
from tests.churn.people import NORTH, SOUTH, add, at, lose, make_corp

NOON = at("2026-03-10 12:00")
DAY = timedelta(days=1)


@pytest.fixture
def corp(any_db: Database) -> Database:
    """Give a corp that lost four, by three ways, through two channels, in two shops."""
    with any_db.write() as session:
        make_corp(session)
        lose(session, "wm1", at=NOON, days=1, state="门店海报", name="李晓雯")
        lose(session, "wm2", at=NOON - DAY, days=5, userid="lisi", state="公众号")
        lose(session, "wm3", at=NOON - 2 * DAY, days=20, kind="member")
        lose(session, "wm4", at=NOON - 3 * DAY, days=40, kind="transfer")
    return any_db


def wanted(**more: Any) -> LossFilter:
    return LossFilter(**{"since": NOON - 30 * DAY, "until": NOON + DAY, **more})


def ids(session: Session, **more: Any) -> list[str]:
    rows, _older = list_losses(session, wanted(**more))
    return [row.loss.external_userid for row in rows]


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ({}, ["wm1", "wm2", "wm3", "wm4"]),
        ({"kind": "customer"}, ["wm1", "wm2"]),
        ({"kind": "member"}, ["wm3"]),
        ({"kind": "transfer"}, ["wm4"]),
        ({"userid": "lisi"}, ["wm2"]),
        ({"departments": frozenset({SOUTH})}, ["wm1", "wm3", "wm4"]),
        ({"departments": frozenset({SOUTH, NORTH}), "kind": "customer"}, ["wm1", "wm2"]),
        ({"departments": frozenset()}, []),
        ({"state": "公众号"}, ["wm2"]),
        ({"since": NOON - 1.5 * DAY, "until": NOON}, ["wm2"]),
        ({"win_back": "open"}, ["wm1", "wm2", "wm3"]),
        ({"win_back": "back"}, []),
    ],
    ids=str,
)
def test_what_is_asked_for_is_found(
    corp: Database, chosen: Mapping[str, Any], found: list[str]
) -> None:
    with corp.read() as session:
        assert ids(session, **chosen) == found


def test_where_a_customer_stands_and_whether_he_is_back_can_be_asked_for(corp: Database) -> None:
    with corp.write() as session:
        stages = {name: stage_id for stage_id, name in list_default_stages(session)}
        change_stage(session, "wm1", to_stage_id=stages["意向"], userid="zhaoyi", seen=0)
        add(session, "wm2", userid="zhaoyi", at=NOON + DAY)
        [third] = session.scalars(select(Loss).where(Loss.external_userid == "wm3"))
        set_contacted(session, third, userid="qianer", contacted=True)
    with corp.read() as session:
        assert ids(session, stage_id=stages["意向"]) == ["wm1"]
        assert ids(session, win_back="back") == ["wm2"]
        assert ids(session, win_back="contacted") == ["wm3"]
        assert ids(session, win_back="open") == ["wm1"]


def test_a_manager_finds_those_of_his_people_alone(corp: Database) -> None:
    with corp.read() as session:
        scope = find_scope(session, "sunsan")
        assert ids(session, scope=scope) == ["wm1", "wm3", "wm4"]
        [foreign] = session.scalars(select(Loss).where(Loss.external_userid == "wm2"))
        assert find_loss(session, foreign.id, scope) is None
        assert list_channels(session, wanted(scope=scope)) == ["门店海报"]


def test_a_row_tells_what_is_known_of_it(corp: Database) -> None:
    with corp.write() as session:
        for hours, name in ((30, "会员群"), (3, "福利群"), (-3, "以后的群")):
            record_timeline(
                session,
                external_userid="wm1",
                kind="group_joined",
                at=NOON - timedelta(hours=hours),
                key=name,
                data={"group_name": name},
            )
    with corp.read() as session:
        [row, *_others], _older = list_losses(session, wanted())
    assert (row.name, row.member, row.stage, row.state) == (
        "李晓雯",
        "赵忆南",
        "新客户",
        "门店海报",
    )
    assert (row.added_at, row.loss.days_known, row.win_back) == (NOON - DAY, 1, "open")
    assert row.last
    assert word_entry(row.last) == "加入客户群「福利群」"


def test_pages_miss_nothing_and_show_nothing_twice(any_db: Database) -> None:
    with any_db.write() as session:
        # Many at the very same moment, as a mass deletion has them.
        for number in range(25):
            lose(session, f"wm{number}", at=NOON - DAY * (number // 10))
    found, before = [], 0
    with any_db.read() as session:
        while True:
            rows, before = list_losses(session, wanted(), before=before, limit=7)
            found += [row.loss for row in rows]
            if not before:
                break
        whole = list(read_losses(session, wanted()))
    assert len({loss.id for loss in found}) == len(found) == len(whole) == 25
    assert [loss.id for loss in found] == [row.loss.id for row in whole]
    assert found == sorted(found, key=lambda loss: (loss.lost_at, loss.id), reverse=True)


def test_figures_count_what_is_chosen(corp: Database) -> None:
    with corp.read() as session:
        day: dict[str, datetime] = {"since": NOON - DAY / 2, "until": NOON + DAY}
        assert count_gone(session, wanted(kind="customer"), **day) == 1
        assert count_begun(session, wanted()) == 3
        assert count_begun(session, wanted(userid="lisi")) == 1
        assert count_begun(session, wanted(state="门店海报")) == 1
        kept = read_kept_days(session, wanted())
    assert (kept.total, kept.mean, kept.median) == (4, 16.5, 12.5)
    assert kept.spans() == [1, 0, 1, 0, 1, 1]


@given(st.lists(st.integers(0, 90), min_size=1))
def test_mean_median_and_spans_are_those_of_the_days_themselves(days: list[int]) -> None:
    kept = KeptDays({day: days.count(day) for day in days})
    middle = sorted(days)[(len(days) - 1) // 2 : len(days) // 2 + 1]
    assert kept.median == sum(middle) / len(middle)
    assert kept.mean == pytest.approx(sum(days) / len(days))
    assert sum(kept.spans()) == len(days)


def test_without_any_there_is_no_mean() -> None:
    assert (KeptDays({}).mean, KeptDays({}).median, sum(KeptDays({}).spans())) == (None, None, 0)

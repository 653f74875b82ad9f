"""The daily digest of losses: at its hour, once a day for each, and late rather than never."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from app import clock
from app.accounts.actions import grant_role
from app.alerting.actions import set_alerts
from app.churn.jobs import make_daily_digests
from app.runtime import Runtime, build_runtime
from app.schedule import SCHEDULE, run_if_due
from tests.churn.shop import Shop
from tests.churn.test_quiet_hours import ZONE, seconds_until

DAILY = "客户流失日报"
JOB = next(job for job in SCHEDULE if job.name == "churn.daily_digests")


@pytest.fixture
def alerts() -> dict[str, Any]:
    return {"grace_seconds": 0, "admins": ["zhouwu"], "daily_digest_at": "09:00"}


@pytest.fixture
def lost(many: Shop) -> Shop:
    """Give the shop after a day on which lisi lost three and zhaoyi deleted one."""
    many.wait(seconds_until(12))
    # So that what was due today is done.
    relay(many)
    for number in range(3):
        many.lose(f"wm{number}")
    many.lose("wm9", userid="zhaoyi", kind="member")
    many.send()
    return many


def relay(shop: Shop) -> None:
    """Do what the relay does every few seconds."""
    run_if_due(shop.runtime, JOB)
    shop.send()


def strike(shop: Shop, hour: int) -> None:
    """Let time pass until this hour, with a relay that looks."""
    shop.wait(seconds_until(hour))
    relay(shop)


def digests(shop: Shop, userid: str = "zhouwu") -> list[dict[str, Any]]:
    return [card for card in shop.cards(userid) if card["source"]["desc"] == DAILY]


def put(runtime: Runtime, **typed: str) -> None:
    with runtime.db.write() as session:
        set_alerts(
            session, runtime.config, typed={key: [text] for key, text in typed.items()}, seen={}
        )


def yesterday() -> str:
    return f"{clock.utcnow().astimezone(ZONE).date() - timedelta(days=1)}"


def test_it_comes_at_its_hour_and_not_before(lost: Shop) -> None:
    lost.wait(seconds_until(9) - 1)
    relay(lost)
    assert digests(lost) == []
    lost.wait(61)
    relay(lost)
    [card] = digests(lost)
    assert card["main_title"] == {
        "title": f"{yesterday()[5:]} 流失 4 位客户",
        "desc": "流失最多的员工：李思远 3、赵忆南 1",
    }
    assert [(row["keyname"], row["value"]) for row in card["horizontal_content_list"]] == [
        ("客户删除员工", "3 位（前一天 0）"),
        ("员工删除客户", "1 位（前一天 0）"),
        ("范围", "全公司"),
    ]


def test_who_leads_a_department_gets_his_own_peoples(lost: Shop) -> None:
    lost.lose("wm20", userid="zhouwu")
    strike(lost, 9)
    titles = {who: [card["main_title"]["title"][6:] for card in digests(lost, who)] for who in WHO}
    # zhouwu is in no department of theirs; he hears of every loss.
    assert titles == {
        "zhouwu": ["流失 5 位客户"],
        "qianer": ["流失 4 位客户"],
        "sunsan": ["流失 4 位客户"],
        "lisi": [],
    }
    assert digests(lost, "sunsan")[0]["horizontal_content_list"][-1]["value"] == (
        "你的部门及下级部门"
    )


WHO = ("zhouwu", "qianer", "sunsan", "lisi")


def test_it_comes_once_a_day_however_often_and_by_how_many_it_is_looked_for(lost: Shop) -> None:
    lost.wait(seconds_until(9))
    others = [build_runtime(lost.runtime.config) for _number in range(3)]
    with ThreadPoolExecutor() as pool:
        list(pool.map(make_daily_digests, [lost.runtime, *others]))
    lost.send()
    for _hour in range(5):
        lost.wait(3600)
        relay(lost)
    assert [len(digests(lost, who)) for who in WHO] == [1, 1, 1, 0]
    for other in others:
        other.db.close()


def test_a_relay_that_was_away_at_the_hour_sends_it_when_it_is_back(lost: Shop) -> None:
    strike(lost, 23)
    lost.wait(seconds_until(15))
    relay(lost)
    assert [card["main_title"]["title"][:5] for card in digests(lost)] == [yesterday()[5:]]
    strike(lost, 9)
    assert len(digests(lost)) == 1


def test_a_day_that_passed_without_a_relay_is_not_told_the_day_after(lost: Shop) -> None:
    lost.wait(seconds_until(9) + timedelta(days=1).total_seconds())
    relay(lost)
    assert digests(lost) == []


def test_the_day_before_stands_beside_it(lost: Shop) -> None:
    strike(lost, 9)
    lost.lose("wm30")
    strike(lost, 8)
    strike(lost, 9)
    rows = digests(lost)[-1]["horizontal_content_list"]
    assert [row["value"] for row in rows[:2]] == ["1 位（前一天 3）", "0 位（前一天 1）"]


def test_nothing_lost_is_nothing_sent_and_transfers_are_no_losses(many: Shop) -> None:
    many.wait(seconds_until(12))
    relay(many)
    many.lose("wm1", kind="transfer")
    strike(many, 9)
    assert [digests(many, who) for who in WHO] == [[], [], [], []]


def test_in_quiet_hours_it_waits_for_their_end(lost: Shop) -> None:
    with lost.runtime.db.write() as session:
        typed = {"quiet_hours": ["22:00", "10:30"]}
        set_alerts(session, lost.runtime.config, typed=typed, seen={})
    strike(lost, 9)
    assert digests(lost) == []
    strike(lost, 10)
    lost.wait(30 * 60)
    relay(lost)
    assert len(digests(lost)) == 1


def test_an_hour_that_is_past_when_it_is_set_begins_tomorrow(lost: Shop) -> None:
    put(lost.runtime, daily_digest_at="")
    lost.wait(seconds_until(15))
    lost.wait(seconds_until(15) or timedelta(days=1).total_seconds())
    put(lost.runtime, daily_digest_at="14:00")
    relay(lost)
    assert digests(lost) == []
    lost.lose("wm40")
    strike(lost, 14)
    assert len(digests(lost)) == 1


def test_one_that_came_comes_no_second_time_at_a_later_hour(lost: Shop) -> None:
    strike(lost, 9)
    put(lost.runtime, daily_digest_at="11:00")
    strike(lost, 11)
    assert len(digests(lost)) == 1


def test_none_comes_when_it_is_turned_off(lost: Shop) -> None:
    put(lost.runtime, daily_digest_at="")
    strike(lost, 9)
    assert digests(lost) == []


def test_it_leads_to_the_page_of_losses_who_may_see_it_and_names_nobody(lost: Shop) -> None:
    with lost.runtime.db.write() as session:
        grant_role(session, "sunsan", "manager")
    strike(lost, 9)
    [led], [other] = digests(lost, "sunsan"), digests(lost, "zhouwu")
    address = urlsplit(led["card_action"]["url"])
    assert address.path == "/admin/losses"
    assert address.query == f"since={yesterday()}&until={yesterday()}&kind=all"
    assert urlsplit(other["card_action"]["url"]).path == "/sidebar/"


def test_who_is_added_after_it_came_hears_from_the_next_day_on(lost: Shop) -> None:
    strike(lost, 9)
    lost.lose("wm50")
    put(lost.runtime, admins="lisi")
    strike(lost, 10)
    assert digests(lost, "lisi") == []
    strike(lost, 9)
    assert len(digests(lost, "lisi")) == 1

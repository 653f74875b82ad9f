"""The page 待交接: who is away, how many wait, since when, and the list of them."""

import re
from html import unescape

import pytest

from app import clock
from app.members.actions import record_departed
from app.runtime import Runtime
from tests.admin.conftest import Desk, Seat
from tests.churn.people import add
from tests.sync.walks import walk

PATH = "/admin/handover"


@pytest.fixture
def owner(desk: Seat) -> Desk:
    return desk("qianer", "owner")


def leave(runtime: Runtime, userid: str, *customers: str) -> None:
    with runtime.db.write() as session:
        for one in customers:
            add(session, one, userid=userid, name=f"客户 {one}")
        record_departed(session, userid, clock.utcnow())


def test_where_nobody_is_away_it_says_what_would_come(owner: Desk) -> None:
    page = owner.get(PATH).text
    assert "没有客户待交接" in page
    assert "他的负责人和管理员会收到一次提醒" in page


def test_it_counts_them_and_leads_to_the_list_of_just_those(owner: Desk, runtime: Runtime) -> None:
    leave(runtime, "lisi", "wm1", "wm2")
    with runtime.db.write() as session:
        add(session, "wm3", userid="zhaoyi", name="客户 wm3")
    page = owner.get(PATH).text
    assert "1 位员工，2 位客户" in page
    assert "李思远" in page
    assert "孙叁木" in page
    links = [unescape(one) for one in re.findall(r'href="(/admin/customers\?f=[^"]+)"', page)]
    assert len(links) == 2
    for link in links:
        listed = owner.get(link).text
        assert "客户 wm1" in listed
        assert "客户 wm2" in listed
        assert "客户 wm3" not in listed


def test_a_manager_sees_his_own_people_alone(desk: Seat, runtime: Runtime) -> None:
    leave(runtime, "lisi", "wm1")
    leave(runtime, "zhouwu", "wm2", "wm4")
    page = desk("sunsan", "manager").get(PATH).text
    assert "1 位员工，1 位客户" in page
    assert "李思远" in page
    assert "周午阳" not in page


def test_members_whom_wecom_lets_nobody_ask_about_are_said_on_the_page_of_syncs(
    owner: Desk, runtime: Runtime
) -> None:
    with runtime.db.write() as session:
        add(session, "wm9", userid="zhouwu", name="客户 wm9")
    walk(runtime)
    page = owner.get("/admin/sync").text
    assert "1 位成员没有客户联系权限" in page
    assert "周午阳</bdi> · 1 位客户" in page

"""The overview: figures of whom one may see, each chart with its table, and the callbacks' box."""

import re
from datetime import timedelta

import pytest

from app import clock
from app.admin.pages import PAGES
from app.admin.pages.overview.showing import show_growth, show_hours, show_totals
from app.db import Database
from app.reports import queries
from app.reports.jobs import keep_reports
from app.runtime import Runtime
from tests.admin.conftest import Seat
from tests.churn.people import add, lose


@pytest.fixture
def shop(runtime: Runtime) -> Database:
    """Give a shop that won two customers and lost one today; one of the three is qianer's."""
    now = clock.utcnow()
    with runtime.db.write() as session:
        add(session, "wm1", at=now)
        add(session, "wm2", userid="qianer", at=now)
        lose(session, "wm3", at=now, days=400)
    return runtime.db


def figures(page: str) -> list[str]:
    return re.findall(r'tile__figure">([^<]+)<', page)


def rows(page: str, table: str) -> list[list[str]]:
    body = page.split(f'id="{table}"')[1].split("<tbody>")[1].split("</tbody>", 1)[0]
    return [re.findall(r">([^<]+)</t[hd]>", row) for row in body.split("</tr>") if "<t" in row]


@pytest.mark.usefixtures("shop")
def test_the_figures_of_today_are_those_of_the_whole_corp(desk: Seat) -> None:
    page = desk("qianer", "owner").get("/admin/overview").text
    assert figures(page)[:5] == ["2", "2", "2", "1", "1"]
    assert "比昨天 +1" in page
    assert "（Asia/Shanghai）" in page


@pytest.mark.usefixtures("shop")
def test_a_manager_sees_those_of_his_people(desk: Seat) -> None:
    page = desk("sunsan", "manager").get("/admin/overview").text
    assert figures(page)[:5] == ["1", "1", "1", "1", "0"]
    assert "你和你管理的员工" in page
    assert "钱尔雅" not in page


@pytest.mark.usefixtures("shop")
def test_growth_comes_by_day_week_and_month_with_its_table(desk: Seat) -> None:
    owner = desk("qianer", "owner")
    for unit, count in (("day", 30), ("week", 13), ("month", 12)):
        table = rows(owner.get(f"/admin/overview?by={unit}").text, "growth-table")
        assert len(table) == count
        assert table[-1][1:] == ["2", "1", "0", "0", "1"]
    part = owner.get("/admin/overview/growth?by=week", **{"HX-Request": "true"}).text
    assert len(rows(part, "growth-table")) == 13
    assert "<!doctype" not in part


@pytest.mark.usefixtures("shop")
def test_every_picture_has_a_table_and_says_how_it_is_counted(desk: Seat) -> None:
    page = desk("qianer", "owner").get("/admin/overview").text
    for heading in (
        "新增、流失与净增",
        "阶段漏斗",
        "欢迎语送达率",
        "新增最多的员工",
        "客户在什么时候添加",
    ):
        card = page.split(f">{heading}</h2>")[1].split("<h2")[0]
        assert "怎么算" in card, heading
        assert "<table" in card or heading == "欢迎语送达率", heading


@pytest.mark.usefixtures("shop")
def test_the_box_of_callbacks_is_for_those_who_look_after_the_server(desk: Seat) -> None:
    assert "回调处理" in desk("qianer", "admin").get("/admin/overview").text
    assert "回调处理" in desk("lisi", "auditor").get("/admin/overview").text
    assert "回调处理" not in desk("sunsan", "manager").get("/admin/overview").text


@pytest.mark.usefixtures("shop")
def test_the_inbox_is_linked_where_there_is_one(desk: Seat) -> None:
    page = desk("qianer", "owner").get("/admin/overview").text
    is_there = any(one.name == "inbox" for one in PAGES)
    box = page.split('id="events"')[1]
    assert ('href="/admin/inbox"' in box) == is_there


def test_an_empty_corp_is_told_what_will_be_here(desk: Seat) -> None:
    page = desk("qianer", "owner").get("/admin/overview").text
    assert figures(page) == ["0"] * 5
    for words in ("还没有客户进入阶段", "没有要发的欢迎语", "天没有新增客户", "周没有新增客户"):
        assert words in page


def test_with_very_many_customers_the_page_shows_what_was_made_ready(
    desk: Seat, shop: Database, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "READY_ABOVE", 1)
    keep_reports(runtime)
    with shop.write() as session:
        add(session, "wm9", at=clock.utcnow() - timedelta(seconds=1))
    page = desk("qianer", "owner").get("/admin/overview").text
    assert figures(page)[0] == "2"
    assert "每 10 分钟更新" in page


def test_a_change_is_told_with_its_sign_and_thousands_apart() -> None:
    totals = {"customers": [12345, 12300], "relations": [7, 7], "new": [0, 1234]}
    shown = show_totals(totals | {"lost": [2, 1], "net": [-2, 1233]})
    assert [tile[1:] for tile in shown] == [
        ("12,345", "比昨天 +45"),
        ("7", "比昨天 持平"),
        ("0", "昨天 1,234"),
        ("2", "昨天 1"),
        ("-2", "昨天 1,233"),
    ]


def test_the_net_is_what_all_ends_leave() -> None:
    row = {"begins": "2026-03-09", "new": 9, "lost": 2, "deleted": 3, "moved": 1}
    [shown] = show_growth({"week": [row]}, "week")["rows"]
    assert (shown["label"], shown["net"]) == ("03-09 起", 3)


def test_the_busiest_hour_is_the_darkest_and_one_add_is_not_invisible() -> None:
    hours = [[0] * 24 for _day in range(7)]
    hours[5][16], hours[0][9] = 1000, 1
    shown = show_hours({"weeks": 12, "hours": hours})
    assert shown["rows"][5]["cells"][16] == (16, 1000, 5)
    assert shown["rows"][0]["cells"][9] == (9, 1, 1)
    assert shown["peak"] == "最忙的是周六 16 点，1000 次"

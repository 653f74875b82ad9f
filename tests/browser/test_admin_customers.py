"""The list of customers in a browser: searched, kept as a view, worked in batches, and for all."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from app import clock
from app.sandbox.ledger import Ledger
from tests.browser.client import newcomer
from tests.browser.test_admin import WIDE, owned, sign_in
from tests.browser.watching import Browsing, look_over
from tests.churn.people import add
from tests.deployment import Deployment

__all__ = ["owned"]

LONG = "长" * 60 + "W" * 60


@pytest.fixture(scope="module")
def shop(owned: Deployment) -> Deployment:
    """Give the stage with more customers than a page holds, two of whom WeCom knows."""
    newcomer(owned, "批大雪")
    newcomer(owned, "批小寒")
    now = clock.utcnow()
    with owned.db.write() as session:
        for number in range(55):
            at = now - timedelta(days=1, hours=number)
            add(session, f"wmMany{number}", at=at, name=f"众客{number}", state="众店")
        add(session, "wmLong", at=now - timedelta(hours=2), name=LONG, state=LONG[:100])
    return owned


def open_list(open_page: Browsing, stage: Deployment) -> Page:
    page = sign_in(open_page, stage)
    page.get_by_role("link", name="客户", exact=True).click()
    expect(page.get_by_role("heading", name="客户", exact=True, level=1)).to_be_visible()
    return page


def look_for(page: Page, name: str) -> None:
    page.get_by_label("名字或备注").fill(name)
    page.keyboard.press("Enter")
    expect(page.get_by_label("名字或备注")).to_have_value(name)


def test_nobody_is_shut_out_of_the_list_and_its_batches(
    open_page: Browsing, shop: Deployment
) -> None:
    page = open_list(open_page, shop)
    page.locator("summary", has_text="更多条件").click()
    found = look_over(page, "list", WIDE)
    look_for(page, "众客1")
    page.get_by_label("勾选本页全部").check()
    for kind in ("加标签", "改阶段", "记营销意愿", "给员工设提醒"):
        page.get_by_label("做什么").select_option(label=kind)
        page.get_by_role("button", name="下一步…").click()
        expect(page.get_by_role("heading", name=kind)).to_be_visible()
        found |= look_over(page, kind, WIDE)
        page.go_back()
        page.get_by_label("勾选本页全部").check()
    page.get_by_role("link", name="批量操作记录").click()
    expect(page.get_by_role("heading", name="批量操作记录")).to_be_visible()
    found |= look_over(page, "batches", WIDE)
    assert found == {}


def test_many_are_read_page_by_page_and_counted(open_page: Browsing, shop: Deployment) -> None:
    page = open_list(open_page, shop)
    look_for(page, "众客")
    expect(page.locator("#count")).to_have_text("55 位客户")
    expect(page.locator("tbody tr")).to_have_count(50)
    page.get_by_role("link", name="下一页").click()
    expect(page.locator("tbody tr")).to_have_count(5)
    expect(page.get_by_role("link", name="下一页")).to_have_count(0)
    page.get_by_role("link", name="回到最近的").click()
    expect(page.locator("tbody tr")).to_have_count(50)


def test_what_was_looked_for_is_kept_as_a_view_by_keyboard(
    open_page: Browsing, shop: Deployment
) -> None:
    page = open_list(open_page, shop)
    look_for(page, "众客5")
    page.get_by_label("视图的名字").focus()
    page.keyboard.type("第五组")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("已保存视图「第五组」")
    page.get_by_role("link", name="全部在跟进").click()
    page.get_by_role("link", name="第五组").click()
    expect(page.locator("tbody tr")).to_have_count(6)
    page.get_by_role("button", name="删除视图「第五组」").click()
    expect(page.get_by_role("status")).to_contain_text("客户没有变化")
    expect(page.get_by_role("link", name="第五组")).to_have_count(0)
    expect(page.get_by_label("名字或备注")).to_have_value("众客5")


def test_all_that_match_are_tagged_and_wecom_hears_of_it(
    open_page: Browsing, shop: Deployment
) -> None:
    page = open_list(open_page, shop)
    look_for(page, "批")
    page.get_by_label("对哪些客户").select_option(label="符合条件的全部客户")
    page.get_by_role("button", name="下一步…").click()
    expect(page.get_by_text("选中了 2 位客户。")).to_be_visible()
    page.get_by_label("哪个标签").select_option(label="朋友推荐")
    page.get_by_role("button", name="对 2 位客户加标签").click()
    expect(page.locator("#progress")).to_contain_text("已完成")
    expect(page.locator("#progress")).to_contain_text("写回企业微信：2 / 2")
    page.reload()
    expect(page.get_by_role("row").filter(has_text="批大雪")).to_contain_text("企业微信已更新")

    def told(ledger: Ledger) -> list[str]:
        return [call.api for call in ledger.calls() if call.api == "externalcontact/mark_tag"]

    assert len(shop.box.ledger.wait_for(told)) >= 2


def test_the_ticked_are_moved_and_the_list_shows_where_they_are(
    open_page: Browsing, shop: Deployment
) -> None:
    page = open_list(open_page, shop)
    look_for(page, "众客4")
    for name in ("众客40", "众客41"):
        page.get_by_label(f"勾选 {name}").check()
    page.get_by_label("做什么").select_option(label="改阶段")
    page.get_by_role("button", name="下一步…").click()
    page.get_by_label("改成哪个阶段").select_option(label="成交")
    page.get_by_role("button", name="对 2 位客户改阶段").click()
    expect(page.locator("#progress")).to_contain_text("已完成")
    page.get_by_role("link", name="← 批量操作记录").click()
    page.get_by_role("link", name="← 回到客户").click()
    look_for(page, "众客4")
    expect(page.get_by_role("row").filter(has_text="成交")).to_have_count(2)

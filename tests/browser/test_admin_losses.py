"""The pages of losses and of the overview in a browser: worked by keyboard, drawn, and for all."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from app import clock
from app.churn.actions import record_mass_losses
from app.config import load_config
from app.sandbox.ledger import Ledger
from tests.browser.test_admin import WIDE, owned, sign_in
from tests.browser.watching import Browsing, look_over
from tests.churn.people import add, lose
from tests.deployment import Deployment

__all__ = ["owned"]

LONG = "长" * 60 + "W" * 60


@pytest.fixture(scope="module")
def left(owned: Deployment) -> Deployment:
    """Give the stage with customers who left, one of them a member's whole lot at once."""
    now = clock.utcnow()
    with owned.db.write() as session:
        for number, name in enumerate(("李晓雯", "王建国", LONG, "<b>赵</b>")):
            at = now - timedelta(days=number, hours=1)
            lose(
                session, f"wmLeft{number}", at=at, days=5 * number + 1, name=name, state="门店海报"
            )
        for number in range(30):
            add(session, f"wmStays{number}", at=now - timedelta(hours=7 * number))
        gone = [
            lose(session, f"wmGone{number}", userid="lisi", kind="member", at=now)
            for number in range(12)
        ]
        config = load_config(owned.config_path, {})
        record_mass_losses(session, gone, config.alerts, config.server.zone)
    return owned


def open_losses(open_page: Browsing, stage: Deployment) -> Page:
    page = sign_in(open_page, stage)
    page.get_by_role("link", name="流失", exact=True).click()
    expect(page.get_by_role("heading", name="流失", exact=True)).to_be_visible()
    return page


def test_nobody_is_shut_out_whatever_is_open(open_page: Browsing, left: Deployment) -> None:
    page = open_losses(open_page, left)
    page.get_by_role("row").filter(has_text="王建国").locator("summary").click()
    for summary in page.locator(".ch-table > summary").all():
        summary.click()
    found = look_over(page, "losses", WIDE)
    page.goto(f"{left.front}/admin/losses/export?kind=all")
    found |= look_over(page, "export", WIDE)
    page.goto(f"{left.front}/admin/overview")
    expect(page.locator(".ch-canvas canvas")).to_be_visible()
    for summary in page.locator(".ch-table > summary").all():
        summary.click()
    found |= look_over(page, "overview", WIDE)
    assert found == {}


def test_a_reason_is_put_down_in_its_place_by_keyboard(
    open_page: Browsing, left: Deployment
) -> None:
    page = open_losses(open_page, left)
    row = page.get_by_role("row").filter(has_text="李晓雯")
    row.locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(row.get_by_role("button", name="价格")).to_be_focused()
    page.keyboard.press("Enter")
    expect(row.locator("summary")).to_contain_text("价格")
    expect(row.locator("summary")).to_be_focused()
    expect(page.get_by_role("status")).to_contain_text("流失原因：价格")
    page.keyboard.press("Enter")
    row.get_by_role("button", name="其他").click()
    expect(row.get_by_role("textbox")).to_be_focused()
    page.keyboard.type("搬家了")
    page.keyboard.press("Enter")
    expect(row.locator("summary")).to_contain_text("其他（搬家了）")
    page.reload()
    expect(row.locator("summary")).to_contain_text("其他（搬家了）")


def test_all_of_a_page_are_ticked_and_given_to_a_member(
    open_page: Browsing, left: Deployment
) -> None:
    page = open_losses(open_page, left)
    page.get_by_label("勾选本页全部").check()
    page.get_by_label("把勾选的客户分配给").select_option(label="赵忆南")
    page.get_by_role("button", name="分配", exact=True).click()
    # Others' tests have lost some, too.
    given = re.compile(r"已把 \d+ 位客户分配给 赵忆南，他会收到消息")
    expect(page.locator(".ls-result")).to_contain_text(given)
    expect(page.get_by_role("button", name="分配", exact=True)).to_be_focused()
    row = page.get_by_role("row").filter(has_text="王建国")
    expect(row).to_contain_text("分配给 赵忆南")
    expect(row.get_by_role("checkbox")).not_to_be_checked()
    row.get_by_role("button", name="标为已联系").click()
    expect(row).to_contain_text("已联系")

    def told(ledger: Ledger) -> list[str]:
        rows = ledger.messages("zhaoyi")
        titles = [row.body["template_card"]["main_title"]["title"] for row in rows]
        return [title for title in titles if title == "请挽回一位客户"]

    assert len(left.box.ledger.wait_for(told)) >= 1


def test_the_alarm_names_the_member_and_goes_when_somebody_takes_note(
    open_page: Browsing, left: Deployment
) -> None:
    page = open_losses(open_page, left)
    alarm = page.get_by_role("alert").filter(has_text="客户集中流失")
    expect(alarm).to_contain_text("李思远 在 60 分钟内删除或失去了 12 位客户")
    alarm.get_by_role("link", name="看看是哪些客户").click()
    expect(page.locator("tr[id^=loss-]")).to_have_count(12)
    page.get_by_role("button", name="知道了").click()
    expect(page.get_by_role("status")).to_contain_text("已确认")
    expect(page.get_by_text("客户集中流失")).to_have_count(0)


def test_the_list_is_taken_along_as_a_file(open_page: Browsing, left: Deployment) -> None:
    page = open_losses(open_page, left)
    page.get_by_role("link", name="导出…").click()
    expect(page.get_by_role("heading", name="导出流失名单")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="下载 CSV").click()
    assert download.value.suggested_filename.startswith("流失名单 ")
    assert "王建国" in download.value.path().read_text(encoding="utf-8-sig")


def test_the_lines_are_drawn_in_each_unit_and_the_table_can_be_had(
    open_page: Browsing, left: Deployment
) -> None:
    page = sign_in(open_page, left)
    card = page.locator("#growth")
    expect(card.locator("canvas")).to_be_visible()
    expect(card.locator("#growth-table")).to_be_hidden()
    card.get_by_role("link", name="按周").click()
    expect(card.get_by_role("link", name="按周")).to_have_attribute("aria-current", "true")
    expect(card.locator("canvas")).to_be_visible()
    expect(card.locator("#growth-table tbody tr")).to_have_count(13)
    card.get_by_text("看表格").click()
    expect(card.locator("#growth-table")).to_be_visible()
    page.get_by_role("button", name="深色 / 浅色").click()
    expect(card.locator("canvas")).to_be_visible()


def test_without_echarts_the_tables_stand_there(open_page: Browsing, left: Deployment) -> None:
    page = sign_in(open_page, left)
    page.route("**/vendor/echarts.js*", lambda route: route.fulfill(body=""))
    page.reload()
    expect(page.locator("#growth-table")).to_be_visible()
    expect(page.locator(".ch-canvas")).to_be_hidden()

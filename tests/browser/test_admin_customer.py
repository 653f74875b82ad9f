"""The page of one customer in a browser: opened from a loss, worked by keyboard, open to all."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app import clock
from app.customers.actions import change_stage, record_follow_up, set_field
from app.customers.actions.follow_ups import Box
from app.customers.actions.sealing import set_mobiles
from app.customers.models import Customer, CustomField, FollowUser, Stage
from tests.browser.test_admin import WIDE, owned, sign_in
from tests.browser.watching import Browsing, look_over
from tests.churn.people import add, lose
from tests.deployment import Deployment

__all__ = ["owned"]

LI, LONG = "wmLi", "城" * 60 + "M" * 60


@pytest.fixture(scope="module")
def known(owned: Deployment) -> Iterator[Deployment]:
    """Give the stage a customer who left one member and stayed with another, for this module."""
    now = clock.utcnow()
    with owned.db.write() as session:
        lose(session, LI, at=now - timedelta(days=2), days=12, name="李晓雯", state="门店海报")
        add(session, LI, userid="lisi", at=now - timedelta(days=5))
        customer = session.get_one(Customer, LI)
        customer.type, customer.corp_name = 2, LONG
        for follow in session.scalars(select(FollowUser).where(FollowUser.external_userid == LI)):
            follow.remark = follow.state = LONG
            set_mobiles(session, follow, ["13800001234"])
        field = session.scalars(select(CustomField.id).where(CustomField.key == "phone")).one()
        typed = ["13800001234"]
        set_field(session, LI, field_id=field, typed=typed, userid="lisi", seen=0, today=now.date())
        for number in range(25):
            box = Box(userid="lisi", external_userid=LI, key=f"box-{number:04}")
            record_follow_up(session, box, text=f"第 {number} 次回访 {LONG}")
    yield owned
    # Other modules count who left on the same stage.
    with owned.db.write() as session:
        session.delete(session.get_one(Customer, LI))


def open_customer(open_page: Browsing, stage: Deployment) -> Page:
    page = sign_in(open_page, stage)
    page.goto(f"{stage.front}/admin/losses")
    page.get_by_role("link", name=LONG).first.click()
    expect(page.get_by_role("heading", name="李晓雯")).to_be_visible()
    return page


def test_nobody_is_shut_out_whatever_is_open(open_page: Browsing, known: Deployment) -> None:
    page = open_customer(open_page, known)
    for summary in page.locator("main summary").all():
        summary.click()
    found = look_over(page, "customer", WIDE)
    page.get_by_label("写一句跟进").fill(" ")
    open_page.allow("422")
    page.get_by_role("button", name="记录", exact=True).click()
    expect(page.locator("#note-fault")).to_be_visible()
    found |= look_over(page, "refused", WIDE)
    assert found == {}


def test_a_stage_is_changed_by_keyboard_and_taken_back(
    open_page: Browsing, known: Deployment
) -> None:
    page = open_customer(open_page, known)
    stages = page.locator("#stages")
    stages.get_by_role("button", name="意向", exact=True).focus()
    page.keyboard.press("Enter")
    chosen = stages.get_by_role("button", name="意向", exact=True)
    expect(chosen).to_have_attribute("aria-pressed", "true")
    expect(chosen).to_be_focused()
    expect(page.get_by_role("status")).to_contain_text("已改为「意向」")
    expect(page.locator("#timeline")).to_contain_text("新客户 → 意向")
    stages.get_by_role("button", name="撤销，回到「新客户」").click()
    expect(stages.get_by_role("button", name="新客户", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(page.get_by_role("status")).to_contain_text("已撤销，回到「新客户」")


def test_somebody_elses_change_is_shown_before_it_is_written_over(
    open_page: Browsing, known: Deployment
) -> None:
    page = open_customer(open_page, known)
    seen = page.locator("#stages [name=seen]").first.get_attribute("value")
    with known.db.write() as session:
        stage = session.scalars(select(Stage.id).where(Stage.name == "初步沟通")).one()
        change_stage(session, LI, to_stage_id=stage, userid="lisi", seen=int(seen or 0))
    open_page.allow("409")
    stages = page.locator("#stages")
    stages.get_by_role("button", name="成交", exact=True).click()
    alert = stages.get_by_role("alert")
    expect(alert).to_contain_text("李思远 刚把阶段改成「初步沟通」")
    expect(stages.get_by_role("button", name="初步沟通", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    alert.get_by_role("button", name="仍要改为「成交」").click()
    expect(stages.get_by_role("button", name="成交", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(alert).to_have_count(0)


def test_a_note_a_reminder_and_a_number_come_in_their_places(
    open_page: Browsing, known: Deployment
) -> None:
    page = open_customer(open_page, known)
    page.get_by_label("写一句跟进").fill("请先打电话")
    page.get_by_role("button", name="记录", exact=True).click()
    expect(page.locator("#timeline")).to_contain_text("请先打电话")
    expect(page.get_by_label("写一句跟进")).to_have_value("")
    expect(page.get_by_label("写一句跟进")).to_be_focused()
    page.get_by_label("提醒什么（可不填）").fill("问问尺码")
    page.get_by_label("提醒谁").select_option(label="李思远")
    page.get_by_role("button", name="设置提醒").click()
    expect(page.locator("#reminders li")).to_contain_text("李思远：问问尺码")
    page.locator("#reminders").get_by_role("button", name="取消").click()
    expect(page.locator("#reminders")).to_contain_text("没有未完成的提醒")
    page.locator("#fields").get_by_role("link", name="看完整号码").click()
    expect(page.locator("#fields")).to_contain_text("13800001234")


def test_older_lines_are_put_behind_and_filters_choose(
    open_page: Browsing, known: Deployment
) -> None:
    page = open_customer(open_page, known)
    timeline = page.locator("#timeline")
    expect(timeline.locator("li")).to_have_count(20)
    timeline.get_by_role("link", name="更早的动态").click()
    expect(timeline).to_contain_text("没有更早的了")
    assert timeline.locator("li").count() > 25
    timeline.get_by_role("link", name="客户", exact=True).click()
    expect(timeline.get_by_role("link", name="客户", exact=True)).to_have_attribute(
        "aria-current", "true"
    )
    expect(timeline).not_to_contain_text("回访")
    expect(timeline).to_contain_text("客户还没有动静")

"""The pages of operations in a browser: nothing shuts anybody out, and a dead event comes alive."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from app import clock
from app.inbox.models import InboxEvent
from tests.browser.test_admin import WIDE, owned, sign_in
from tests.browser.watching import Browsing, look_over
from tests.deployment import Deployment, wait_until

__all__ = ["owned"]

# Whether what htmx would ask for by itself is held back now.
IS_HELD_BACK = """() => {
  const detail = {ctx: {sourceEvent: {type: "every"}}};
  const event = new CustomEvent("htmx:before:request", {bubbles: true, cancelable: true, detail});
  return !document.getElementById("counts").dispatchEvent(event);
}"""
READ_CUSTOMER = "externalcontact/get"
REFUSED = 48002


@pytest.fixture
def dead(owned: Deployment) -> Iterator[int]:
    """Give an event that was tried until nobody tried any more; what it failed of lasts."""
    fault = owned.box.faults.errcode(READ_CUSTOMER, REFUSED, times=None)
    scan = owned.box.people.customer_scans("zhaoyi", name="等了很久的人")
    event_id = wait_until(lambda: find(owned, scan.external_userid, "refresh"))
    with owned.db.write() as session:
        last_try = {"attempts": 5, "due_at": clock.utcnow(), "claimed_by": None}
        session.execute(update(InboxEvent).where(InboxEvent.id == event_id).values(**last_try))
    wait_until(lambda: fate_of(owned, event_id) == "dead")
    yield event_id
    owned.box.faults.clear(fault)


def find(stage: Deployment, external_userid: str, failed: str) -> int:
    """Return the event of this customer once this step of it has failed, 0 before."""
    for event in stage.events():
        if event.external_userid == external_userid and failed in event.note:
            return event.id
    return 0


def fate_of(stage: Deployment, event_id: int) -> str | None:
    return next(event.fate for event in stage.events() if event.id == event_id)


def go(page: Page, stage: Deployment, path: str) -> None:
    page.goto(f"{stage.front}/admin/{path}")


def test_no_page_of_operations_shuts_anybody_out(
    open_page: Browsing, owned: Deployment, dead: int
) -> None:
    page = sign_in(open_page, owned)
    month = f"{clock.utcnow() - timedelta(days=29):%Y-%m-%d}"
    found: dict[str, str] = {}
    for path in (
        "inbox",
        "inbox?fate=ignored",
        f"inbox/event?id={dead}",
        "deliveries",
        f"deliveries?since={month}",
        "queues",
        "health",
    ):
        go(page, owned, path)
        if path == "health":
            examine(page)
        if path == "inbox":
            page.get_by_text("重新处理失败的事件…").click()
        if path.startswith("deliveries?"):
            expect(page.get_by_text("正在统计这段时间…")).to_have_count(0)
        found |= look_over(page, path, WIDE)
    assert found == {}


def test_a_dead_event_is_understood_mended_and_worked_again(
    open_page: Browsing, owned: Deployment, dead: int
) -> None:
    page = sign_in(open_page, owned)
    page.get_by_role("navigation").get_by_role("link", name="回调收件箱").click()
    page.get_by_label("结果", exact=True).select_option("处理失败")
    page.get_by_role("button", name="筛选").click()
    page.get_by_role("link", name="添加了客户").first.click()
    expect(page).to_have_url(re.compile(rf"event\?id={dead}$"))
    steps = page.get_by_role("listitem")
    expect(steps.filter(has_text="发送欢迎语")).to_contain_text("已完成")
    expect(steps.filter(has_text="从企业微信读取客户资料")).to_contain_text("可调用接口的应用")
    expect(page.get_by_label("解密后的内容").last).to_contain_text("<WelcomeCode>•••</WelcomeCode>")
    owned.box.faults.clear()
    page.get_by_role("button", name="重新处理").click()
    expect(page.get_by_role("status")).to_contain_text("已安排重新处理")
    wait_until(lambda: fate_of(owned, dead) == "done")
    page.reload()
    expect(steps.filter(has_text="从企业微信读取客户资料")).to_contain_text("已完成")
    expect(page.get_by_role("button", name="重新处理")).to_have_count(0)
    page.get_by_role("link", name="发送记录").click()
    expect(page.get_by_role("row").filter(has_text="等了很久的人").first).to_contain_text("送达")
    page.get_by_role("link", name="操作日志").click()
    expect(page.get_by_role("row").filter(has_text="重新处理回调事件").first).to_contain_text(
        "钱尔雅"
    )


def test_the_counts_follow_without_a_press_while_somebody_looks(
    open_page: Browsing, owned: Deployment, dead: int
) -> None:
    del dead
    page = sign_in(open_page, owned)
    go(page, owned, "inbox")
    failed = page.locator("#counts").get_by_role("link", name="处理失败")
    before = int(re.sub(r"\D", "", failed.inner_text()))
    with owned.db.write() as session:
        session.execute(update(InboxEvent).where(InboxEvent.fate == "dead").values(fate="done"))
    expect(failed).to_have_text(re.compile(r"处理失败\s*0"))
    assert before >= 1
    assert not page.evaluate(IS_HELD_BACK)
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true})")
    assert page.evaluate(IS_HELD_BACK)


def test_all_is_examined_row_by_row_and_the_end_is_said(
    open_page: Browsing, owned: Deployment
) -> None:
    page = sign_in(open_page, owned)
    go(page, owned, "health")
    owned.box.app.trusted_ips = {"203.0.113.7"}
    try:
        examine(page)
        expect(page.locator("#verdict")).to_contain_text("处要解决")
        row = page.locator("#check-trusted_ip")
        expect(row).to_contain_text("不在企业可信 IP 里")
        expect(row.locator("[data-copy-text]")).to_have_text("127.0.0.1")
    finally:
        owned.box.app.trusted_ips = None
    row.get_by_role("button", name="再查").click()
    expect(row).to_contain_text("企业微信接受本服务器的 IP")
    expect(page.locator("#verdict")).to_contain_text("没有要解决的问题")


def test_a_slow_check_holds_up_no_other_and_an_answer_that_fails_says_so(
    open_page: Browsing, owned: Deployment
) -> None:
    open_page.allow("status of 503|net::ERR|Failed to fetch|^Object ")
    page = sign_in(open_page, owned)
    go(page, owned, "health")
    page.route("**/admin/health/check?name=redis*", lambda route: route.abort())
    held = owned.box.faults.hold("agent/get")
    page.get_by_role("button", name="全部检查").click()
    held.wait_reached()
    expect(page.locator("#check-redis")).to_contain_text("没有得到回答")
    expect(page.locator("#check-database, #check-receivers, #check-greeting")).to_contain_text(
        ["连接正常", "答对了验证", "凭证"]
    )
    expect(page.locator("#check-clock")).to_contain_text("排队中")
    held.release()
    expect(page.locator("#check-clock")).to_contain_text("相差不超过")
    expect(page.locator("#verdict")).to_contain_text("1 处要解决")


def test_the_box_turns_as_soon_as_wecom_has_checked_the_address(
    open_page: Browsing, owned: Deployment
) -> None:
    page = sign_in(open_page, owned)
    go(page, owned, "health")
    waiting = page.locator("#waiting")
    expect(waiting).to_contain_text("还没有收到验证请求")
    token = owned.box.app.token
    owned.box.app.token = "AnotherToken"
    try:
        owned.box.verify_callback_url()
        expect(waiting).to_contain_text("Token 与控制台里的不一致")
    finally:
        owned.box.app.token = token
    owned.box.verify_callback_url()
    expect(waiting).to_contain_text("刚刚收到，可以继续下一步")


def test_the_processes_of_the_tree_are_seen(open_page: Browsing, owned: Deployment) -> None:
    page = sign_in(open_page, owned)
    go(page, owned, "queues")
    processes = page.get_by_role("region", name="进程").or_(
        page.locator("[aria-labelledby=processes]")
    )
    expect(processes.first.get_by_text("没有运行")).to_have_count(0)
    expect(processes.first.get_by_text("前还在")).to_have_count(3)
    expect(page.locator("[aria-labelledby=quotas]").first).to_contain_text("send_welcome_msg")


def examine(page: Page) -> None:
    """Press the button and wait until every row has its answer."""
    page.get_by_role("button", name="全部检查").click()
    expect(page.locator("#verdict")).not_to_be_empty()

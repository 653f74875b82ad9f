"""The panels 话术 and 素材 beside the chat: what is found is sent, or the panel says why not."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Route, expect
from sqlalchemy import select

from app import clock
from app.library.models import TITLE_LENGTH, LibraryItem, LibraryPart, LibraryUse
from app.library.queries import PAGE
from sidebar.panels.showing import visible
from tests.browser.client import card_address, newcomer
from tests.browser.desk import SEND, Desk, Hold
from tests.browser.hostile import HOSTILE
from tests.browser.watching import Browsing, barriers
from tests.deployment import Deployment, wait_until
from tests.sidebar.shelves import file_of, keep, link, picture_of

WHOSE = "**/sandbox/api/bridge/getCurExternalContact"
TEXTS = "(selector) => [...document.querySelectorAll(selector)].map((one) => one.textContent)"
TAGS = """(selector) => [...document.querySelectorAll(selector)].map(
  (one) => [...new Set([...one.querySelectorAll("*")].map(({ tagName }) => tagName))].join(" "))"""

# An input method: letters first, then the word.
COMPOSE = """(field) => {
  const say = (value, isComposing) => {
    field.value = value;
    field.dispatchEvent(new InputEvent("input", { bubbles: true, isComposing }));
  };
  field.focus();
  say("kai", true);
  return new Promise((done) => setTimeout(() => {
    say("开场", true);
    field.dispatchEvent(new CompositionEvent("compositionend", { bubbles: true, data: "开场" }));
    done();
  }, 400));
}"""

pytestmark = pytest.mark.usefixtures("kept")


@pytest.fixture(autouse=True)
def without_faults(stage: Deployment) -> Iterator[None]:
    """Leave WeCom well to the next test."""
    yield
    stage.box.named_faults.clear()
    stage.box.faults.clear()


@dataclass(frozen=True)
class Kept:
    """What the corp has on its shelves, by id."""

    steps: int
    picture: int


@pytest.fixture(scope="module")
def kept(stage: Deployment) -> Kept:
    with stage.db.write() as session:
        picture = picture_of(session)
        keep(session, "开场问候", "{{客户称呼}}您好，我是{{员工姓名}}", group="开场")
        steps = keep(session, "到店三步", "第一步：看地图", "第二步：订时间", "第三步：来试穿")
        keep(session, "渠道专享", "您从{{渠道}}来，本周九折")
        keep(session, "报价", file_of(session), "以上是报价", link(desc="看图"))
        shown = keep(session, "门店外景", picture, shelf="materials", group="图片")
        return Kept(steps, shown)


def uses(stage: Deployment, item_id: int) -> list[int]:
    """Return how many messages went each time."""
    with stage.db.read() as session:
        wanted = select(LibraryUse.parts).where(LibraryUse.item_id == item_id)
        return list(session.scalars(wanted.order_by(LibraryUse.id)))


def test_what_is_found_by_its_initials_is_sent_by_keys(
    open_page: Browsing, stage: Deployment
) -> None:
    desk = Desk.newcomer(open_page, stage, "苏小满")
    desk.sidebar.locator("#tab-frequent").click()
    desk.page.keyboard.press("/")
    search = desk.sidebar.get_by_role("searchbox")
    expect(search).to_be_focused()
    desk.page.keyboard.type("kcwh")
    expect(desk.sidebar.locator(".bk-item")).to_have_count(1)
    expect(desk.item("开场问候")).to_contain_text("苏小满您好，我是赵忆南")
    desk.page.keyboard.press("ArrowDown")
    button = desk.item("开场问候").locator(".bk-send")
    expect(button).to_be_focused()
    desk.page.keyboard.press("Enter")
    expect(button).to_have_text("已发送 ✓")
    desk.page.keyboard.press("Enter")
    expect(desk.toast()).to_contain_text("已发送「开场问候」")
    expect(button).to_be_focused()
    expect(button).to_have_text("发送")
    desk.said("您好，我是赵忆南", "苏小满您好，我是赵忆南")
    star = desk.item("开场问候").locator(".bk-star")
    star.click()
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(star).to_be_focused()
    desk.page.keyboard.press("Escape")
    expect(search).to_have_value("")
    expect(search).to_be_focused()
    desk.sidebar.locator(".bk-tabs:not([hidden]) [data-panel=follow_ups]").click()
    expect(desk.timeline().first).to_have_text("发送了话术「开场问候」")


def test_several_messages_can_be_stopped_and_go_on(
    open_page: Browsing, stage: Deployment, kept: Kept
) -> None:
    desk = Desk.newcomer(open_page, stage, "苏立夏")
    held = Hold(desk, "第二步")
    desk.send("到店三步")
    states = desk.sidebar.locator(".bk-sending li > span")
    expect(states).to_have_text(["已发送", "发送中", "等待"])
    expect(desk.sidebar.locator("#sheet-title")).to_be_focused()
    desk.sidebar.get_by_role("button", name="停止").click()
    expect(desk.sidebar.get_by_text("正在停止")).to_be_visible()
    held.reached().continue_()
    expect(states).to_have_text(["已发送", "已发送", "等待"])
    expect(desk.sidebar.get_by_role("button", name="停止")).to_be_hidden()
    expect(desk.sidebar.get_by_text("已停止：发送了 2 条，还有 1 条没有发送")).to_be_visible()
    desk.said("第一步：看地图", "第二步：订时间")
    desk.sidebar.get_by_role("button", name="继续发送").click()
    expect(desk.toast()).to_contain_text("已发送「到店三步」")
    expect(desk.sidebar.locator("#sheet-box")).to_be_hidden()
    desk.said("第一步：看地图", "第二步：订时间", "第三步：来试穿")
    wait_until(lambda: uses(stage, kept.steps) == [3])


def test_whoever_closes_the_sheet_has_sent_what_went_so_far(
    open_page: Browsing, stage: Deployment, kept: Kept
) -> None:
    desk = Desk.newcomer(open_page, stage, "苏小暑")
    before = uses(stage, kept.steps)
    held = Hold(desk, "第二步")
    desk.send("到店三步")
    states = desk.sidebar.locator(".bk-sending li > span")
    expect(states).to_have_text(["已发送", "发送中", "等待"])
    held.reached().fulfill(json={"err_msg": "sendChatMessage:fail system error"})
    expect(states).to_have_text(["已发送", "失败", "等待"])
    expect(desk.sidebar.locator("#sheet").get_by_role("alert")).to_contain_text("system error")
    desk.sidebar.get_by_role("button", name="跳过这条").click()
    expect(desk.toast()).to_contain_text("发送了 2 条，还有 1 条没有发送")
    desk.said("第一步：看地图", "第三步：来试穿")
    wait_until(lambda: uses(stage, kept.steps) == [*before, 2])


def test_a_picture_that_wecom_forgot_is_brought_to_it_again(
    open_page: Browsing, stage: Deployment, kept: Kept
) -> None:
    desk = Desk.newcomer(open_page, stage, "苏立秋", shelf="materials")
    expect(desk.item("门店外景").locator("img")).to_have_js_property("naturalWidth", 240)
    button = desk.send("门店外景")
    expect(desk.messages.locator(".attached-image")).to_have_js_property("naturalWidth", 640)
    for media in stage.box.world.media.values():
        media.created_at = 0
    expect(button).to_have_text("发送")
    desk.send("门店外景")
    expect(desk.messages.locator("[data-kind=image]")).to_have_count(2)
    assert len({one.created_at > 0 for one in stage.box.world.media.values()}) == 2
    wait_until(lambda: uses(stage, kept.picture) == [1, 1])


def test_a_list_that_comes_anew_while_something_is_sent_leaves_its_button_well(
    open_page: Browsing, stage: Deployment
) -> None:
    desk = Desk.newcomer(open_page, stage, "苏白露")
    held = Hold(desk, "您好，我是赵忆南")
    button = desk.send("开场问候")
    route = held.reached()
    desk.sidebar.get_by_role("searchbox").fill("开场")
    expect(desk.sidebar.locator(".bk-item")).to_have_count(1)
    route.continue_()
    expect(button).to_have_text("已发送 ✓")
    expect(button).to_have_text("发送")
    desk.said("苏白露您好，我是赵忆南")


def test_a_group_gets_it_too(open_page: Browsing, stage: Deployment) -> None:
    stage.box.people.group_created("zhaoyi", "话术试用群", members=["lisi"])
    client = Desk.of(open_page, stage)
    client.open("话术试用群")
    client.take("scripts")
    client.send("开场问候")
    expect(client.item("开场问候").get_by_role("alert")).to_contain_text("「客户称呼」没有值")
    client.send("到店三步")
    expect(client.toast()).to_contain_text("已发送「到店三步」")
    client.said("第一步：看地图", "第二步：订时间", "第三步：来试穿")


FAILURES = [
    ("sendChatMessage:fail no permission", "企业微信不允许发送"),
    ("sendChatMessage:fail without context of external contact", "这里不能发送"),
    ("sendChatMessage:fail invalid imgUrl", "封面图的地址不对"),
    ("sendChatMessage:fail something new", "fail something new"),
]


def test_every_failure_is_named_and_a_cancel_is_silent(
    open_page: Browsing, stage: Deployment
) -> None:
    open_page.allow("Failed to fetch|ERR_")
    desk = Desk.newcomer(open_page, stage, "苏白露")
    before = desk.count()
    said = desk.item("开场问候").locator(".bk-fault")
    for err_msg, words in FAILURES:
        desk.answer(err_msg)
        button = desk.send("开场问候")
        expect(said).to_contain_text(words)
        expect(button).to_have_text("发送")
    desk.answer("sendChatMessage:cancel")
    with desk.page.expect_response(SEND):
        button = desk.send("开场问候")
    expect(button).not_to_have_attribute("aria-busy", "true")
    expect(said).to_be_hidden()
    desk.page.unroute(SEND)
    desk.turn("no_permission", on=True)
    desk.send("开场问候")
    expect(said).to_contain_text("企业微信不允许发送")
    desk.turn("network_gone", on=True)
    button = desk.send("报价")
    expect(desk.sidebar.locator("#notice .bk-problem")).to_be_in_viewport()
    expect(button).to_have_text("发送 3 条")
    assert desk.count() == before


def test_an_answer_that_does_not_come_is_no_failure_and_nothing_is_repeated(
    open_page: Browsing, stage: Deployment
) -> None:
    desk = Desk.newcomer(open_page, stage, "苏秋分")
    held = Hold(desk, "您好")
    desk.page.clock.install()
    button = desk.send("开场问候")
    held.reached()
    desk.page.clock.fast_forward(20_000)
    expect(desk.item("开场问候").locator(".bk-fault")).to_contain_text("不确定是否已发送")
    expect(button).to_have_text("发送")
    assert len(held.routes) == 1


def test_nothing_goes_into_another_chat(open_page: Browsing, stage: Deployment) -> None:
    other = newcomer(stage, "苏霜降")
    desk = Desk.newcomer(open_page, stage, "苏立冬")
    looks: list[Route] = []

    def change_after_the_first(route: Route) -> None:
        looks.append(route)
        if len(looks) == 1:
            route.continue_()
        else:
            route.fulfill(json={"err_msg": "getCurExternalContact:ok", "userId": other})

    desk.page.route(WHOSE, change_after_the_first)
    desk.send("到店三步")
    expect(desk.sidebar.locator("#sheet").get_by_role("alert")).to_contain_text("聊天已经换了")
    expect(desk.sidebar.locator(".bk-sending li > span")).to_have_text(["已发送", "失败", "等待"])
    desk.said("第一步：看地图")


def test_what_is_on_its_way_ends_with_the_chat(
    open_page: Browsing, stage: Deployment, kept: Kept
) -> None:
    other = newcomer(stage, "苏谷雨")
    desk = Desk.newcomer(open_page, stage, "苏清明")
    before, held = uses(stage, kept.steps), Hold(desk, "第二步")
    desk.send("到店三步")
    expect(desk.sidebar.locator(".bk-sending [data-state=sending]")).to_contain_text("第二步")
    route = held.reached()
    answer = {"err_msg": "getCurExternalContact:ok", "userId": other}
    desk.page.route(WHOSE, lambda route: route.fulfill(json=answer))
    desk.frame.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(desk.sidebar.locator(".bk-sending")).to_have_count(0)
    route.continue_()
    desk.said("第一步：看地图", "第二步：订时间")
    wait_until(lambda: uses(stage, kept.steps) == [*before, 2])


def test_a_variable_without_a_value_blocks_and_says_so(
    open_page: Browsing, stage: Deployment
) -> None:
    desk = Desk.newcomer(open_page, stage, "苏小雪")
    asked: list[Any] = []
    desk.page.on("request", lambda one: asked.append(one.url))
    desk.send("渠道专享")
    expect(desk.item("渠道专享").get_by_role("alert")).to_contain_text("「渠道」没有值")
    desk.item("渠道专享").get_by_role("link").click()
    copy = desk.sidebar.locator("#sheet").get_by_role("button", name="复制")
    copy.click()
    expect(desk.sidebar.get_by_role("button", name="已复制")).to_be_visible()
    assert not any(url.endswith("/prepare") for url in asked)


def test_what_is_still_being_composed_asks_nothing_and_enter_leads_nowhere(
    open_page: Browsing, stage: Deployment
) -> None:
    desk = Desk.newcomer(open_page, stage, "苏惊蛰")
    asked: list[str] = []
    desk.page.on("request", lambda one: asked.append(one.url))
    search = desk.sidebar.get_by_role("searchbox")
    search.evaluate(COMPOSE)
    expect(desk.sidebar.locator(".bk-item")).to_have_count(1)
    search.press("Enter")
    expect(desk.item("开场问候")).to_be_visible()
    assert [url for url in asked if "kai" in url or "/list" not in url.split("?")[0]] == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_state_of_a_shelf_bars_anybody(
    open_page: Browsing, stage: Deployment, *, dark: bool
) -> None:
    customer = newcomer(stage, "苏冬至")
    looks = {"sandbox_member": "zhaoyi", "sandbox_theme": "dark" if dark else "light"}
    page = open_page(card_address(stage, customer), dark=dark, cookies=looks)
    found = {}
    for shelf in ("scripts", "materials"):
        page.goto(f"{card_address(stage, customer)}/../{shelf}?tab=corp")
        found[shelf] = barriers(page)
        for width in (320, 360, 430):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0
    page.goto(f"{card_address(stage, customer)}/../scripts?tab=corp")
    page.locator(".bk-send[aria-disabled]").first.click(force=True)
    page.locator(".bk-item").filter(has_text="开场问候").locator(".bk-send").click()
    expect(page.locator(".bk-item .bk-fault:visible")).to_have_count(2)
    found["faults"] = barriers(page)
    page.locator(".bk-item").filter(has_text="报价").get_by_role("link").click()
    expect(page.locator("#sheet-title")).to_be_focused()
    found["item"] = barriers(page)
    page.get_by_role("button", name="全部发送 3 条").click()
    expect(page.locator(".bk-sending [data-state=failed]")).to_have_count(1)
    found["sending"] = barriers(page)
    assert {place: words for place, words in found.items() if words} == {}


def test_hostile_titles_and_texts_are_text(open_page: Browsing, stage: Deployment) -> None:
    customer = newcomer(stage, "苏小寒", userid="lisi")
    add_hostile(stage, "lisi")
    page = open_page(card_address(stage, customer), cookies={"sandbox_member": "lisi"})
    page.goto(f"{card_address(stage, customer)}/../scripts?tab=own")
    items = page.locator(".bk-item")
    for shown in (*range(PAGE, len(HOSTILE), PAGE), len(HOSTILE)):
        expect(items).to_have_count(shown)
        if shown < len(HOSTILE):
            page.locator("#library-more").click()
    titles = page.evaluate(TEXTS, ".bk-item__title bdi")
    assert sorted(titles) == sorted(visible(text[:TITLE_LENGTH]) or "未命名" for text in HOSTILE)
    assert set(page.evaluate(TAGS, ".bk-item__title")) == {"A BDI"}
    # What is filled is marked; nothing else is an element.
    assert set(page.evaluate(TAGS, ".bk-item__text")) == {"BDI", "BDI MARK"}
    items.filter(has_text=HOSTILE[0][:20]).first.get_by_role("link").click()
    expect(page.locator("#sheet-title")).to_be_focused()
    assert set(page.evaluate(TAGS, ".bk-message__text")) == {"BDI"}


def add_hostile(stage: Deployment, userid: str) -> None:
    """Put them on a member's shelf, past all checks."""
    now = clock.utcnow()
    with stage.db.write() as session:
        for number, text in enumerate(HOSTILE):
            item = LibraryItem(
                shelf="scripts",
                owner=userid,
                key=f"hostile{number}",
                title=text[:TITLE_LENGTH],
                words="",
                sounds="",
                created_at=now,
                updated_at=now,
            )
            session.add(item)
            session.flush()
            fields = {"content": text}
            session.add(LibraryPart(item_id=item.id, n=1, msgtype="text", fields=fields))

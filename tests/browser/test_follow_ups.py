"""The panel 跟进 in a browser: one line, and it is written; what is typed outlives what happens."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from app.customers.actions import Box, Wish, create_reminder, record_follow_up
from app.customers.models import Draft, FollowUp, Reminder
from app.outbox import customer_path
from sidebar.panels.showing import visible
from tests.browser.client import ChatClient, newcomer
from tests.browser.conftest import set_up
from tests.browser.hostile import HOSTILE
from tests.browser.watching import Browsing, barriers
from tests.deployment import Deployment, wait_until

# What a request that fails writes into the console.
GONE = "ERR_|Failed to fetch|status of (401|50[0-9])"
HOUR = 3600
WIDTHS = (320, 360, 430)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Give a stage of its own: its web process is killed, its clock is moved."""
    with set_up(tmp_path_factory.mktemp("notes")) as deployment:
        yield deployment


@pytest.fixture
def customer(stage: Deployment, request: pytest.FixtureRequest) -> str:
    return newcomer(stage, request.node.originalname[5:20])


def follow_ups(
    open_page: Browsing,
    stage: Deployment,
    customer: str,
    *,
    userid: str = "zhaoyi",
    dark: bool = False,
) -> Page:
    """Open the panel as this member."""
    looks = {"sandbox_member": userid, "sandbox_theme": "dark" if dark else "light"}
    address = f"{stage.front}{customer_path(customer, 'follow_ups')}"
    page = open_page(address, dark=dark, cookies=looks)
    expect(box(page)).to_be_visible()
    return page


def box(page: Page) -> Locator:
    return page.get_by_role("textbox", name="写一句跟进")


def write(page: Page, text: str) -> None:
    box(page).fill(text)
    page.get_by_role("button", name="记录", exact=True).click()


def notes(stage: Deployment, customer: str) -> list[str]:
    with stage.db.read() as session:
        found = select(FollowUp.text).where(FollowUp.external_userid == customer)
        return list(session.scalars(found.order_by(FollowUp.id)))


def draft(stage: Deployment, customer: str) -> str:
    with stage.db.read() as session:
        found = select(Draft.text).where(Draft.external_userid == customer)
        return session.scalar(found) or ""


def reminder_of(stage: Deployment, customer: str) -> Reminder:
    with stage.db.read() as session:
        found = select(Reminder).where(Reminder.external_userid == customer)
        return session.scalars(found).one()


def remind(stage: Deployment, customer: str, text: str, *, hours: float) -> None:
    """Have zhaoyi reminded so many hours from the sandbox's now."""
    due_at = datetime.fromtimestamp(stage.box.clock.time() + hours * HOUR, UTC)
    wish = Wish(
        userid="zhaoyi",
        external_userid=customer,
        key=f"key-{text[:40]}",
        due_at=due_at,
        text=text,
    )
    stage.db.commit(lambda session: create_reminder(session, wish).id)


def test_a_line_is_written_with_its_reminder_by_two_taps(
    open_page: Browsing, stage: Deployment, customer: str
) -> None:
    page = follow_ups(open_page, stage, customer)
    page.get_by_text("明天", exact=True).click()
    write(page, "想要蓝色的，周五前给报价")
    expect(page.locator("#toast")).to_contain_text("09:30 提醒你")
    expect(box(page)).to_have_value("")
    expect(page.locator("#history .bk-entry__text").first).to_have_text("想要蓝色的，周五前给报价")
    expect(page.locator("#reminders")).to_contain_text("想要蓝色的，周五前给报价")
    expect(page.get_by_label("不提醒")).to_be_checked()
    page.get_by_role("button", name="完成").click()
    expect(page.locator("#reminders")).to_be_hidden()
    expect(page.get_by_role("heading", name="动态")).to_be_focused()
    page.get_by_role("button", name="撤销").click()
    expect(page.locator("#reminders")).to_contain_text("想要蓝色的，周五前给报价")


@pytest.mark.parametrize("keys", ["Control+Enter", "Meta+Enter"])
def test_a_line_is_written_by_keyboard_alone(
    open_page: Browsing, stage: Deployment, customer: str, keys: str
) -> None:
    page = follow_ups(open_page, stage, customer)
    box(page).focus()
    page.keyboard.type("第一行")
    page.keyboard.press("Enter")
    page.keyboard.type("第二行")
    page.keyboard.press(keys)
    expect(page.locator("#toast")).to_contain_text("已记录")
    expect(box(page)).to_be_focused()
    assert notes(stage, customer) == ["第一行\n第二行"]


def test_the_box_grows_with_its_text(open_page: Browsing, stage: Deployment, customer: str) -> None:
    page = follow_ups(open_page, stage, customer)
    small = box(page).bounding_box()
    box(page).fill("一行\n两行\n三行\n四行")
    grown = box(page).bounding_box()
    assert small
    assert grown
    assert grown["height"] > small["height"] + 40


def test_two_quick_taps_write_one_note(
    open_page: Browsing, stage: Deployment, customer: str
) -> None:
    page = follow_ups(open_page, stage, customer)
    box(page).fill("只记一次")
    page.get_by_role("button", name="记录", exact=True).dblclick()
    expect(page.locator("#toast")).to_contain_text("已记录")
    page.wait_for_timeout(300)
    assert notes(stage, customer) == ["只记一次"]


def test_what_was_typed_is_there_again_on_another_device(
    open_page: Browsing, stage: Deployment, customer: str
) -> None:
    page = follow_ups(open_page, stage, customer)
    box(page).fill("打到一半")
    expect(page.locator("#draft-state")).to_have_text("草稿已保存")
    other = follow_ups(open_page, stage, customer)
    expect(box(other)).to_have_value("打到一半")
    write(other, "打到一半，写完了")
    expect(other.locator("#toast")).to_contain_text("已记录")
    page.reload()
    expect(box(page)).to_have_value("")


def test_what_was_typed_in_the_last_moment_is_kept_when_the_page_goes_away(
    open_page: Browsing, stage: Deployment, customer: str
) -> None:
    page = follow_ups(open_page, stage, customer)
    box(page).fill("来不及等")
    page.goto("about:blank")
    wait_until(lambda: draft(stage, customer) == "来不及等")


def test_another_panel_and_back_keeps_what_was_typed(
    open_page: Browsing, stage: Deployment, customer: str
) -> None:
    page = follow_ups(open_page, stage, customer)
    box(page).fill("先看一眼画像")
    page.get_by_role("link", name="画像").click()
    expect(page.get_by_role("link", name="画像")).to_have_attribute("aria-current", "page")
    page.get_by_role("navigation", name="栏目").get_by_role("link", name="跟进").click()
    expect(box(page)).to_have_value("先看一眼画像")


def test_nothing_typed_is_lost_when_the_web_process_is_killed(
    open_page: Browsing, stage: Deployment, customer: str
) -> None:
    open_page.allow(GONE)
    page = follow_ups(open_page, stage, customer)
    box(page).fill("服务器还在的时候")
    expect(page.locator("#draft-state")).to_have_text("草稿已保存")
    stage.kill("web")
    box(page).press_sequentially("，又不在了")
    page.get_by_role("button", name="记录", exact=True).click()
    wait_until(stage.is_ready)
    # Whether it was written or the box says that it was not: what was typed is in one of the two.
    whole = "服务器还在的时候，又不在了"
    if box(page).input_value() == whole:
        page.get_by_role("button", name="记录", exact=True).click()
    expect(box(page)).to_have_value("")
    assert notes(stage, customer) == [whole]


def test_a_draft_survives_the_web_process_and_the_page(
    open_page: Browsing, stage: Deployment, customer: str
) -> None:
    open_page.allow(GONE)
    page = follow_ups(open_page, stage, customer)
    box(page).fill("打到一半就断了")
    expect(page.locator("#draft-state")).to_have_text("草稿已保存")
    stage.kill("web")
    page.close()
    wait_until(stage.is_ready)
    expect(box(follow_ups(open_page, stage, customer))).to_have_value("打到一半就断了")


def test_without_a_network_the_text_stays_and_the_page_says_why(
    open_page: Browsing, stage: Deployment, customer: str
) -> None:
    open_page.allow(GONE)
    page = follow_ups(open_page, stage, customer)
    page.route("**/follow_ups**", lambda route: route.abort())
    page.route("**/follow_ups/**", lambda route: route.abort())
    write(page, "地铁里写的")
    expect(page.locator("#notice [data-problem=network_gone]")).to_be_visible()
    expect(box(page)).to_have_value("地铁里写的")
    page.unroute_all()
    # The button of the box reads the panel anew, in which nothing of it is.
    page.locator("#notice .bk-problem__button").click()
    expect(page.locator("#notice")).to_be_empty()
    expect(box(page)).to_have_value("地铁里写的")
    wait_until(lambda: draft(stage, customer) == "地铁里写的")
    page.get_by_role("button", name="记录", exact=True).click()
    expect(page.locator("#toast")).to_contain_text("已记录")
    assert notes(stage, customer) == ["地铁里写的"]


def test_a_note_is_put_right_in_a_sheet_and_removed_with_a_way_back(
    open_page: Browsing, stage: Deployment, customer: str
) -> None:
    page = follow_ups(open_page, stage, customer)
    write(page, "报价 100")
    expect(page.locator("#toast")).to_contain_text("已记录")
    page.get_by_role("link", name="修改").click()
    field = page.get_by_role("textbox", name="跟进内容")
    expect(field).to_be_focused()
    field.fill("报价 120")
    page.get_by_role("button", name="保存修改").click()
    expect(page.locator("#sheet-box")).to_be_hidden()
    line = page.locator("#history .bk-entry__text").first
    expect(line).to_have_text("报价 120")
    page.get_by_role("button", name="删除").click()
    expect(line).to_have_text("删除了一条跟进")
    page.get_by_role("button", name="撤销").click()
    expect(line).to_have_text("报价 120")


def test_a_filter_shows_its_own_and_the_keyboard_stays_on_it(
    open_page: Browsing, stage: Deployment, customer: str
) -> None:
    page = follow_ups(open_page, stage, customer)
    write(page, "一条跟进")
    expect(page.locator("#toast")).to_contain_text("已记录")
    chip = page.get_by_role("link", name="系统", exact=True)
    chip.focus()
    page.keyboard.press("Enter")
    expect(chip).to_have_attribute("aria-current", "true")
    expect(chip).to_be_focused()
    expect(page.locator("#history .bk-entry__text")).to_have_text(re.compile("^欢迎语 .* 秒送达$"))


def test_the_bar_of_panels_covers_nothing_and_leads_by_keyboard(
    open_page: Browsing, stage: Deployment, customer: str
) -> None:
    page = follow_ups(open_page, stage, customer)
    for _ in range(6):
        write(page, "占地方的\n一条\n跟进\n记录")
        expect(page.locator("#toast")).to_contain_text("已记录")
        expect(box(page)).to_have_value("")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    bar = page.get_by_role("navigation", name="栏目").bounding_box()
    last = page.locator("#history .bk-entry").last.bounding_box()
    assert bar
    assert last
    assert last["y"] + last["height"] <= bar["y"]
    assert (bar["y"] + bar["height"], bar["width"]) == (800, 360)
    tab = page.get_by_role("link", name="画像")
    assert bar["height"] >= 44
    tab.focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-panel=profile].bk-profile")).to_be_visible()
    expect(tab).to_be_focused()
    assert page.evaluate("scrollY") == 0
    expect(page.locator("#toast")).to_be_empty()


def test_the_card_of_a_reminder_is_answered_by_its_button(
    open_page: Browsing, stage: Deployment, customer: str
) -> None:
    remind(stage, customer, "该打电话了", hours=20)
    stage.box.clock.move(21 * HOUR)
    client = ChatClient.of(open_page, stage)
    client.notices.click()
    card = client.page.locator(".notice-set").filter(has_text="该打电话了")
    card.get_by_role("button", name="推迟到明天").click()
    answered = card.locator("[data-hook=answered] button")
    expect(answered).to_have_text(re.compile("^已推迟到 .*09:30$"))
    expect(answered).to_be_disabled()
    assert reminder_of(stage, customer).turn == 2
    card.locator("[data-hook=card]").click()
    expect(client.sidebar.locator("#reminders")).to_contain_text("该打电话了")


def test_whatever_is_written_in_a_note_is_text(
    open_page: Browsing, stage: Deployment, customer: str
) -> None:
    with stage.db.write() as session:
        for number, text in enumerate(HOSTILE):
            own = Box(userid="zhaoyi", external_userid=customer, key=f"hostile-{number:03}")
            record_follow_up(session, own, text=text)
    for text in HOSTILE[:19]:
        remind(stage, customer, text, hours=300)
    page = follow_ups(open_page, stage, customer)
    more = page.get_by_role("link", name="加载更多")
    lines = page.locator("#history .bk-entry_pen")
    while more.count():
        count = page.locator(".bk-entry").count()
        more.click()
        expect(page.locator(".bk-entry")).not_to_have_count(count)
    said = lines.locator(".bk-entry__text").evaluate_all("all => all.map(one => one.textContent)")
    assert sorted(said) == sorted(visible(text, lines=True) for text in HOSTILE)
    shapes = lines.evaluate_all(
        "all => all.map(one => [...one.querySelectorAll('*')].map(part => part.tagName).join())"
    )
    assert len(set(shapes)) == 1
    texts = page.locator(".bk-reminder__text").evaluate_all(
        "all => all.map(one => [one.textContent, one.querySelectorAll('*').length])"
    )
    assert sorted(text for text, _ in texts) == sorted(
        visible(" ".join(text.split())) for text in HOSTILE[:19]
    )
    assert {count for _, count in texts} == {1}
    for text in HOSTILE[::10]:
        box(page).fill(text)
        # Who leaves the box need not wait until it is saved by itself.
        box(page).blur()
        expect(page.locator("#draft-state")).to_have_text("草稿已保存")
        page.reload()
        expect(box(page)).to_have_value(text)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_panel_bars_nobody(
    open_page: Browsing, stage: Deployment, customer: str, *, dark: bool
) -> None:
    page = follow_ups(open_page, stage, customer, dark=dark)
    found = {"empty": barriers(page)}
    page.get_by_text("自选", exact=True).click()
    write(page, "W" * 80 + "\n" + "名" * 60)
    expect(page.locator("#toast")).to_contain_text("提醒你")
    page.get_by_text("自选", exact=True).click()
    page.get_by_text("推迟", exact=True).click()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        wide = page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
        found[f"{width}"] = barriers(page) + ("" if wide <= 0 else f"{wide} px too wide")
    page.get_by_role("link", name="修改").click()
    expect(page.get_by_role("textbox", name="跟进内容")).to_be_visible()
    found["sheet"] = barriers(page)
    assert {place: words for place, words in found.items() if words} == {}

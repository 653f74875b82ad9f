"""Stages in a browser beyond one tap: other pipelines, what is added, the history, why he left."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from app.customers.actions import import_pipelines, record_change
from app.db import Database
from sidebar.panels.showing import visible
from tests.browser.hostile import HOSTILE
from tests.browser.serving import Shown, serve_card
from tests.browser.watching import Browsing, barriers
from tests.customers.test_pipelines import SERVICE, as_file
from tests.sidebar.cards import PATH, card_of, change, make_app

themes = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])


@pytest.fixture
def shown(tmp_path: Path, db: Database, open_page: Browsing) -> Iterator[Shown]:
    """Serve zhaoyi's card, where there is a second pipeline."""
    app = make_app(tmp_path, db)
    with db.write() as session:
        import_pipelines(session, as_file(db) + SERVICE)
    with serve_card(app, db, open_page) as served:
        yield served


@pytest.fixture
def left(shown: Shown) -> Shown:
    """Have the customer leave."""
    with shown.card.db.write() as session:
        record_change(session, change("customer", 0.1))
    return shown


def tap(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def newest(page: Page) -> str:
    return page.locator("#timeline .bk-entry__text").first.inner_text()


def said(page: Page, words: str) -> None:
    expect(page.locator("#toast")).to_contain_text(words)


def why(page: Page) -> str:
    return page.get_by_label("补一句（可不填）").input_value()


def test_another_pipeline_is_opened_changed_and_taken_back_by_itself(shown: Shown) -> None:
    page = shown.open()
    line = page.locator("summary", has_text="售后")
    expect(page.get_by_role("button", name="待处理")).to_be_hidden()
    line.click()
    tap(page, "待处理")
    said(page, "已改为「待处理」")
    tap(page, "已解决")
    expect(line).to_contain_text("已解决")
    tap(page, "撤销")
    said(page, "已撤销，回到「待处理」")
    expect(line).to_contain_text("待处理")
    assert shown.card.stage_name() == "新客户"


def test_each_pipeline_has_one_stop_of_the_keyboard(shown: Shown) -> None:
    page = shown.open()
    page.locator("summary", has_text="售后").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="待处理")).to_be_focused()
    for key in ("ArrowRight", "Enter"):
        page.keyboard.press(key)
    said(page, "已改为「已解决」")
    expect(page.get_by_role("button", name="已解决", exact=True)).to_be_focused()
    assert page.locator('.bk-stage[tabindex="0"]').count() == 2


def test_an_amount_is_saved_when_it_is_left_and_words_by_enter(shown: Shown) -> None:
    page = shown.open()
    tap(page, "成交")
    page.get_by_label("成交金额（元）").fill("￥3,000.5")
    page.get_by_label("补一句（可不填）").focus()
    said(page, "已补充")
    assert newest(page) == "客户阶段：新客户 → 成交 · ¥3,000.50"
    page.keyboard.type("老客户介绍")
    page.keyboard.press("Enter")
    expect(page.locator("#timeline")).to_contain_text("成交 · ¥3,000.50 · 老客户介绍")
    expect(page.get_by_label("补一句（可不填）")).to_be_focused()


def test_what_was_typed_about_one_change_does_not_stand_about_the_next(shown: Shown) -> None:
    page = shown.open()
    tap(page, "成交")
    page.get_by_label("补一句（可不填）").fill("老客户介绍")
    tap(page, "无意向")
    said(page, "已改为「无意向」")
    expect(page.get_by_label("补一句（可不填）")).to_have_value("")
    expect(page.locator("#timeline")).to_contain_text("新客户 → 成交 · 老客户介绍")


def test_what_is_done_quickly_goes_one_after_another_and_the_last_picture_stands(
    shown: Shown,
) -> None:
    page = shown.open()
    sent: list[str] = []
    held: list[Route] = []
    page.on("request", lambda request: sent.append(request.url.rpartition("/")[2]))

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/stage-note", hold)
    tap(page, "成交")
    page.get_by_label("补一句（可不填）").fill("老客户介绍")
    sent.clear()
    with page.expect_request("**/stage-note"):
        tap(page, "无意向")
    expect(page.get_by_role("button", name="无意向", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    assert sent == ["stage-note"]
    held.pop().continue_()
    expect(page.locator("#timeline")).to_contain_text("成交 → 无意向")
    expect(page.locator("#timeline")).to_contain_text("新客户 → 成交 · 老客户介绍")
    assert sent == ["stage-note", "stage"]


def test_a_wrong_amount_is_told_beside_it_and_stays_to_be_put_right(
    shown: Shown, open_page: Browsing
) -> None:
    open_page.allow("status of 422")
    page = shown.open()
    tap(page, "成交")
    page.get_by_label("成交金额（元）").fill("-5")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("金额不能是负数")
    assert page.get_by_label("成交金额（元）").input_value() == "-5"
    page.get_by_label("成交金额（元）").fill("5")
    page.keyboard.press("Enter")
    said(page, "已补充")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_line_that_did_not_arrive_stays_typed(shown: Shown, open_page: Browsing) -> None:
    open_page.allow("ERR_FAILED|Failed to fetch")
    page = shown.open()
    tap(page, "意向")
    page.route(re.compile("stage-note"), lambda route: route.abort())
    page.get_by_label("补一句（可不填）").fill("明天再聊")
    page.keyboard.press("Enter")
    expect(page.locator("#notice [data-problem=network_gone]")).to_be_visible()
    assert why(page) == "明天再聊"
    page.unroute(re.compile("stage-note"))
    tap(page, "保存")
    said(page, "已补充")
    assert newest(page).endswith("意向 · 明天再聊")


def test_a_reason_of_a_change_is_one_tap(shown: Shown) -> None:
    page = shown.open()
    tap(page, "无意向")
    tap(page, "竞品")
    expect(page.get_by_role("button", name="竞品")).to_have_attribute("aria-pressed", "true")
    assert newest(page) == "客户阶段：新客户 → 无意向 · 竞品"
    expect(page.get_by_role("button", name="竞品")).to_be_focused()


def test_why_he_left_is_one_tap_and_another_takes_it_back(left: Shown) -> None:
    page = left.open()
    tap(page, "价格")
    said(page, "流失原因：价格")
    expect(page.get_by_role("button", name="价格")).to_have_attribute("aria-pressed", "true")
    tap(page, "撤销")
    said(page, "已清除流失原因")
    expect(page.get_by_role("button", name="价格")).to_have_attribute("aria-pressed", "false")
    tap(page, "其他")
    page.get_by_label("写一句原因（可不填）").fill("孩子转学了")
    page.keyboard.press("Enter")
    said(page, "已补充")
    expect(page.locator("#timeline")).to_contain_text("流失原因：其他（孩子转学了）")


@pytest.mark.parametrize(
    ("link", "shows"),
    [("客户阶段的历史", "新客户 → 意向"), ("客户群 1", "南山会员群")],
)
def test_a_list_comes_up_as_a_sheet_and_gives_the_focus_back(
    shown: Shown, link: str, shows: str
) -> None:
    shown.card.move_as("wangqiang", "意向")
    page = shown.open()
    opener = page.get_by_role("link", name=link)
    opener.click()
    expect(page.locator("#sheet")).to_contain_text(shows)
    page.keyboard.press("Escape")
    expect(page.locator("#sheet")).to_be_empty()
    expect(opener).to_be_focused()


@themes
def test_what_is_added_and_what_is_opened_bars_nobody(shown: Shown, *, dark: bool) -> None:
    page = shown.open(dark=dark)
    found = {}
    for name in ("成交", "无意向"):
        tap(page, name)
        said(page, f"已改为「{name}」")
        found[name] = barriers(page) + sideways(page)
    page.locator("summary", has_text="售后").click()
    tap(page, "待处理")
    found["pipeline"] = barriers(page) + sideways(page)
    for link in ("客户阶段的历史", "客户群 1"):
        page.get_by_role("link", name=link).click()
        expect(page.locator("#sheet-title")).to_be_visible()
        found[link] = barriers(page) + sideways(page)
        page.keyboard.press("Escape")
    assert {place: words for place, words in found.items() if words} == {}


@themes
def test_the_bar_of_a_loss_bars_nobody(left: Shown, *, dark: bool) -> None:
    page = left.open(dark=dark)
    tap(page, "其他")
    expect(page.get_by_label("写一句原因（可不填）")).to_be_visible()
    assert barriers(page) + sideways(page) == ""


def sideways(page: Page) -> str:
    """Say how far the page reaches beyond the narrowest window; nothing if it does not."""
    page.set_viewport_size({"width": 320, "height": 800})
    wide = int(page.evaluate("document.scrollingElement.scrollWidth - innerWidth"))
    page.set_viewport_size({"width": 360, "height": 800})
    return f"{wide} px too wide" if wide > 0 else ""


# How the elements below each match lie in one another: text that became an element is another.
SHAPES = """(selector) => [...document.querySelectorAll(selector)].map(
  (one) => [...one.querySelectorAll("*")].map((element) => element.tagName).join(" "))"""
CARD = """async (path) => {
  const answer = await fetch(path, { headers: { "HX-Request": "true" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const shape = [...page.querySelectorAll("#loss-reason *")].map((element) => element.tagName);
  return [page.querySelector("#loss-reason [name=note]").value, shape.join(" ")];
}"""


def read_all(page: Page, within: str) -> list[str]:
    """Open every page of a list and return what its entries say."""
    expect(page.locator(f"{within} .bk-entry").first).to_be_visible()
    more = page.locator(within).get_by_role("link", name="加载更多")
    while more.count():
        entries = page.locator(f"{within} .bk-entry")
        count = entries.count()
        more.click()
        expect(entries).not_to_have_count(count)
    # One for those that say something more, another for those of which nothing can be seen.
    assert len(set(page.evaluate(SHAPES, f"{within} .bk-entry"))) <= 2
    return page.locator(f"{within} .bk-entry__text").all_inner_texts()


def squeezed(text: str) -> str:
    """Leave the spaces out: a browser folds them."""
    return "".join(text.split())


def test_whatever_is_added_to_changes_is_text(shown: Shown) -> None:
    names = ("意向", "初步沟通")
    for number, text in enumerate(HOSTILE):
        mine = shown.card.move_as("zhaoyi", names[number % 2])
        assert shown.card.post("stage-note", change=mine, why=text).status_code == 200
    page = shown.open()
    told = [squeezed(line) for line in reversed(read_all(page, "#timeline"))]
    for text, line in zip(HOSTILE, told, strict=True):
        assert squeezed(visible(text)[:200]) in line
    page.get_by_role("link", name="客户阶段的历史").click()
    listed = squeezed("".join(read_all(page, "#sheet")))
    assert all(squeezed(visible(text)[:200]) in listed for text in HOSTILE)


def test_whatever_is_said_of_a_loss_is_text(left: Shown) -> None:
    page = left.open()
    manager = card_of(left.card.client.application, left.card.db, "sunsan")
    shapes = set()
    for number, text in enumerate(HOSTILE):
        teller = (left.card, manager)[number % 2]
        assert teller.post("loss-reason", reason="other", note=text).status_code == 200
        value, shape = page.evaluate(CARD, PATH)
        assert value == " ".join(visible(text).split())
        # Every other one was said by the manager, who is named.
        shapes.add((number % 2, shape))
    assert len(shapes) == 2
    told = [squeezed(line) for line in reversed(read_all(left.open(), "#timeline"))]
    for text, line in zip(HOSTILE, told, strict=True):
        assert squeezed(visible(text)) in line

"""What moves in the sidebar: nothing for those who want no motion, and nobody waits for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from app.db import Database
from tests.browser.serving import Shown, serve_card
from tests.browser.watching import Browsing
from tests.sidebar.cards import make_app

MOVING = "document.getAnimations().map((one) => one.animationName ?? one.transitionProperty)"
# What shows after a while what else no script could show: a time, and no motion.
LATE = "bk-appear"


@pytest.fixture
def shown(tmp_path: Path, db: Database, open_page: Browsing) -> Iterator[Shown]:
    with serve_card(make_app(tmp_path, db), db, open_page) as made:
        yield made


def work(page: Page) -> set[str]:
    """Do what moves something, and return what was moving after each step."""
    moving = list(page.evaluate(MOVING))
    page.get_by_role("button", name="意向", exact=True).click()
    expect(page.locator("#toast")).to_contain_text("已改为「意向」")
    moving += page.evaluate(MOVING)
    page.get_by_role("link", name="客户阶段的历史").click()
    expect(page.locator("#sheet-title")).to_be_focused()
    moving += page.evaluate(MOVING)
    page.get_by_role("link", name="完成").click()
    expect(page.locator("#sheet-box")).to_be_hidden()
    page.get_by_role("button", name="撤销").click()
    expect(page.locator("#toast")).to_contain_text("已撤销")
    return {*moving, *open_frame(page)}


def open_frame(page: Page) -> list[str]:
    """Return what moves while the frame does not know yet whose card it is to show."""

    def hold(_route: Route) -> None:
        """Leave it without an answer."""

    page.route("**/jssdk/signatures", hold)
    page.goto(page.url.partition("customers/")[0])
    expect(page.get_by_text("正在打开…")).to_be_visible()
    moving: list[str] = page.evaluate(MOVING)
    return moving


def hold_still(page: Page) -> Page:
    """Have all that begins to move stay where it began."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Animation.enable")
    devtools.send("Animation.setPlaybackRate", {"playbackRate": 0})
    return page


def test_who_wants_no_motion_sees_none(shown: Shown) -> None:
    assert work(hold_still(shown.open())) == {LATE}


def test_nothing_waits_until_something_has_moved(shown: Shown) -> None:
    moving = work(hold_still(shown.open(motion=True)))
    assert moving >= {LATE, "bk-rise", "bk-breathe", "background-color"}

"""The card in a browser: a tap, the keyboard, undo, what two members do at once, a lost network."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import update

from app import clock
from app.customers.models import FollowUser
from app.db import Database
from tests.browser.serving import Shown, serve_card
from tests.browser.watching import Browsing, barriers
from tests.sidebar.cards import PATH, make_app

STAGE = f"{PATH}/stage"


@pytest.fixture
def shown(tmp_path: Path, db: Database, open_page: Browsing) -> Iterator[Shown]:
    """Serve the application and give zhaoyi's card in it."""
    with serve_card(make_app(tmp_path, db), db, open_page) as served:
        yield served


def stage(page: Page, name: str) -> str:
    """Return whether a stage is the pressed one, as it looks."""
    button = page.get_by_role("button", name=name, exact=True)
    return button.get_attribute("aria-pressed") or ""


def tap(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_one_tap_changes_the_stage_and_another_takes_it_back(shown: Shown) -> None:
    page = shown.open()
    tap(page, "意向")
    expect(page.locator("#toast")).to_contain_text("已改为「意向」")
    expect(page.locator("#timeline")).to_contain_text("客户阶段：新客户 → 意向")
    assert shown.card.stage_name() == "意向"
    tap(page, "撤销")
    expect(page.locator("#toast")).to_contain_text("已撤销，回到「新客户」")
    assert (stage(page, "新客户"), shown.card.stage_name()) == ("true", "新客户")


def test_the_keyboard_goes_through_the_stages_and_stays_where_it_is(shown: Shown) -> None:
    page = shown.open()
    page.get_by_role("button", name="新客户", exact=True).focus()
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#toast")).to_contain_text("已改为「意向」")
    expect(page.get_by_role("button", name="意向", exact=True)).to_be_focused()
    page.get_by_role("button", name="撤销").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#toast")).to_contain_text("已撤销")
    expect(page.locator('.bk-stage[tabindex="0"]')).to_be_focused()


def test_what_another_did_meanwhile_is_shown_and_can_be_overruled(
    shown: Shown, open_page: Browsing
) -> None:
    open_page.allow("409")
    page = shown.open()
    shown.card.move_as("wangqiang", "成交")
    tap(page, "意向")
    expect(page.get_by_role("alert")).to_contain_text("王强 刚把阶段改成「成交」")
    assert (stage(page, "成交"), shown.card.stage_name()) == ("true", "成交")
    tap(page, "仍要改为「意向」")
    expect(page.locator("#toast")).to_contain_text("已改为「意向」")
    expect(page.locator(".bk-conflict")).to_have_count(0)


def proxys(status: int) -> Callable[[Route], None]:
    """Return what answers in the server's place as a proxy does that knows nothing of us."""
    return lambda route: route.fulfill(
        status=status, content_type="text/html", body="<h1>Somebody else</h1>"
    )


@pytest.mark.parametrize(
    ("fail", "kind"),
    [
        (lambda route: route.abort(), "network_gone"),
        (proxys(502), "server_gone"),
        (proxys(403), "server_gone"),
        (proxys(404), "server_gone"),
        (proxys(200), "network_gone"),
    ],
    ids=["network gone", "proxy's 502", "proxy's 403", "proxy's 404", "proxy's 200"],
)
def test_a_tap_that_did_not_arrive_is_taken_back_and_said(
    shown: Shown, open_page: Browsing, fail: Callable[[Route], None], kind: str
) -> None:
    open_page.allow("ERR_FAILED|Failed to fetch|status of (502|403|404)")
    page = shown.open()
    page.route(re.compile(STAGE), fail)
    tap(page, "意向")
    assert_taken_back(page, kind)
    expect(page.get_by_text("Somebody else")).to_have_count(0)
    page.unroute(re.compile(STAGE))
    tap(page, "意向")
    expect(page.locator("#toast")).to_contain_text("已改为「意向」")
    expect(page.locator("#notice")).to_be_empty()


def test_a_tap_after_the_session_has_ended_is_taken_back_and_said(
    shown: Shown, open_page: Browsing
) -> None:
    open_page.allow("status of 401")
    page = shown.open()
    page.context.clear_cookies()
    tap(page, "意向")
    assert_taken_back(page, "sign_in_expired")


def test_a_tap_for_which_wecom_is_too_busy_is_taken_back_and_promises_nothing(
    shown: Shown, open_page: Browsing
) -> None:
    open_page.allow("status of 503")
    page = shown.open()
    # Who is nobody's customer any more is asked for at WeCom, which is out of reach here.
    with shown.card.db.write() as session:
        ended = {"removed_at": clock.utcnow(), "removed_by": "member"}
        session.execute(update(FollowUser).values(ended))
    tap(page, "意向")
    assert_taken_back(page, "wecom_busy")
    expect(page.locator("#notice")).not_to_contain_text("自动")


def assert_taken_back(page: Page, kind: str) -> None:
    """The stage is as it was, nothing waits, and one voice says why."""
    expect(page.locator(f"#notice [data-problem={kind}]")).to_be_visible()
    assert (stage(page, "新客户"), stage(page, "意向")) == ("true", "false")
    expect(page.locator("[aria-busy]")).to_have_count(0)
    expect(page.locator("#toast")).to_be_empty()
    expect(page.locator("#timeline")).to_be_visible()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [320, 360, 430])
def test_the_card_shuts_nobody_out_and_fits(shown: Shown, width: int, *, dark: bool) -> None:
    page = shown.open(dark=dark, width=width)
    tap(page, "意向")
    expect(page.locator("#toast")).to_contain_text("已改为「意向」")
    assert barriers(page) == ""
    assert page.evaluate("document.documentElement.scrollWidth") <= width

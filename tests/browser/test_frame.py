"""The frame: the card is of the customer whose chat is open, and of nobody else."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from app.outbox import customer_path
from tests.browser.client import newcomer, unheard_of
from tests.browser.watching import Browsing, barriers
from tests.deployment import Deployment
from tests.sidebar.browser import CLIENT

# WeCom's bridge, which answers what the test says: `chat` is the customer's id, null where there is
# none, "silent" for a client that does not answer.
BRIDGE = """
window.chat = %s;
document.addEventListener("htmx:finally:request", ({ detail }) => {
  document.documentElement.dataset.finished = detail.ctx.request.action;
});
window.WeixinJSBridge = {
  on() {},
  invoke(name, parameters, answer) {
    const told = { err_msg: `${name}:ok` };
    if (name === "getContext") told.entry = "single_chat_tools";
    if (name === "getCurExternalContact") {
      if (window.chat === "silent") return;
      if (window.chat === null) told.err_msg = `${name}:fail without context of external contact`;
      else told.userId = window.chat;
    }
    answer(told);
  },
};
"""
# Clients that never answer at the start: there is no bridge, it is mute, it is mute after a while.
SILENT = {
    "absent": "",
    "mute": "window.WeixinJSBridge = { on() {}, invoke() {} };",
    "mute about the chat": """window.WeixinJSBridge = {
      on() {},
      invoke(name, parameters, answer) {
        if (name !== "getContext") answer({ err_msg: `${name}:ok` });
      },
    };""",
}
LOOK = """(chat) => {
  window.chat = chat;
  document.dispatchEvent(new Event("visibilitychange"));
}"""
# What a style shows after a while; returns after how long.
SHOW_AT_ONCE = """(element) => {
  const [animation] = element.getAnimations();
  animation.finish();
  return animation.effect.getTiming().delay;
}"""
ASSETS = "**/static/**/{}?v=*"


def bridge_beside(chat: str | None) -> str:
    return BRIDGE % ("null" if chat is None else f'"{chat}"')


@dataclass(frozen=True)
class Sidebar:
    """The sidebar of zhaoyi in a client of which the test says whose chat is open."""

    page: Page
    front: str

    @property
    def panel(self) -> Locator:
        return self.page.locator("#panel")

    @property
    def name(self) -> Locator:
        """Who is shown."""
        return self.page.locator(".bk-header__name bdi").first

    def problem(self, kind: str) -> Locator:
        return self.page.locator(f"#panel [data-problem={kind}]")

    def open(self, chat: str | None) -> None:
        self.lend(bridge_beside(chat))
        self.page.goto(f"{self.front}/sidebar/")

    def lend(self, bridge: str) -> None:
        """Let pages that are opened from now on have this bridge."""
        self.page.route(
            "**/sandbox/bridge.js",
            lambda route: route.fulfill(content_type="text/javascript", body=bridge),
        )

    def turn_to(self, chat: str | None) -> None:
        """Let another chat be open, and the page come into view."""
        self.page.evaluate(LOOK, chat)

    def stage(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)


@pytest.fixture
def sidebar(open_page: Browsing, stage: Deployment) -> Sidebar:
    open_page.allow("favicon")
    member = {"sandbox_member": "zhaoyi"}
    page = open_page(f"{stage.front}/sandbox/bridge.js", cookies=member, user_agent=CLIENT)
    return Sidebar(page, stage.front)


@pytest.fixture(scope="module")
def li(stage: Deployment) -> str:
    return newcomer(stage, "框架李一")


@pytest.fixture(scope="module")
def wu(stage: Deployment) -> str:
    return newcomer(stage, "框架吴二")


@pytest.fixture(scope="module")
def xu(stage: Deployment) -> str:
    return newcomer(stage, "框架徐三")


def test_an_offer_to_undo_goes_with_the_chat_that_it_was_made_in(
    sidebar: Sidebar, li: str, wu: str
) -> None:
    sidebar.open(li)
    sidebar.stage("意向").click()
    expect(sidebar.stage("撤销")).to_be_visible()
    sidebar.turn_to(wu)
    expect(sidebar.name).to_have_text("框架吴二")
    expect(sidebar.page.locator("#toast")).to_be_empty()


def let_through(route: Route) -> None:
    route.continue_()


def cut(route: Route) -> None:
    route.abort()


def refuse(route: Route) -> None:
    head = {"Banke": "1", "HX-Retarget": "#notice", "HX-Reswap": "innerHTML"}
    route.fulfill(status=401, headers=head, content_type="text/html", body="<p>expired</p>")


@pytest.mark.parametrize("answer", [let_through, cut, refuse])
def test_what_comes_late_for_another_customer_is_not_shown(
    sidebar: Sidebar, open_page: Browsing, li: str, wu: str, answer: Callable[[Route], None]
) -> None:
    open_page.allow("ERR_FAILED|Failed to fetch|status of (401|409)")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    sidebar.open(li)
    sidebar.page.route(f"**{customer_path(li)}/stage", hold)
    with sidebar.page.expect_request(f"**{customer_path(li)}/stage"):
        sidebar.stage("无意向").click()
    sidebar.turn_to(wu)
    expect(sidebar.name).to_have_text("框架吴二")
    answer(held[0])
    path = f"{customer_path(li)}/stage"
    expect(sidebar.page.locator("html")).to_have_attribute("data-finished", path)
    expect(sidebar.page.locator("#toast, #notice")).to_have_text(["", ""])
    assert sidebar.page.locator("#stage-form").get_attribute("action") == (
        f"{customer_path(wu)}/stage"
    )


def test_of_quick_changes_the_last_one_wins(sidebar: Sidebar, li: str, wu: str, xu: str) -> None:
    def hold(_route: Route) -> None:
        """Leave it without an answer."""

    sidebar.open(li)
    expect(sidebar.name).to_have_text("框架李一")
    for customer in (wu, xu):
        sidebar.page.route(f"**{customer_path(customer)}", hold)
        with sidebar.page.expect_request(f"**{customer_path(customer)}"):
            sidebar.turn_to(customer)
        expect(sidebar.name).to_have_count(0)
    sidebar.turn_to(li)
    expect(sidebar.name).to_have_text("框架李一")
    expect(sidebar.page.locator("[inert], [aria-busy]")).to_have_count(0)
    sidebar.page.unroute_all()
    sidebar.turn_to(xu)
    expect(sidebar.name).to_have_text("框架徐三")


def test_a_card_that_did_not_come_is_asked_for_at_the_next_look(
    sidebar: Sidebar, open_page: Browsing, li: str, wu: str
) -> None:
    open_page.allow("ERR_FAILED|Failed to fetch")
    sidebar.open(li)
    expect(sidebar.name).to_have_text("框架李一")
    sidebar.page.route(f"**{customer_path(wu)}", cut)
    sidebar.turn_to(wu)
    expect(sidebar.problem("network_gone")).to_be_visible()
    expect(sidebar.name).to_have_count(0)
    sidebar.page.unroute_all()
    sidebar.turn_to(wu)
    expect(sidebar.name).to_have_text("框架吴二")


def test_the_same_customer_stays_as_he_is(sidebar: Sidebar, li: str) -> None:
    sidebar.open(li)
    sidebar.stage("成交").click()
    expect(sidebar.stage("撤销")).to_be_visible()
    sidebar.stage("成交").focus()
    sidebar.turn_to(li)
    expect(sidebar.page.locator("[inert], [aria-busy]")).to_have_count(0)
    expect(sidebar.stage("撤销")).to_be_visible()
    expect(sidebar.stage("成交")).to_be_focused()


def test_a_chat_without_a_customer_shows_none(sidebar: Sidebar, li: str) -> None:
    sidebar.open(li)
    expect(sidebar.name).to_have_text("框架李一")
    sidebar.turn_to(None)
    expect(sidebar.problem("wrong_entry")).to_be_visible()
    expect(sidebar.name).to_have_count(0)
    expect(sidebar.page.locator(".bk-tabs:not([hidden])")).to_have_count(0)
    sidebar.turn_to(li)
    expect(sidebar.name).to_have_text("框架李一")


def test_a_client_that_falls_silent_leaves_nobodys_card(sidebar: Sidebar, li: str) -> None:
    sidebar.page.clock.install()
    sidebar.open(li)
    expect(sidebar.name).to_have_text("框架李一")
    sidebar.turn_to("silent")
    assert sidebar.panel.evaluate("panel => panel.inert && panel.ariaBusy === 'true'")
    sidebar.page.clock.fast_forward(3000)
    expect(sidebar.problem("no_bridge")).to_be_visible()
    expect(sidebar.name).to_have_count(0)
    expect(sidebar.page.locator("[inert], [aria-busy]")).to_have_count(0)


@pytest.mark.parametrize("client", SILENT)
def test_a_client_that_never_answers_is_told_and_a_tap_tries_again(
    sidebar: Sidebar, li: str, client: str
) -> None:
    sidebar.page.clock.install()
    sidebar.lend(SILENT[client])
    with sidebar.page.expect_response("**/jssdk/signatures"):
        sidebar.page.goto(f"{sidebar.front}/sidebar/")
    assert sidebar.panel.evaluate("panel => panel.inert && panel.ariaBusy === 'true'")
    expect(sidebar.page.get_by_text("正在打开…")).to_be_visible()
    sidebar.page.clock.fast_forward(3000)
    expect(sidebar.problem("no_bridge")).to_contain_text("企业微信没有回应")
    expect(sidebar.page.locator("[inert], [aria-busy], .bk-skeleton")).to_have_count(0)
    assert barriers(sidebar.page) == ""
    sidebar.lend(bridge_beside(li))
    sidebar.page.get_by_role("button", name="重新加载").click()
    expect(sidebar.name).to_have_text("框架李一")


@pytest.mark.parametrize("odd", ["", "..", "a/b", "a?b", "x" * 65])
def test_an_odd_id_is_nobodys(sidebar: Sidebar, odd: str) -> None:
    sidebar.open(odd)
    expect(sidebar.problem("wrong_entry")).to_be_visible()


@pytest.mark.parametrize("status", [200, 403, 413, 502])
def test_what_somebody_between_says_is_not_put_into_the_page(
    sidebar: Sidebar, open_page: Browsing, li: str, status: int
) -> None:
    open_page.allow("status of")
    sidebar.page.route(
        f"**{customer_path(li)}",
        lambda route: route.fulfill(
            status=status, content_type="text/html", body="<form><input name=password></form>"
        ),
    )
    sidebar.open(li)
    expect(sidebar.problem("network_gone" if status == 200 else "server_gone")).to_be_visible()
    expect(sidebar.page.locator("input")).to_have_count(0)


@pytest.mark.parametrize("script", ["htmx.js", "jssdk.js"])
def test_a_script_that_does_not_come_is_told_and_a_tap_tries_again(
    sidebar: Sidebar, open_page: Browsing, li: str, script: str
) -> None:
    open_page.allow("ERR_FAILED")
    sidebar.page.route(ASSETS.format(script), cut)
    sidebar.open(li)
    expect(sidebar.problem("network_gone")).to_be_visible()
    sidebar.page.unroute(ASSETS.format(script))
    sidebar.page.get_by_role("button", name="重试").click()
    expect(sidebar.name).to_have_text("框架李一")


@pytest.mark.parametrize("script", ["sidebar.js"])
def test_where_no_script_can_say_more_the_page_offers_to_load_again(
    sidebar: Sidebar, open_page: Browsing, li: str, script: str
) -> None:
    open_page.allow("ERR_FAILED|TypeError")
    sidebar.page.route(ASSETS.format(script), cut)
    sidebar.open(li)
    again = sidebar.page.get_by_role("link", name="重新加载")
    expect(again).to_have_count(0)
    assert sidebar.page.locator(".bk-late").evaluate(SHOW_AT_ONCE) == 12_000
    assert barriers(sidebar.page) == ""
    sidebar.page.unroute(ASSETS.format(script))
    again.click()
    expect(sidebar.name).to_have_text("框架李一")


def test_without_javascript_the_page_says_that_it_needs_it(sidebar: Sidebar, li: str) -> None:
    devtools = sidebar.page.context.new_cdp_session(sidebar.page)
    devtools.send("Emulation.setScriptExecutionDisabled", {"value": True})
    sidebar.open(li)
    expect(sidebar.page.get_by_role("heading", name="页面需要 JavaScript")).to_be_visible()
    expect(sidebar.page.locator(".bk-skeleton")).to_be_hidden()


def test_a_busy_wecom_is_asked_again_as_long_as_the_box_says_so(
    sidebar: Sidebar, open_page: Browsing, stage: Deployment
) -> None:
    open_page.allow("status of 503")
    customer = unheard_of(stage, "框架旧友")
    sidebar.page.clock.install()
    sidebar.open(None)
    expect(sidebar.problem("wrong_entry")).to_be_visible()
    stage.box.named_faults.turn("busy", on=True)
    try:
        with sidebar.page.expect_response(f"**{customer_path(customer)}"):
            sidebar.turn_to(customer)
        for _ in range(3):
            expect(sidebar.problem("wecom_busy")).to_contain_text("3 秒后会自动再试")
            with sidebar.page.expect_response(f"**{customer_path(customer)}"):
                sidebar.page.clock.fast_forward(3000)
        expect(sidebar.problem("wecom_busy")).to_contain_text("已经自动再试了几次")
        expect(sidebar.problem("wecom_busy")).not_to_contain_text("会自动")
    finally:
        stage.box.named_faults.clear()
    sidebar.open(customer)
    expect(sidebar.name).to_have_text("框架旧友")


def test_a_whole_page_about_a_busy_wecom_is_asked_again_as_it_says(
    sidebar: Sidebar, open_page: Browsing, stage: Deployment, li: str
) -> None:
    open_page.allow("status of 503")
    sidebar.page.clock.install()
    stage.box.named_faults.turn("busy", on=True)
    try:
        sidebar.open(li)
        expect(sidebar.page.locator(".bk-sorry")).to_contain_text("3 秒后会自动再试")
    finally:
        stage.box.named_faults.clear()
    sidebar.page.clock.fast_forward(3000)
    expect(sidebar.name).to_have_text("框架李一")


def test_keys_lead_to_the_tabs_and_are_listed_on_asking(sidebar: Sidebar, li: str) -> None:
    sidebar.open(li)
    expect(sidebar.name).to_have_text("框架李一")
    keys = sidebar.page.keyboard
    keys.press("2")
    box = sidebar.page.locator("#note-text")
    expect(box).to_be_visible()
    box.press_sequentially("1?")
    expect(box).to_have_value("1?")
    box.blur()
    keys.press("?")
    expect(sidebar.page.get_by_role("heading", name="快捷键")).to_be_focused()
    assert barriers(sidebar.page) == ""
    keys.press("Escape")
    expect(sidebar.page.locator("#sheet-box")).to_be_hidden()

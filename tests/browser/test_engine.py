"""The way of a page to its customer is the one of production: sign-in, SDK, signatures, frame."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from app.sandbox.records import SdkRecord
from tests.browser.client import ChatClient, card_address, newcomer
from tests.browser.watching import Browsing
from tests.deployment import Deployment

# The SDK leaves a failed agentConfig uncaught, besides telling it.
UNCAUGHT = "^Object "
# An empty tab, and the page in it: nobody gets back to an address with a code.
NEW_AND_HERE = 2
# As in a web view whose storage is off.
NO_STORAGE = """if (location.pathname.startsWith("/sidebar/")) {
  for (const name of ["localStorage", "sessionStorage", "indexedDB"]) {
    Object.defineProperty(window, name, { get: () => { throw new DOMException("no storage"); } });
  }
}"""


@pytest.fixture(scope="module")
def customer(stage: Deployment) -> str:
    return newcomer(stage, "惊蛰雷")


def sdk_rows(stage: Deployment, after: int) -> list[SdkRecord]:
    """Return the calls of the JS-SDK since a revision of the ledger."""
    rows, _next = stage.box.ledger.page(after, limit=1000, kind="sdk")
    return [row for row in rows if isinstance(row, SdkRecord)]


def test_the_page_is_admitted_by_its_signature_before_it_asks_for_the_customer(
    open_page: Browsing, stage: Deployment, customer: str
) -> None:
    after = stage.box.ledger.revision
    client = ChatClient.of(open_page, stage, customer=customer)
    expect(client.stage("新客户")).to_be_visible()
    rows = sdk_rows(stage, after)
    names = [row.name for row in rows]
    assert {row.err_msg for row in rows if row.name == "agentConfig"} == {"agentConfig:ok"}
    assert {row.page for row in rows} == {f"{stage.front}/sidebar/"}
    assert names.index("agentConfig") < names.index("getCurExternalContact")
    assert {row.userid for row in rows} == {"zhaoyi"}


@pytest.mark.parametrize("broken", ["ticket", "address"])
def test_a_wrong_signature_ends_in_words(
    open_page: Browsing, stage: Deployment, customer: str, broken: str
) -> None:
    open_page.allow(UNCAUGHT)
    client = ChatClient.of(open_page, stage, customer=customer)
    expect(client.stage("新客户")).to_be_visible()
    after, mend = stage.box.ledger.revision, BREAKS[broken](stage)
    try:
        client.reload()
        refused = client.sidebar.locator("#panel [data-problem=signature_refused]")
        expect(refused).to_contain_text("企业微信没有认可这个页面")
    finally:
        mend()
    told = [row.err_msg for row in sdk_rows(stage, after) if row.name == "agentConfig"]
    assert told
    assert all(":fail" in message for message in told)
    client.reload()
    expect(client.stage("新客户")).to_be_visible()


def another_ticket(stage: Deployment) -> Callable[[], None]:
    """Have WeCom hold another ticket than the one that the server was given."""
    tickets, kept = stage.box.world.tickets, dict(stage.box.world.tickets)
    for kind, (_value, expires_at) in kept.items():
        tickets[kind] = "another", expires_at
    return lambda: tickets.update(kept)


def another_domain(stage: Deployment) -> Callable[[], None]:
    """Have the console trust another address than the one that the page lies at."""
    app, kept = stage.box.app, stage.box.app.redirect_domain
    app.redirect_domain = "elsewhere.example"

    def mend() -> None:
        app.redirect_domain = kept

    return mend


BREAKS = {"ticket": another_ticket, "address": another_domain}


def test_the_sign_in_leaves_a_clean_address(
    open_page: Browsing, stage: Deployment, customer: str
) -> None:
    for address in (f"{stage.front}/sidebar/", card_address(stage, customer)):
        page = open_page(address, cookies={"sandbox_member": "zhaoyi"})
        # The hash is what WeCom asks for in the address of its sign-in; browsers carry it on.
        assert page.url.removesuffix("#wechat_redirect") == address
        assert page.evaluate("history.length") == NEW_AND_HERE


def test_a_chat_that_is_opened_again_needs_no_new_sign_in(
    open_page: Browsing, stage: Deployment, customer: str
) -> None:
    other = newcomer(stage, "芒种忙")
    client = ChatClient.of(open_page, stage, customer=customer)
    expect(client.stage("新客户")).to_be_visible()
    signed_in = len(stage.box.ledger.calls("auth/getuserinfo"))
    client.open("芒种忙")
    expect(client.sidebar.get_by_role("heading", level=1)).to_contain_text("芒种忙")
    client.notices.click()
    expect(client.page.locator("[data-hook=sidebar]")).to_have_count(0)
    client.open("惊蛰雷")
    expect(client.sidebar.get_by_role("heading", level=1)).to_contain_text("惊蛰雷")
    assert len(stage.box.ledger.calls("auth/getuserinfo")) == signed_in
    assert other != customer


def test_without_storage_of_its_own_the_page_works(
    open_page: Browsing, stage: Deployment, customer: str
) -> None:
    client = ChatClient.of(open_page, stage, customer=customer)
    client.page.add_init_script(NO_STORAGE)
    client.page.reload()
    expect(client.stage("新客户")).to_be_visible()
    with pytest.raises(PlaywrightError, match="no storage"):
        client.frame.evaluate("localStorage.length")
    client.stage("意向").click()
    expect(client.timeline().first).to_contain_text("→ 意向")
    client.sidebar.get_by_role("button", name="撤销").click()
    expect(client.stage("新客户")).to_have_attribute("aria-pressed", "true")


def test_a_page_out_of_the_back_forward_cache_is_read_anew(
    open_page: Browsing, stage: Deployment, customer: str
) -> None:
    page = open_page(card_address(stage, customer), cookies={"sandbox_member": "zhaoyi"})
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text("惊蛰雷")
    # A browser shows the page as it was left, scripts and all; what was on it may be old or gone.
    page.evaluate("document.querySelector('#panel').replaceChildren()")
    with page.expect_navigation():
        page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(heading).to_contain_text("惊蛰雷")
    page.goto(f"{stage.front}/sidebar/")
    page.go_back()
    expect(heading).to_contain_text("惊蛰雷")

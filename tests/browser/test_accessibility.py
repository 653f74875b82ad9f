"""Open to everybody: nothing that axe finds, no sideways scrolling, and all of it by keyboard."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from app import clock
from app.config import load_config
from app.factory import create_app
from sidebar.pages import render_problem
from sidebar.problems import KINDS, Problem
from tests.browser.client import ChatClient, card_address, newcomer, settle
from tests.browser.watching import Browsing, barriers
from tests.deployment import Deployment

WIDTHS = (320, 360, 430)
# Long without a break, turned, marked up, unseen: whatever a customer may call himself.
HOSTILE = '<b onclick="alert(1)">\u202e' + "W" * 60 + "\u200b\u3164" + "名" * 40
Sorry = Callable[..., str]
themes = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])


@pytest.fixture(scope="module")
def cards(stage: Deployment) -> dict[str, str]:
    """Give one customer for each way in which a card may look."""
    people = stage.box.people
    made = {
        "living": newcomer(stage, "白露生", state="门店海报"),
        "lost": newcomer(stage, "霜降晚", state="小红书"),
        "hostile": newcomer(stage, HOSTILE, state="小红书"),
        "half": people.customer_scans("zhaoyi", name="谷雨晴", half=True).external_userid,
    }
    people.customer_deletes_member("zhaoyi", made["lost"])
    tags = [tag.id for group in stage.box.world.tag_groups.values() for tag in group.tags]
    people.member_marks_tags("zhaoyi", made["living"], add=tags)
    people.member_edits_remark("zhaoyi", made["hostile"], remark=HOSTILE[::-1], description=HOSTILE)
    settle(stage)
    return made


@pytest.fixture(scope="module")
def sorry(stage: Deployment) -> Iterator[Sorry]:
    """Give what renders the page of any problem, also of those that nobody can bring about."""
    app = create_app(load_config(stage.config_path, {}))
    runtime = app.extensions["banke_runtime"]

    def render(kind: str, *, dark: bool) -> str:
        agent = f"wxwork/5.0.11 Language/zh ColorScheme/{'Dark' if dark else 'Light'}"
        with app.test_request_context("/sidebar/", headers={"User-Agent": agent}):
            return render_problem(runtime.config, Problem(kind)).get_data(as_text=True)

    yield render
    runtime.db.close()
    runtime.wecom.close()
    clock.follow(None)


@themes
def test_the_sandbox_bars_nobody(open_page: Browsing, stage: Deployment, *, dark: bool) -> None:
    customer = newcomer(stage, "立夏风")
    client = ChatClient.of(open_page, stage, customer=customer, dark=dark)
    expect(client.stage("新客户")).to_be_visible()
    found = {"chat": barriers(client.page)}
    client.button("scan").click()
    found["sheet"] = barriers(client.page)
    client.page.keyboard.press("Escape")
    for tab in ("faults", "sdk", "calls", "events"):
        client.button(f"tab-{tab}").click()
        found[tab] = barriers(client.page)
    client.page.locator("[data-hook=event] button").first.click()
    found["letter"] = barriers(client.page)
    client.button("act_delete_member").click()
    client.notices.locator("[data-hook=unread]").wait_for()
    client.notices.click()
    client.page.locator("[data-hook=card]").last.wait_for()
    found["notices"] = barriers(client.page)
    assert {place: words for place, words in found.items() if words} == {}


@themes
def test_the_narrow_sandbox_bars_nobody(
    open_page: Browsing, stage: Deployment, cards: dict[str, str], *, dark: bool
) -> None:
    client = ChatClient.of(open_page, stage, customer=cards["living"], width=360, dark=dark)
    found = {}
    for tab in ("chats", "chat", "sidebar", "phone", "log"):
        client.button(f"go-{tab}").click()
        found[tab] = barriers(client.page) + sideways(client.page)
    client.button("tab-faults").click()
    found["faults"] = barriers(client.page) + sideways(client.page)
    client.button("go-chats").click()
    client.button("scan").click()
    found["sheet"] = barriers(client.page) + sideways(client.page)
    assert {place: words for place, words in found.items() if words} == {}


@themes
@pytest.mark.parametrize("kind", ["living", "lost", "half", "hostile", "manager"])
def test_a_card_bars_nobody(
    open_page: Browsing, stage: Deployment, cards: dict[str, str], kind: str, *, dark: bool
) -> None:
    userid = "sunsan" if kind == "manager" else "zhaoyi"
    address = card_address(stage, cards.get(kind, cards["lost"]))
    looks = {"sandbox_member": userid, "sandbox_theme": "dark" if dark else "light"}
    page = open_page(address, dark=dark, cookies=looks)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    found = barriers(page)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        found += sideways(page)
    assert found == ""


def sideways(page: Page) -> str:
    """Say how far the page reaches beyond the window; nothing if it does not."""
    wide = page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
    return f"{wide} px too wide at {page.evaluate('innerWidth')}" if wide > 0 else ""


@themes
def test_a_problem_bars_nobody(
    open_page: Browsing, stage: Deployment, sorry: Sorry, *, dark: bool
) -> None:
    # The page that is replaced is one of the same origin and policy.
    open_page.allow("status of 400")
    page = open_page(f"{stage.front}/sidebar/signed-in", dark=dark)
    found = {}
    for kind in KINDS:
        page.set_content(sorry(kind, dark=dark))
        expect(page.locator("[data-problem] h1")).to_be_visible()
        found[kind] = barriers(page)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            found[kind] += sideways(page)
    assert {kind: words for kind, words in found.items() if words} == {}


def test_a_chat_and_a_stage_are_had_by_keyboard_alone(
    open_page: Browsing, stage: Deployment
) -> None:
    newcomer(stage, "小满仓")
    client = ChatClient.of(open_page, stage)
    keys = client.page.keyboard
    keys.press("/")
    keys.type("小满仓")
    keys.press("Enter")
    expect(client.opened).to_contain_text("小满仓")
    chosen = client.stage("新客户")
    expect(chosen).to_be_visible()
    tab_to(client, "新客户")
    keys.press("ArrowRight")
    keys.press("ArrowRight")
    expect(client.stage("意向")).to_be_focused()
    keys.press("Enter")
    expect(client.timeline().first).to_have_text("客户阶段：新客户 → 意向")
    tab_to(client, "撤销")
    keys.press("Enter")
    expect(client.timeline().first).to_have_text("撤销修改，客户阶段：意向 → 新客户")
    expect(chosen).to_be_focused()


def tab_to(client: ChatClient, name: str) -> None:
    """Press the tab key until this button of the sidebar has the focus."""
    focused = "document.activeElement.innerText.trim()"
    for _ in range(60):
        client.page.keyboard.press("Tab")
        if client.frame.evaluate(focused) == name:
            return
    raise AssertionError(f"the tab key does not lead to {name}")

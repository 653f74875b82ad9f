"""The sandbox is open to everybody, and the sidebar in it is had by keyboard."""

from playwright.sync_api import expect

from tests.browser.client import WIDE, ChatClient, newcomer
from tests.browser.watching import Browsing, look_over
from tests.deployment import Deployment

NARROW = 360


def test_the_sandbox_bars_nobody(open_page: Browsing, stage: Deployment) -> None:
    customer = newcomer(stage, "立夏风")
    client = ChatClient.of(open_page, stage, customer=customer)
    expect(client.stage("新客户")).to_be_visible()
    found = look_over(client.page, "chat", WIDE)
    client.button("scan").click()
    found |= look_over(client.page, "sheet", WIDE)
    client.page.keyboard.press("Escape")
    for tab in ("faults", "sdk", "calls", "events"):
        client.button(f"tab-{tab}").click()
        found |= look_over(client.page, tab, WIDE)
    client.page.locator("[data-hook=event] button").first.click()
    found |= look_over(client.page, "letter", WIDE)
    client.button("act_delete_member").click()
    client.notices.locator("[data-hook=unread]").wait_for()
    client.notices.click()
    client.page.locator("[data-hook=card]").last.wait_for()
    found |= look_over(client.page, "notices", WIDE)
    assert found == {}


def test_the_narrow_sandbox_bars_nobody(open_page: Browsing, stage: Deployment) -> None:
    client = ChatClient.of(open_page, stage, customer=newcomer(stage, "白露生"), width=NARROW)
    found: dict[str, str] = {}
    for tab in ("chats", "chat", "sidebar", "phone", "log"):
        client.button(f"go-{tab}").click()
        found |= look_over(client.page, tab, NARROW)
    client.button("tab-faults").click()
    found |= look_over(client.page, "faults", NARROW)
    client.button("go-chats").click()
    client.button("scan").click()
    found |= look_over(client.page, "sheet", NARROW)
    assert found == {}


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

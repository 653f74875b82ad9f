"""Every fault that the sandbox can switch on: the page says what happened, and it passes."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, expect

from app.sandbox.server import Sandbox
from tests.browser.client import ChatClient, newcomer, settle, unheard_of
from tests.browser.conftest import set_up
from tests.browser.watching import Browsing
from tests.deployment import Deployment

NAMES = [row["name"] for row in Sandbox(seed=True).named_faults.rows()]
# The server asks nothing for a minute after 45009, which the others would feel.
IN_ORDER = sorted(NAMES, key=lambda name: name == "limit")
WELCOME = "您好，我是赵忆南"
# What a refused or lost request writes into the console.
TOLD = r"status of (400|502|503)|net::ERR|Failed to fetch|^Object "


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Give a stage of their own: what the last leaves behind is over only after a minute."""
    with set_up(tmp_path_factory.mktemp("faults")) as deployment:
        yield deployment


@pytest.mark.parametrize("fault", IN_ORDER)
def test_a_fault_is_told_and_passes(open_page: Browsing, stage: Deployment, fault: str) -> None:
    open_page.allow(TOLD)
    name = f"客人{NAMES.index(fault)}号"
    client = ChatClient.of(open_page, stage, customer=newcomer(stage, name))
    expect(card_of(client, name)).to_be_visible()
    try:
        client.turn(fault, on=True)
        EXPECTED[fault](client, stage, name)
        assert_no_wait(client)
    finally:
        stage.box.named_faults.clear()
    assert_all_is_well(client, stage, name)


def slow(client: ChatClient, stage: Deployment, name: str) -> None:
    del stage
    client.page.locator("#member").select_option("lisi")
    # Said when his newest chat is open, too.
    expect(client.toasts).to_contain_text("李思远")
    client.scan(f"{name}二号")
    expect(client.phone.locator("[data-from=member]")).to_contain_text("您好，我是李思远")
    expect(client.stage("新客户")).to_be_visible()


def busy(client: ChatClient, stage: Deployment, name: str) -> None:
    open_unheard_of(client, stage, name)
    expect(problem(client, "wecom_busy")).to_contain_text("企业微信正忙")
    restore(client, "busy")
    problem(client, "wecom_busy").get_by_role("button", name="再试一次").click()
    expect(card_of(client, f"{name}旧友")).to_be_visible()


def limit(client: ChatClient, stage: Deployment, name: str) -> None:
    open_unheard_of(client, stage, name)
    expect(problem(client, "wecom_busy")).to_contain_text("调用次数到了企业微信的上限")
    restore(client, "limit")


def token_revoked(client: ChatClient, stage: Deployment, name: str) -> None:
    open_unheard_of(client, stage, name)
    expect(card_of(client, f"{name}旧友")).to_be_visible()


def doubled(client: ChatClient, stage: Deployment, name: str) -> None:
    client.scan(f"{name}二号")
    expect(client.opened).to_contain_text(f"{name}二号")
    expect(client.messages).to_contain_text(WELCOME)
    settle(stage)
    client.button("act_delete_member").click()
    expect(client.notices.locator("[data-hook=unread]")).to_be_visible()
    settle(stage)
    expect(client.messages.get_by_text(WELCOME)).to_have_count(1)
    client.notices.click()
    expect(client.page.locator("[data-hook=card]").filter(has_text=f"{name}二号")).to_have_count(1)
    client.open(f"{name}二号")


def reordered(client: ChatClient, stage: Deployment, name: str) -> None:
    del stage
    client.scan(f"{name}二号")
    expect(client.opened).to_contain_text(f"{name}二号")
    expect(client.messages).to_contain_text(WELCOME)
    client.button("act_delete_member").click()
    expect(client.notices.locator("[data-hook=unread]")).to_be_visible()
    client.reload()
    expect(client.sidebar.locator(".bk-bar_loss")).to_contain_text("删除了你")
    expect(client.timeline()).to_have_text(["客户删除了员工", "添加了员工"])


def redis_frozen(client: ChatClient, stage: Deployment, name: str) -> None:
    del stage
    client.scan(f"{name}二号")
    expect(client.opened).to_contain_text(f"{name}二号")
    expect(client.messages).to_contain_text(WELCOME)
    expect(card_of(client, f"{name}二号")).to_be_visible()


def signature_refused(client: ChatClient, stage: Deployment, name: str) -> None:
    del name
    client.reload()
    box = problem(client, "signature_refused")
    expect(box).to_contain_text("企业微信没有认可这个页面")
    expect(box.get_by_role("listitem").first).to_contain_text(stage.front.removeprefix("http://"))
    expect(box.locator(".bk-problem__id")).to_contain_text("40093")


def no_permission(client: ChatClient, stage: Deployment, name: str) -> None:
    open_unheard_of(client, stage, name)
    expect(problem(client, "wecom_refuses")).to_contain_text("可调用接口的应用")


def network_gone(client: ChatClient, stage: Deployment, name: str) -> None:
    del stage
    client.stage("意向").click()
    expect(problem(client, "network_gone")).to_contain_text("网络断开了")
    expect(card_of(client, name)).to_be_visible()
    client.reload()
    expect(client.sidebar.get_by_role("heading")).to_have_text("网络断开了")
    restore(client, "network_gone")
    client.sidebar.get_by_role("link", name="重试").click()
    expect(card_of(client, name)).to_be_visible()


EXPECTED: dict[str, Callable[[ChatClient, Deployment, str], None]] = {
    "slow": slow,
    "busy": busy,
    "limit": limit,
    "token_revoked": token_revoked,
    "doubled": doubled,
    "reordered": reordered,
    "redis_frozen": redis_frozen,
    "signature_refused": signature_refused,
    "no_permission": no_permission,
    "network_gone": network_gone,
}


def open_unheard_of(client: ChatClient, stage: Deployment, name: str) -> None:
    """Open the chat with a customer for whom the server has to ask WeCom."""
    unheard_of(stage, f"{name}旧友")
    client.open(f"{name}旧友")


def restore(client: ChatClient, fault: str) -> None:
    """End a fault with the button of the strip above."""
    button = client.page.locator(f"[data-hook=restore][data-name={fault}]")
    button.click()
    expect(button).to_have_count(0)


def problem(client: ChatClient, kind: str) -> Locator:
    return client.sidebar.locator(f"#panel [data-problem={kind}], #notice [data-problem={kind}]")


def card_of(client: ChatClient, name: str) -> Locator:
    return client.sidebar.get_by_role("heading", level=1, name=re.compile(f"^{name}( |$)"))


def assert_no_wait(client: ChatClient) -> None:
    """Nothing in the sidebar still waits."""
    expect(client.sidebar.locator("body")).not_to_be_empty()
    expect(client.sidebar.locator("[aria-busy=true], .bk-skeleton")).to_have_count(0)


def assert_all_is_well(client: ChatClient, stage: Deployment, name: str) -> None:
    """Somebody new is greeted, his card opens, and his stage can be changed."""
    newcomer(stage, f"{name}后来", userid=client.userid)
    client.open(f"{name}后来")
    client.stage("成交").click()
    expect(client.timeline().first).to_have_text("客户阶段：新客户 → 成交")

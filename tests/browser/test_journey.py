"""What a stranger plays in the sandbox: a customer comes, is served, leaves and comes back."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.client import ChatClient, card_address, newcomer, settle
from tests.browser.watching import Browsing
from tests.deployment import Deployment

WELCOME = "您好，我是赵忆南"
ACTIVE, STOPPED = 1, 2


def test_who_scans_is_greeted_and_known(open_page: Browsing, stage: Deployment) -> None:
    client = ChatClient.of(open_page, stage)
    client.scan("季春风")
    expect(client.opened).to_contain_text("季春风")
    expect(client.messages.locator("[data-from=member]")).to_contain_text(WELCOME)
    expect(client.phone.locator("[data-from=member]")).to_contain_text(WELCOME)
    expect(client.phone.locator("[data-hook=welcome-speed]")).to_be_visible()
    expect(client.sidebar.get_by_role("heading", level=1)).to_contain_text("季春风")
    expect(client.sidebar.get_by_role("list", name="来源")).to_contain_text("门店海报")


def test_one_tap_changes_the_stage_and_another_takes_it_back(
    open_page: Browsing, stage: Deployment
) -> None:
    customer = newcomer(stage, "夏初雨")
    client = ChatClient.of(open_page, stage, customer=customer)
    client.stage("意向").click()
    expect(client.timeline().first).to_have_text("客户阶段：新客户 → 意向")
    client.sidebar.get_by_role("button", name="撤销").click()
    expect(client.timeline().first).to_have_text("撤销修改，客户阶段：意向 → 新客户")
    expect(client.stage("新客户")).to_have_attribute("aria-pressed", "true")
    client.stage("成交").click()
    expect(client.timeline().first).to_have_text("客户阶段：新客户 → 成交")
    client.reload()
    expect(client.stage("成交")).to_have_attribute("aria-pressed", "true")


def test_a_loss_reaches_the_member_and_stands_on_the_card(
    open_page: Browsing, stage: Deployment
) -> None:
    customer = newcomer(stage, "秋水长")
    client = ChatClient.of(open_page, stage, customer=customer)
    expect(client.stage("新客户")).to_be_visible()
    client.button("act_delete_member").click()
    expect(client.notices.locator("[data-hook=unread]")).to_be_visible()
    client.reload()
    expect(client.sidebar.locator(".bk-bar_loss")).to_contain_text("删除了你")
    client.notices.click()
    card = client.page.locator("[data-hook=card]").filter(has_text="秋水长")
    expect(card).to_contain_text("客户删除了你")
    expect(client.notices.locator("[data-hook=unread]")).to_be_hidden()
    card.click()
    expect(client.sidebar.get_by_role("heading", level=1)).to_contain_text("秋水长")
    expect(client.sidebar.locator(".bk-bar_loss")).to_contain_text("删除了你")


@pytest.fixture
def clock(stage: Deployment) -> Iterator[None]:
    """Put the clock right again."""
    yield
    stage.box.clock.set_offset(0)


@pytest.mark.usefixtures("clock")
def test_who_comes_back_is_greeted_again_and_his_history_is_joined(
    open_page: Browsing, stage: Deployment
) -> None:
    customer = newcomer(stage, "冬至雪", state="小红书")
    stage.box.people.customer_deletes_member("zhaoyi", customer)
    client = ChatClient.of(open_page, stage, customer=customer)
    expect(client.sidebar.locator(".bk-bar_loss")).to_be_visible()
    client.button("plus_day").click()
    expect(client.page.locator("#clock")).to_contain_text("快 1 天")
    client.button("act_scan_again").click()
    client.button("sheet-done").click()
    expect(client.page.locator("[data-hook=bond]")).to_have_attribute("data-bond", "both")
    expect(client.messages.get_by_text(WELCOME)).to_have_count(2)
    expect(client.phone.get_by_text(WELCOME)).to_be_visible()
    client.reload()
    expect(client.timeline()).to_have_text(["添加了员工", "客户删除了员工", "添加了员工"])
    expect(client.sidebar.locator(".bk-header__known")).to_contain_text("认识 1 天")
    expect(client.sidebar.locator(".bk-header__known")).to_contain_text("第 2 次添加")
    expect(client.sidebar.locator(".bk-bar_loss")).to_have_count(0)


def test_groups_that_he_joins_and_leaves_are_on_the_timeline(
    open_page: Browsing, stage: Deployment
) -> None:
    customer = newcomer(stage, "江上月")
    client = ChatClient.of(open_page, stage, customer=customer)
    for way, told in (("join", "加入了"), ("leave", "退出了")):
        client.button("act_groups").click()
        client.sheet.locator("[name=chat_id]").select_option("南山会员群")
        client.sheet.locator(f"[name=way][value={way}]").check()
        client.button("sheet-done").click()
        expect(client.toasts).to_contain_text(told)
    settle(stage)
    client.reload()
    expect(client.timeline().first).to_have_text("退出客户群「南山会员群」")
    expect(client.timeline().nth(1)).to_have_text("加入客户群「南山会员群」")


def test_a_remark_that_is_edited_in_wecom_stands_on_the_card(
    open_page: Browsing, stage: Deployment
) -> None:
    client = ChatClient.of(open_page, stage, customer=newcomer(stage, "云中鹤"))
    client.button("act_remark").click()
    client.sheet.locator("[name=remark]").fill("云先生 大衣")
    client.button("sheet-done").click()
    expect(client.toasts).to_contain_text("已修改云中鹤的备注")
    settle(stage)
    client.reload()
    expect(client.sidebar.locator(".bk-header__remark")).to_contain_text("云先生 大衣")


def test_tags_that_are_marked_in_wecom_stand_on_the_card(
    open_page: Browsing, stage: Deployment
) -> None:
    client = ChatClient.of(open_page, stage, customer=newcomer(stage, "雾中灯"))
    client.button("act_tags").click()
    client.sheet.get_by_label("重要").check()
    client.sheet.get_by_label("朋友推荐").check()
    client.button("sheet-done").click()
    expect(client.toasts).to_contain_text("已修改雾中灯的标签")
    settle(stage)
    client.reload()
    expect(client.sidebar.locator(".bk-tag")).to_have_text(["朋友推荐", "重要"])


def test_a_manager_sees_the_card_and_that_he_looks_as_one(
    open_page: Browsing, stage: Deployment
) -> None:
    customer = newcomer(stage, "石中玉")
    for manager in ("sunsan", "qianer"):
        page = open_page(card_address(stage, customer), cookies={"sandbox_member": manager})
        expect(page.get_by_role("heading", level=1)).to_contain_text("石中玉")
        bar = page.locator(".bk-bar_manager")
        expect(bar).to_have_text(re.compile("以负责人的身份查看，跟进人：赵忆南"))


def test_a_colleague_who_does_not_follow_him_is_told_so(
    open_page: Browsing, stage: Deployment
) -> None:
    open_page.allow("status of 404")
    customer = newcomer(stage, "林中路")
    page = open_page(card_address(stage, customer), cookies={"sandbox_member": "lisi"})
    expect(page.locator("[data-problem=no_permission]")).to_contain_text("看不到这位客户")
    expect(page.locator("body")).not_to_contain_text("林中路")


def test_a_member_whose_account_is_stopped_is_out(open_page: Browsing, stage: Deployment) -> None:
    open_page.allow("status of 403")
    customer = newcomer(stage, "山外山", userid="lisi")
    page = open_page(card_address(stage, customer), cookies={"sandbox_member": "lisi"})
    expect(page.get_by_role("heading", level=1)).to_contain_text("山外山")
    put_account(stage, "lisi", STOPPED)
    page.reload()
    expect(page.locator("[data-problem=not_a_member]")).to_contain_text("你还不能使用伴客")
    expect(page.locator("body")).not_to_contain_text("山外山")
    put_account(stage, "lisi", ACTIVE)
    page.get_by_role("button", name="再试一次").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("山外山")


def put_account(stage: Deployment, userid: str, status: int) -> None:
    """Have the admin stop a member's account (禁用成员) or give it back, of which we are told."""
    with stage.box.world.lock:
        stage.box.world.members[userid].status = status
    stage.box.people.something_happens("change_contact", ChangeType="update_user", UserID=userid)
    settle(stage)

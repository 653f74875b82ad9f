"""The card of a customer group, beside its chat: figures, people, who came and went."""

from urllib.parse import unquote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.client import ChatClient, newcomer, settle
from tests.browser.watching import Browsing
from tests.deployment import Deployment


@pytest.fixture(scope="module")
def known(stage: Deployment) -> str:
    """Give a customer of zhaoyi's who is in the group."""
    return newcomer(stage, "群里熟人")


@pytest.fixture(scope="module")
def chat_id(stage: Deployment, known: str) -> str:
    """Give a group of zhaoyi's with a colleague, a customer and somebody whom nobody knows."""
    people = stage.box.people
    stranger = people.customer_scans("zhouwu", name="后来删了").external_userid
    settle(stage)
    people.member_deletes_customer("zhouwu", stranger)
    made = people.group_created("zhaoyi", "周末试穿群", members=["lisi", known, stranger])
    settle(stage)
    return made.chat_id


def beside(open_page: Browsing, stage: Deployment, *, dark: bool = False) -> ChatClient:
    client = ChatClient.of(open_page, stage, dark=dark)
    client.open("周末试穿群")
    return client


def card(open_page: Browsing, stage: Deployment, chat_id: str, userid: str = "zhaoyi") -> Page:
    """Open the card alone."""
    return open_page(
        f"{stage.front}/sidebar/groups/{chat_id}/group",
        width=360,
        cookies={"sandbox_member": userid},
    )


@pytest.mark.usefixtures("chat_id")
def test_beside_a_groups_chat_stands_its_card(open_page: Browsing, stage: Deployment) -> None:
    sidebar = beside(open_page, stage).sidebar
    expect(sidebar.get_by_role("heading", level=1)).to_have_text("周末试穿群")
    expect(sidebar.locator(".bk-header")).to_contain_text("赵忆南")
    expect(sidebar.locator(".bk-count")).to_have_text(
        ["总人数4", "客户2", "今日进群2", "今日退群0"]
    )


@pytest.mark.usefixtures("chat_id")
def test_people_are_told_apart_and_filtered(open_page: Browsing, stage: Deployment) -> None:
    sidebar = beside(open_page, stage).sidebar
    people = sidebar.locator(".bk-person")
    expect(people).to_have_count(4)
    expect(people.filter(has_text="赵忆南")).to_contain_text("群主")
    sidebar.get_by_role("button", name="未加好友", exact=True).click()
    expect(people).to_have_count(1)
    expect(people).to_contain_text("后来删了")


@pytest.mark.usefixtures("chat_id")
def test_a_name_is_found_while_it_is_typed(open_page: Browsing, stage: Deployment) -> None:
    sidebar = beside(open_page, stage).sidebar
    search = sidebar.get_by_role("searchbox")
    search.press_sequentially("熟人")
    expect(sidebar.locator(".bk-person")).to_have_count(1)
    # The box is not replaced, so whoever types goes on typing.
    expect(search).to_be_focused()
    search.fill("谁也不是")
    expect(sidebar.locator("#people")).to_contain_text("没有符合的群成员")


@pytest.mark.usefixtures("chat_id")
def test_a_tap_opens_ones_customer_and_leads_back(open_page: Browsing, stage: Deployment) -> None:
    sidebar = beside(open_page, stage).sidebar
    sidebar.locator(".bk-person").filter(has_text="群里熟人").click()
    expect(sidebar.get_by_role("heading", level=1)).to_contain_text("群里熟人")
    sidebar.get_by_role("button", name="返回群资料").click()
    expect(sidebar.get_by_role("heading", level=1)).to_have_text("周末试穿群")


@pytest.mark.usefixtures("chat_id")
def test_from_a_group_to_a_customer_and_back_the_tabs_are_those_of_the_card(
    open_page: Browsing, stage: Deployment, known: str
) -> None:
    client = ChatClient.of(open_page, stage, customer=known)
    expect(client.sidebar.locator("nav[data-kind=customers]")).to_be_visible()
    client.open("周末试穿群")
    expect(client.sidebar.get_by_role("heading", level=1)).to_have_text("周末试穿群")
    expect(client.sidebar.locator("nav[data-kind=customers]")).to_be_hidden()


def test_who_comes_and_goes_stands_below(
    open_page: Browsing, stage: Deployment, chat_id: str
) -> None:
    guest = newcomer(stage, "来了又走")
    stage.box.people.group_joined(chat_id, [guest])
    settle(stage)
    stage.box.people.group_left(chat_id, [guest])
    settle(stage)
    page = card(open_page, stage, chat_id)
    lines = page.locator(".bk-entry__text")
    expect(lines.first).to_have_text("来了又走 退出群聊")


def test_without_javascript_search_filter_and_pages_work(
    open_page: Browsing, stage: Deployment, chat_id: str
) -> None:
    page = card(open_page, stage, chat_id)
    page.route("**/*.js*", lambda route: route.abort())
    open_page.allow("net::ERR_FAILED")
    page.goto(f"{stage.front}/sidebar/groups/{chat_id}/group")
    page.get_by_role("searchbox").fill("熟人")
    page.get_by_role("button", name="客户", exact=True).click()
    expect(page.locator(".bk-person")).to_have_count(1)
    expect(page.get_by_role("searchbox")).to_have_value("熟人")
    assert "熟人" not in unquote(page.url)


def test_who_has_no_business_in_the_group_is_told_so(
    open_page: Browsing, stage: Deployment, chat_id: str
) -> None:
    open_page.allow("404")
    page = card(open_page, stage, chat_id, userid="zhouwu")
    expect(page.locator("[data-problem=no_group]")).to_contain_text("看不到这个客户群")

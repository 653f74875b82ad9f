"""Remark and tags beside the chat: a tap or a line, and WeCom has it; or the card says why not."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from app.sandbox.world import Relation
from tests.browser.client import ChatClient, card_address, newcomer, settle
from tests.browser.watching import Browsing, barriers
from tests.deployment import Deployment, wait_until

MARK_TAG, REMARK = "externalcontact/mark_tag", "externalcontact/remark"


@pytest.fixture(autouse=True)
def without_faults(stage: Deployment) -> Iterator[None]:
    """Leave WeCom well to the next test."""
    yield
    stage.box.faults.clear()


class Beside(ChatClient):
    """A member beside the chat with one customer."""

    stage_: Deployment
    customer: str

    @classmethod
    def newcomer(cls, open_page: Browsing, stage: Deployment, name: str, **look: bool) -> "Beside":
        customer = newcomer(stage, name)
        client = cls.of(open_page, stage, customer=customer, **look)  # type: ignore[arg-type]  # dark
        client.stage_, client.customer = stage, customer
        expect(client.sidebar.locator("#tags-open")).to_be_visible()
        return client

    @property
    def relation(self) -> Relation:
        found = self.stage_.box.world.find_relation("zhaoyi", self.customer)
        assert found
        return found

    def tags_in_wecom(self) -> set[str]:
        """Return the names of the customer's tags in WeCom."""
        found = [self.stage_.box.world.find_tag(one) for one in self.relation.tag_ids]
        return {pair[1].name for pair in found if pair}

    def open_sheet(self) -> None:
        self.sidebar.locator("#tags-open").click()
        expect(self.sidebar.locator("#sheet-title")).to_be_focused()

    def close_sheet(self) -> None:
        self.sidebar.get_by_role("link", name="完成").click()

    def chip(self, name: str) -> Locator:
        """Return a tag's button in the sheet, where its group stands."""
        return self.sidebar.locator("#tag-form details .bk-chip").filter(has_text=name)

    def toast(self) -> Locator:
        return self.sidebar.locator("#toast")

    def tags(self) -> Locator:
        return self.sidebar.locator("#tags")

    def edit_remark(self) -> Locator:
        self.sidebar.locator("#remark-edit summary").click()
        field = self.sidebar.locator("#remark-input")
        expect(field).to_be_focused()
        return field


def test_a_tap_on_a_tag_reaches_wecom_and_undo_takes_it_back(
    open_page: Browsing, stage: Deployment
) -> None:
    client = Beside.newcomer(open_page, stage, "林小满")
    client.open_sheet()
    client.chip("重要").click()
    expect(client.chip("重要")).to_have_attribute("aria-pressed", "true")
    expect(client.toast()).to_contain_text("已加上「重要」")
    wait_until(lambda: client.tags_in_wecom() == {"重要"})
    client.toast().get_by_role("button", name="撤销").click()
    expect(client.chip("重要")).to_have_attribute("aria-pressed", "false")
    wait_until(lambda: client.tags_in_wecom() == set())
    client.close_sheet()
    expect(client.tags()).not_to_contain_text("正在同步")


def test_quick_taps_are_all_taken(open_page: Browsing, stage: Deployment) -> None:
    client = Beside.newcomer(open_page, stage, "林立夏")
    client.open_sheet()
    for name in ("重要", "门店扫码", "朋友推荐"):
        client.chip(name).click()
    wait_until(lambda: client.tags_in_wecom() == {"重要", "门店扫码", "朋友推荐"})
    client.close_sheet()
    expect(client.tags().locator(".bk-tag")).to_have_count(3)
    expect(client.tags()).not_to_contain_text("正在同步")
    client.open_sheet()
    recent = client.sidebar.locator("#recent-title ~ .bk-chip")
    expect(recent.first).to_have_text("朋友推荐")


def test_the_search_finds_tags_and_says_when_there_is_none(
    open_page: Browsing, stage: Deployment
) -> None:
    client = Beside.newcomer(open_page, stage, "林小暑")
    client.open_sheet()
    search = client.sidebar.get_by_role("searchbox", name="搜索标签")
    search.fill("推荐")
    expect(client.sidebar.locator("#tag-form details .bk-chip:visible")).to_have_count(1)
    search.fill("没有的")
    expect(client.sidebar.get_by_text("没有这样的标签")).to_be_visible()
    search.fill("")
    expect(client.chip("重要")).to_be_visible()


def test_while_wecom_is_away_the_card_says_so_until_it_is_back(
    open_page: Browsing, stage: Deployment
) -> None:
    hold = stage.box.faults.hold(MARK_TAG, times=None)
    client = Beside.newcomer(open_page, stage, "林白露")
    client.open_sheet()
    client.chip("重要").click()
    expect(client.chip("重要")).to_contain_text("同步中")
    expect(client.tags()).to_contain_text("正在同步到企业微信")
    hold.release()
    stage.box.faults.clear(hold)
    wait_until(lambda: client.tags_in_wecom() == {"重要"})
    expect(client.chip("重要")).to_have_text("重要")
    expect(client.tags()).not_to_contain_text("正在同步")


def test_what_wecom_refuses_is_said_with_its_cause_and_can_be_tried_again(
    open_page: Browsing, stage: Deployment
) -> None:
    fault = stage.box.faults.errcode(MARK_TAG, 48002, times=None)
    client = Beside.newcomer(open_page, stage, "林秋分")
    client.open_sheet()
    client.chip("重要").click()
    faults = client.sidebar.locator("#sheet-faults")
    expect(faults).to_contain_text("「重要」没有加到企业微信：本应用不在客户联系的")
    expect(client.chip("重要")).to_contain_text("未同步")
    stage.box.faults.clear(fault)
    faults.get_by_role("button", name="重试").click()
    wait_until(lambda: client.tags_in_wecom() == {"重要"})
    expect(client.chip("重要")).to_have_text("重要")
    expect(faults).to_be_empty()


def test_a_remark_is_edited_in_its_place_and_the_chat_goes_by_it(
    open_page: Browsing, stage: Deployment
) -> None:
    client = Beside.newcomer(open_page, stage, "林寒露")
    client.edit_remark().fill("城西店-林姐")
    client.page.keyboard.press("Enter")
    expect(client.toast()).to_contain_text("备注已改为「城西店-林姐」")
    summary = client.sidebar.locator("#remark-edit summary")
    expect(summary).to_have_text(re.compile("备注.*城西店-林姐"))
    expect(summary).to_be_focused()
    wait_until(lambda: client.relation.remark == "城西店-林姐")
    expect(client.page.locator("#talk-title")).to_have_text("城西店-林姐")
    client.toast().get_by_role("button", name="撤销").click()
    wait_until(lambda: client.relation.remark == "林寒露")
    expect(client.sidebar.locator("#remark-edit summary")).to_have_text(re.compile("添加备注"))


def test_a_tap_elsewhere_saves_and_escape_does_not(open_page: Browsing, stage: Deployment) -> None:
    client = Beside.newcomer(open_page, stage, "林霜降")
    client.edit_remark().fill("不要了")
    client.page.keyboard.press("Escape")
    expect(client.sidebar.locator("#remark-edit")).not_to_have_attribute("open", "")
    expect(client.sidebar.locator("#remark-edit summary")).to_be_focused()
    client.sidebar.locator(".bk-header__name bdi").first.click()
    field = client.sidebar.locator("#remark-input")
    expect(field).to_be_focused()
    expect(field).to_have_value("")
    field.fill("南山店-林姐")
    client.sidebar.locator("#stage-title, #tags-title").first.click()
    wait_until(lambda: client.relation.remark == "南山店-林姐")
    assert [call.params["body"].get("remark") for call in stage.box.ledger.calls(REMARK)][-1:] == [
        "南山店-林姐"
    ]
    assert not any(
        call.params["body"].get("remark") == "不要了" for call in stage.box.ledger.calls(REMARK)
    )


def test_a_remark_that_is_too_long_says_so_and_can_be_mended(
    open_page: Browsing, stage: Deployment
) -> None:
    open_page.allow("422")
    client = Beside.newcomer(open_page, stage, "林立冬")
    client.edit_remark().fill("备" * 21)
    client.page.keyboard.press("Enter")
    expect(client.sidebar.get_by_role("alert")).to_have_text("备注最多 20 个字，现在是 21 个")
    field = client.sidebar.locator("#remark-input")
    expect(field).to_be_focused()
    expect(field).to_have_value("备" * 21)
    field.fill("备" * 20)
    client.page.keyboard.press("Enter")
    wait_until(lambda: client.relation.remark == "备" * 20)
    expect(client.sidebar.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_state_of_remark_and_tags_bars_anybody(
    open_page: Browsing, stage: Deployment, *, dark: bool
) -> None:
    open_page.allow("422")
    customer = newcomer(stage, "林大寒")
    tag_id = stage.box.people.tag_created("客户等级", f"将要删除{dark}").fields["Id"]
    people = stage.box.people
    people.member_marks_tags("zhaoyi", customer, add=[tag_id])
    settle(stage)
    looks = {"sandbox_member": "zhaoyi", "sandbox_theme": "dark" if dark else "light"}
    page = open_page(card_address(stage, customer), dark=dark, cookies=looks)
    stage.box.faults.errcode(MARK_TAG, 48002, times=None)
    page.locator("#remark-edit summary").click()
    page.locator("#remark-input").fill("备" * 21)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    found = {"remark": barriers(page)}
    page.keyboard.press("Escape")
    page.locator("#tags-open").click()
    page.locator("#tag-form details .bk-chip").filter(has_text="重要").click()
    expect(page.locator("#sheet-faults")).to_contain_text("没有加到企业微信")
    found["sheet"] = barriers(page)
    people.tag_deleted(tag_id)
    settle(stage)
    page.reload()
    expect(page.locator("#tags")).to_contain_text("没有加到企业微信")
    expect(page.locator(".bk-tag_gone")).to_contain_text("已失效")
    found["card"] = barriers(page)
    for width in (320, 360, 430):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0
    assert {place: words for place, words in found.items() if words} == {}


@pytest.mark.parametrize("seen_by", ["manager", "left"])
def test_who_may_not_write_reads_why(open_page: Browsing, stage: Deployment, seen_by: str) -> None:
    customer = newcomer(stage, "林小寒")
    if seen_by == "left":
        stage.box.people.customer_deletes_member("zhaoyi", customer)
        settle(stage)
    userid = "sunsan" if seen_by == "manager" else "zhaoyi"
    page = open_page(card_address(stage, customer), cookies={"sandbox_member": userid})
    why = "只有 赵忆南 自己能修改" if seen_by == "manager" else "备注、描述、电话和标签不能再修改"
    expect(page.locator("#tags")).to_contain_text(why)
    expect(page.locator("#tags-open, #remark-edit")).to_have_count(0)

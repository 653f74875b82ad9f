"""What a member does in the sidebar, one row for each: how it begins, is done, and shows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from playwright.sync_api import Locator, Page


@dataclass(frozen=True)
class Work:
    """Something that a member does.

    `place`: a key of the addresses where he works; `begin` leads to what `act` does, `done` is seen
    once the server has it. `typed`: what is then in which fields, or a part of it.
    """

    place: str
    act: Callable[[Page], None]
    done: Callable[[Page], Locator]
    begin: Callable[[Page], None] = lambda _page: None
    typed: Mapping[str, str] = field(default_factory=dict)


def said(page: Page, words: str) -> Locator:
    return page.locator("#toast").get_by_text(words)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def press_enter(page: Page, selector: str) -> None:
    page.locator(selector).focus()
    page.keyboard.press("Enter")


def write_remark(page: Page) -> None:
    page.locator("#remark-edit summary").click()
    page.locator("#remark-input").fill("城西店-李姐")


def write_field(page: Page) -> None:
    row = page.locator(".bk-field", has_text="公司")
    row.get_by_role("link").click()
    row.locator("[name=text]").fill("城西服装店")


def open_tags(page: Page) -> None:
    page.locator("#tags-open").click()
    # Where there are many groups of tags, each is closed at first.
    group = page.locator("#tag-form details", has=page.locator(".bk-chip", has_text="重要"))
    group.wait_for()
    if not group.locator(".bk-chip").first.is_visible():
        group.locator("summary").click()


def write_stage_note(page: Page) -> None:
    press(page, "成交")
    page.locator(".bk-after [name=amount]").fill("1280.50")
    page.locator(".bk-after [name=why]").fill("会员日下的单")


def write_reminder(page: Page) -> None:
    page.locator("#note-text").fill("到店前一天提醒她")
    page.get_by_text("自选", exact=True).click()
    choose_minute(page.locator("#note-form [name=at]"), "16:45")


def put_off(page: Page) -> None:
    page.get_by_text("推迟", exact=True).first.click()
    choose_minute(page.locator(".bk-reminder [name=at]"), "20:15")


def choose_minute(at: Locator, minute: str) -> None:
    """Type another time than the one of tomorrow that stands there."""
    at.fill(f"{at.input_value().partition('T')[0]}T{minute}")


def write_loss_note(page: Page) -> None:
    page.locator("#loss-other").click()
    page.locator("#loss-note [name=note]").fill("搬到外地去了")


def write_item(page: Page) -> None:
    page.locator("#library-new").click()
    page.locator("[name=item_title]").fill("没写完的话术")
    page.locator("#edit-parts [name=content]").fill("您好，")


def go_on_writing(page: Page) -> None:
    page.locator("#edit-parts [name=content]").fill("{{客户昵称}}，秋装到了")
    page.locator("[name=item_title]").focus()


def search_people(page: Page) -> None:
    search = page.get_by_role("searchbox")
    search.fill("")
    search.press_sequentially("赵忆")


WORKS = {
    "stage": Work(
        place="profile",
        act=lambda page: press(page, "意向"),
        done=lambda page: said(page, "已改为「意向」"),
    ),
    "stage note": Work(
        place="profile",
        begin=write_stage_note,
        act=lambda page: press_enter(page, ".bk-after [name=why]"),
        done=lambda page: page.locator("#timeline").get_by_text("会员日下的单").first,
        typed={".bk-after [name=amount]": "1280.50", ".bk-after [name=why]": "会员日下的单"},
    ),
    "remark": Work(
        place="profile",
        begin=write_remark,
        act=lambda page: press_enter(page, "#remark-input"),
        done=lambda page: said(page, "备注已改为「城西店-李姐」"),
        typed={"#remark-input": "城西店-李姐"},
    ),
    "field": Work(
        place="profile",
        begin=write_field,
        act=lambda page: press_enter(page, ".bk-edit [name=text]"),
        done=lambda page: page.locator("#timeline").get_by_text("公司：城西服装店"),
        typed={".bk-edit [name=text]": "城西服装店"},
    ),
    "tag": Work(
        place="profile",
        begin=open_tags,
        act=lambda page: page.locator("#tag-form details .bk-chip", has_text="重要").click(),
        done=lambda page: said(page, "已加上「重要」"),
    ),
    "note": Work(
        place="follow_ups",
        begin=lambda page: page.locator("#note-text").fill("周五前给报价"),
        act=lambda page: press(page, "记录"),
        done=lambda page: page.locator("#history").get_by_text("周五前给报价"),
        typed={"#note-text": "周五前给报价"},
    ),
    "reminder": Work(
        place="follow_ups",
        begin=write_reminder,
        act=lambda page: press(page, "记录"),
        done=lambda page: page.locator("#reminders").get_by_text("到店前一天提醒她"),
        typed={"#note-text": "到店前一天提醒她", "#note-form [name=at]": "T16:45"},
    ),
    "reminder put off": Work(
        place="follow_ups",
        begin=put_off,
        act=lambda page: press(page, "改到此时"),
        done=lambda page: said(page, "再提醒你"),
        typed={".bk-reminder [name=at]": "T20:15"},
    ),
    "loss reason": Work(
        place="lost",
        act=lambda page: press(page, "价格"),
        done=lambda page: said(page, "流失原因：价格"),
    ),
    "loss note": Work(
        place="lost",
        begin=write_loss_note,
        act=lambda page: press_enter(page, "#loss-note [name=note]"),
        done=lambda page: said(page, "已补充"),
        typed={"#loss-note [name=note]": "搬到外地去了"},
    ),
    "star": Work(
        place="scripts",
        act=lambda page: page.locator(".bk-star").first.click(),
        # The tap shows at once; that the next one takes it back, the server alone says.
        done=lambda page: page.locator(".bk-star[value='0']").first,
    ),
    "own item's draft": Work(
        place="scripts",
        begin=write_item,
        act=go_on_writing,
        # How it reads for the customer, the server says who has the draft.
        done=lambda page: page.locator(".bk-part__filled").get_by_text("李春分，秋装到了"),
        typed={"[name=item_title]": "没写完的话术", "#edit-parts [name=content]": "秋装到了"},
    ),
    "people of a group": Work(
        place="group",
        act=search_people,
        done=lambda page: page.locator(".bk-people:not(:has(li + li))"),
        typed={"[type=search]": "赵忆"},
    ),
}

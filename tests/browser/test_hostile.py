"""Whatever strangers call themselves, and whatever they write, is text and nothing else."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from app.db import fit
from app.outbox import customer_path
from app.sandbox.world import Tag, TagGroup
from app.words import clean
from sidebar.panels.showing import visible
from tests.browser.client import ChatClient, card_address, newcomer, settle
from tests.browser.fragments import read_fragments
from tests.browser.hostile import HOSTILE, TRICKS, WRAPS, field_of
from tests.browser.watching import Browsing
from tests.deployment import Deployment

PLAIN = "大暑天"
PAGE = 100
TAG_LENGTH = 64
WAYS = len(WRAPS)
# How the elements below each match lie in one another: text that became an element is another.
# That somebody has not read it yet is none.
SHAPES = """(selector) => [...document.querySelectorAll(selector)].map(
  (one) => [...one.querySelectorAll("*:not(.unread, .unread *)")]
    .map((element) => element.tagName).join(" "))"""
TEXTS = "(selector) => [...document.querySelectorAll(selector)].map((one) => one.textContent)"


@dataclass(frozen=True)
class Crowd:
    """Who came: customers with four strings each; some more who bear all strings as tags.

    The first of these is in a group for each trick, too.
    """

    customers: list[str]
    tagged: list[str]


@pytest.fixture(scope="module")
def crowd(stage: Deployment) -> Iterator[Crowd]:
    """Let them come, each with a name, a channel and a remark, and the first write to a member.

    What they were tagged with goes again: among so many tags others find theirs in closed groups.
    """
    people = stage.box.people
    with stage.box.world.lock:
        customers = [_comes(stage, at) for at in range(len(TRICKS))]
    for text in HOSTILE:
        people.talk("lisi", customers[0], by="customer", text=text)
    tagged = [newcomer(stage, f"{PLAIN}{number}", userid="sunsan") for number in range(WAYS)]
    for customer, names in zip(tagged, batched(HOSTILE, len(TRICKS)), strict=True):
        mark(stage, customer, names)
    people.something_happens("change_external_tag", ChangeType="shuffle", Id="")
    for name in field_of(0):
        people.group_created("lisi", name=name, members=[tagged[0]])
    settle(stage)
    yield Crowd(customers, tagged)
    with stage.box.world.lock:
        for customer in tagged:
            del stage.box.world.tag_groups[f"etGroup{customer}"]
            relation = stage.box.world.find_relation("sunsan", customer)
            assert relation
            relation.tag_ids.clear()
    people.something_happens("change_external_tag", ChangeType="shuffle", Id="")
    settle(stage)


def _comes(stage: Deployment, at: int) -> str:
    name, state, remark, description = (field_of(number)[at] for number in range(WAYS))
    customer = stage.box.people.customer_scans("lisi", name=name, state=state).external_userid
    relation = stage.box.world.find_relation("lisi", customer)
    assert relation
    relation.remark, relation.description = remark, description
    return customer


def batched(names: tuple[str, ...], size: int) -> list[tuple[str, ...]]:
    return [names[at : at + size] for at in range(0, len(names), size)]


def mark(stage: Deployment, customer: str, names: tuple[str, ...]) -> None:
    """Have these tags in the corp, and all of them marked at one customer."""
    tags = [Tag(f"et{customer}{number}", name, 0) for number, name in enumerate(names)]
    with stage.box.world.lock:
        group = TagGroup(f"etGroup{customer}", names[0], 0, tags=tags)
        stage.box.world.tag_groups[group.group_id] = group
    stage.box.people.member_marks_tags("sunsan", customer, add=[tag.id for tag in tags])


def test_the_chats_show_it_as_text(open_page: Browsing, stage: Deployment, crowd: Crowd) -> None:
    client = ChatClient.of(open_page, stage, userid="lisi", customer=crowd.customers[0])
    expect(client.messages.locator(".bubble")).to_have_count(PAGE)
    client.page.get_by_role("button", name="更早的消息").click()
    expect(client.messages.locator(".bubble")).to_have_count(2 * PAGE)
    said = client.page.evaluate(TEXTS, "#messages [data-from=customer] .bubble")
    assert [clean(text) for text in said] == [clean(text) for text in HOSTILE]
    assert shapes(client.page, "#messages [data-from=customer]") == 1
    listed = set(client.page.evaluate(TEXTS, "[data-hook=chat] .chat-name"))
    assert {clean(name) for name in [*field_of(0), *field_of(2)]} <= listed
    assert shapes(client.page, "[data-hook=chat][data-kind=group]") == 1
    assert shapes(client.page, "[data-hook=chat][data-kind=customer]") == 1
    assert shapes(client.page, "[data-hook=event][data-change=create]") == 1


def test_what_the_card_tells_of_a_customer_is_text(
    open_page: Browsing, stage: Deployment, crowd: Crowd
) -> None:
    address = card_address(stage, crowd.customers[0])
    page = open_page(address, cookies={"sandbox_member": "lisi"})
    read = read_fragments(
        page,
        [customer_path(customer) for customer in crowd.customers],
        ".bk-header__name > bdi",
        ".bk-header__remark bdi",
        ".bk-header__description bdi",
        ".bk-source li:first-child",
        within=".bk-header",
    )
    names, states, remarks, descriptions = (list(map(visible, field_of(n))) for n in range(WAYS))
    channels = [f"来自渠道「{state}」" for state in states]
    assert list(read.texts.values()) == [names, remarks, descriptions, channels]
    assert len(read.ways) == 1


def test_tags_on_the_card_are_text(open_page: Browsing, stage: Deployment, crowd: Crowd) -> None:
    page = open_page(card_address(stage, crowd.tagged[0]), cookies={"sandbox_member": "sunsan"})
    for customer, names in zip(crowd.tagged, batched(HOSTILE, len(TRICKS)), strict=True):
        page.goto(card_address(stage, customer))
        tags = page.evaluate(TEXTS, ".bk-tag")
        assert sorted(tags) == sorted(visible(fit(name, TAG_LENGTH)) for name in names)
        assert shapes(page, ".bk-tag") == 1


def test_tags_in_the_sheet_are_text(open_page: Browsing, stage: Deployment, crowd: Crowd) -> None:
    page = open_page(card_address(stage, crowd.tagged[0]), cookies={"sandbox_member": "sunsan"})
    page.locator("#tags-open").click()
    expect(page.locator("#sheet-title")).to_be_focused()
    shown = page.evaluate(TEXTS, "#tag-form .bk-chip bdi")
    named = [visible(fit(name, TAG_LENGTH)) or "未命名的标签" for name in HOSTILE]
    assert set(named) <= set(shown)
    assert shapes(page, "#tag-form .bk-chip") == 1
    groups = page.evaluate(TEXTS, "#tag-form summary bdi")
    assert {visible(names[0]) for names in batched(HOSTILE, len(TRICKS))} <= set(groups)
    page.locator("#tag-form .bk-chip:visible").first.click()
    expect(page.locator("#toast bdi")).to_have_text(re.compile("^已去掉「"))
    assert shapes(page, "#toast .bk-say__text") == 1


def test_groups_on_the_card_are_text(open_page: Browsing, stage: Deployment, crowd: Crowd) -> None:
    page = open_page(card_address(stage, crowd.tagged[0]), cookies={"sandbox_member": "sunsan"})
    more = page.get_by_role("link", name="加载更多")
    while more.count():
        lines = page.locator(".bk-entry").count()
        more.click()
        expect(page.locator(".bk-entry")).not_to_have_count(lines)
    joined = page.evaluate(TEXTS, ".bk-entry_group .bk-entry__text")
    assert sorted(joined) == sorted(f"加入客户群「{clean(name)}」" for name in field_of(0))
    assert shapes(page, ".bk-entry_group") == 1


def shapes(page: Page, selector: str) -> int:
    """Count the ways in which these are built; where nothing became an element there is one."""
    found = page.evaluate(SHAPES, selector)
    assert found
    return len(set(found))

"""Whatever strangers call themselves, and whatever they write, is text and nothing else."""

from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, expect

from app.db import fit
from app.sandbox.world import Tag, TagGroup
from app.words import clean
from sidebar.panels.profile.view import visible
from tests.browser.client import ChatClient, card_address, newcomer, settle
from tests.browser.hostile import HOSTILE
from tests.browser.watching import Browsing
from tests.deployment import Deployment

PLAIN = "季春风"
PAGE = 100
# The list of chats ends at two hundred, the sandbox's own among them.
LEFT_OUT = 12
TAG_LENGTH = 64
TAGS = 50
# How the elements below each match lie in one another: text that became an element is another.
SHAPES = """(selector) => [...document.querySelectorAll(selector)].map(
  (one) => [...one.querySelectorAll("*")].map((element) => element.tagName).join(" "))"""
TEXTS = "(selector) => [...document.querySelectorAll(selector)].map((one) => one.textContent)"
# Each customer's card as htmx gets it: what its heading says, and which elements it has.
CARDS = """async (ids) => {
  const read = async (id) => {
    const headers = { "HX-Request": "true" };
    const answer = await fetch(`/sidebar/customers/${id}/profile`, { headers });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const text = (selector) => page.querySelector(selector)?.textContent ?? "";
    return {
      name: text(".bk-header__name > bdi"),
      remark: text(".bk-header__remark > bdi"),
      source: text(".bk-source bdi"),
      shape: [...page.querySelectorAll("*")].map((element) => element.tagName).join(" "),
    };
  };
  const cards = [];
  for (let at = 0; at < ids.length; at += 8) {
    cards.push(...(await Promise.all(ids.slice(at, at + 8).map(read))));
  }
  return cards;
}"""


@dataclass
class Crowd:
    """Who came: a customer for each string, and some who bear them as tags.

    The first of these is in a group for each string, too.
    """

    customers: list[str] = field(default_factory=list)
    tagged: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def crowd(stage: Deployment) -> Crowd:
    """Let them come, each with a name, a channel and a remark, and the first write to a member."""
    box, made = stage.box, Crowd()
    box.delivery.pause()
    with box.world.lock:
        for name, remark in zip(HOSTILE, reversed(HOSTILE), strict=True):
            customer = box.people.customer_scans("zhaoyi", name=name, state=name).external_userid
            relation = box.world.find_relation("zhaoyi", customer)
            assert relation
            relation.remark = remark
            made.customers.append(customer)
    box.delivery.resume()
    settle(stage)
    for text in HOSTILE:
        box.people.talk("zhaoyi", made.customers[0], by="customer", text=text)
    for number, some in enumerate(batched(HOSTILE, TAGS)):
        made.tagged.append(newcomer(stage, f"{PLAIN}{number}", userid="sunsan"))
        mark(stage, made.tagged[-1], some)
    for name in HOSTILE:
        box.people.group_created("lisi", name=name, members=[made.tagged[0]])
    settle(stage)
    return made


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
    client = ChatClient.of(open_page, stage, customer=crowd.customers[0])
    rows = "[data-hook=chat][data-kind=customer]"
    expect(client.messages.locator(".bubble")).to_have_count(PAGE)
    shown = set(client.page.evaluate(TEXTS, f"{rows} .chat-name"))
    assert len({clean(name) for name in HOSTILE} - shown) < LEFT_OUT
    assert shapes(client.page, f"{rows}:not(:has(.unread))") == 1
    client.page.get_by_role("button", name="更早的消息").click()
    expect(client.messages.locator(".bubble")).to_have_count(2 * PAGE)
    said = client.page.evaluate(TEXTS, "#messages [data-from=customer] .bubble")
    assert [clean(text) for text in said] == [clean(text) for text in HOSTILE]
    assert shapes(client.page, "#messages [data-from=customer]") == 1
    assert shapes(client.page, "[data-hook=event]") == 1


def test_the_groups_show_it_as_text(open_page: Browsing, stage: Deployment, crowd: Crowd) -> None:
    del crowd
    client = ChatClient.of(open_page, stage, userid="lisi")
    rows = "[data-hook=chat][data-kind=group]"
    shown = set(client.page.evaluate(TEXTS, f"{rows} .chat-name"))
    assert len({clean(name) for name in HOSTILE} - shown) < LEFT_OUT
    assert shapes(client.page, rows) == 1


def test_names_remarks_and_channels_on_the_card_are_text(
    open_page: Browsing, stage: Deployment, crowd: Crowd
) -> None:
    address = card_address(stage, crowd.customers[0])
    page = open_page(address, cookies={"sandbox_member": "zhaoyi"})
    cards = page.evaluate(CARDS, crowd.customers)
    assert [card["name"] for card in cards] == [visible(name) for name in HOSTILE]
    assert [card["remark"] for card in cards] == [visible(name) for name in reversed(HOSTILE)]
    assert [card["source"] for card in cards] == [f"来自渠道「{visible(n)}」" for n in HOSTILE]
    assert len({card["shape"] for card in cards}) == 1


def test_tags_on_the_card_are_text(open_page: Browsing, stage: Deployment, crowd: Crowd) -> None:
    page = open_page(card_address(stage, crowd.tagged[0]), cookies={"sandbox_member": "sunsan"})
    for customer, names in zip(crowd.tagged, batched(HOSTILE, TAGS), strict=True):
        page.goto(card_address(stage, customer))
        tags = page.evaluate(TEXTS, ".bk-tag")
        assert sorted(tags) == sorted(visible(fit(name, TAG_LENGTH)) for name in names)
        assert shapes(page, ".bk-tag") == 1


def test_groups_on_the_card_are_text(open_page: Browsing, stage: Deployment, crowd: Crowd) -> None:
    page = open_page(card_address(stage, crowd.tagged[0]), cookies={"sandbox_member": "sunsan"})
    more = page.get_by_role("link", name="加载更多")
    while more.count():
        lines = page.locator(".bk-entry").count()
        more.click()
        expect(page.locator(".bk-entry")).not_to_have_count(lines)
    joined = page.evaluate(TEXTS, ".bk-entry_group .bk-entry__text")
    assert sorted(joined) == sorted(f"加入客户群「{clean(name)}」" for name in HOSTILE)
    assert shapes(page, ".bk-entry_group") == 1


def shapes(page: Page, selector: str) -> int:
    """Count the ways in which these are built; where nothing became an element there is one."""
    found = page.evaluate(SHAPES, selector)
    assert found
    return len(set(found))

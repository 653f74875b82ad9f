"""Two hundred hostile texts in every place of the panels where a stranger's text can stand.

Each stands in a real page of ours, under its policy: it reads as what it is, became no element and
no attribute, and nothing came of it (see `watching`).
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.customers.actions.own_changes import REMARK_LENGTH
from app.customers.queries.stages import PIPELINES
from app.db import Database
from app.factory import create_app
from app.library.models import GROUP_LENGTH, TITLE_LENGTH, LibraryItem
from app.outbox import customer_path
from app.words import clean
from sidebar.panels.showing import visible
from sidebar.session import MEMBER_COOKIE
from tests import settings
from tests.browser import hostile_rows as rows
from tests.browser.fragments import read_fragments
from tests.browser.hostile import HOSTILE
from tests.browser.hostile_rows import (
    COUNT,
    PARTS,
    SHORT,
    customer_of,
    group_of,
    name_pipelines,
    name_stages,
    short_texts,
    text_at,
)
from tests.browser.serving import serve
from tests.browser.watching import Browsing
from tests.sidebar.cards import cookie_of, unhurried

PROFILE = customer_path(rows.PLAIN)
SHELF = customer_path(rows.PLAIN, "scripts")
# The corp's items by 30, of which those with a title of their own come first.
PAGES, LISTED = 7, 20
# Changes take their time. It is done; a colleague was quicker; he did the same.
FEW, WAYS_OF_A_CHANGE = 5, 3
# By kind of part: its fields, in the order of their places, and where its texts stand.
NAMES = {
    "text": ["content"],
    "news": ["title", "desc", "link", "imgUrl"],
    "miniprogram": ["title", "appid", "page", "imgUrl"],
}
IN_SHEET = {
    "text": [],
    "news": [
        ".bk-message b",
        ".bk-message p > bdi:first-of-type",
        ".bk-message br + bdi + br + bdi",
    ],
    "miniprogram": [".bk-message__card b"],
    "file": [".bk-message__card b"],
}
IN_FORM = {kind: [f"#edit-parts [name={name}]" for name in names] for kind, names in NAMES.items()}
IN_FORM["file"] = ["#edit-parts .bk-file__name"]
MOST_SEARCHED = 40
# Each text typed into the field of a form and sent: how that was answered, what stands in the field
# then, what the page says of it, and how that is built.
TYPE = """async ({ id, texts }) => {
  const fieldOf = () => document.querySelector(`#${id} input:not([type=hidden])`);
  const answer = () => new Promise((done) => {
    document.addEventListener("htmx:finally:request", function listen({ detail: { ctx } }) {
      // Others ask meanwhile how far the last change has come.
      if (ctx.sourceElement.id !== id) return;
      document.removeEventListener("htmx:finally:request", listen);
      done(ctx.response.status);
    });
  });
  const told = [];
  for (const text of texts) {
    fieldOf().value = text;
    const answered = answer();
    fieldOf().form.requestSubmit();
    const status = await answered;
    const places = ["#remark .bk-header__remark bdi", "#toast bdi"];
    const seen = places.map((place) => document.querySelector(place));
    const parts = [...document.querySelectorAll("#remark summary *, #toast *")];
    told.push({
      status,
      typed: fieldOf().value,
      shown: seen.map((one) => one?.textContent ?? ""),
      way: parts.map(({ tagName }) => tagName).join(" "),
    });
  }
  return told;
}"""

Open = Callable[..., Page]


@pytest.fixture
def open_card(open_page: Browsing, tmp_path: Path, db: Database) -> Iterator[Open]:
    """Give what opens the card of the plain customer, where these rows are written."""
    with ExitStack() as stack:

        def open_among(*makers: Callable[[Session], None]) -> Page:
            for make in (rows.make_plain, *makers):
                db.commit(make)
            app = create_app(settings.make_config(tmp_path, database={"url": str(db.url)}))
            address = stack.enter_context(serve(unhurried(app)))
            cookies = {MEMBER_COOKIE: cookie_of(app, rows.ZHAOYI)}
            page = open_page(f"{address}{PROFILE}", cookies=cookies)
            # What it still asks for would be a fault once nobody answers.
            stack.callback(page.close)
            return page

        yield open_among


def all_at(place: int, show: Callable[[str], str] = visible) -> list[str]:
    """Return the texts of all rows at a place, as they should read."""
    return [show(text_at(number, place)) for number in range(COUNT)]


def cut(length: int) -> Callable[[str], str]:
    return lambda text: visible(text[:length])


def test_whatever_a_customer_is_called_is_text(open_card: Open) -> None:
    page = open_card(rows.make_customers)
    read = read_fragments(
        page,
        [customer_path(customer_of(number)) for number in range(COUNT)],
        ".bk-header__name > bdi",
        ".bk-header__remark bdi",
        "#remark-input",
        ".bk-header__description bdi",
        ".bk-source li:first-child",
        ".bk-badge bdi",
        within=".bk-header",
    )
    assert list(read.texts.values()) == [
        all_at(0),
        all_at(1),
        all_at(1),
        all_at(2),
        [f"来自渠道「{state}」" for state in all_at(3)],
        [f"@{corp}" for corp in all_at(4)],
    ]
    assert len(read.ways) == 1


def test_what_is_to_be_done_and_what_was_typed_is_text(open_card: Open) -> None:
    page = open_card(rows.make_customers, rows.make_written)
    panels = [customer_path(customer_of(number), "follow_ups") for number in range(COUNT)]
    read = read_fragments(page, panels, ".bk-who bdi", ".bk-reminder__text bdi", "#note-text")
    assert list(read.texts.values()) == [
        all_at(1),
        all_at(0, lambda text: visible(" ".join(text.split()))),
        all_at(2, str),
    ]
    assert len(read.ways) == 1


def test_what_a_group_is_called_and_says_and_who_is_in_it_is_text(open_card: Open) -> None:
    page = open_card(rows.make_groups)
    read = read_fragments(
        page,
        [f"/sidebar/groups/{group_of(number)}/group" for number in range(COUNT)],
        ".bk-header__name bdi",
        ".bk-notice-board bdi",
        ".bk-person__name",
        ".bk-person__also bdi",
        ".bk-entry__text",
    )
    assert list(read.texts.values()) == [
        all_at(0),
        all_at(1),
        all_at(2),
        all_at(3),
        [line for number in range(COUNT) for line in moves_of(number)],
    ]
    assert len(read.ways) == 1


def moves_of(number: int) -> list[str]:
    """Return who came into a group and who left it, as its card should say it."""
    stays, gone = visible(text_at(number, 2)), visible(text_at(number, 4))
    return [f"{gone} 退出群聊", f"{gone} 加入群聊", f"{stays} 加入群聊"]


def test_the_groups_of_a_customer_are_text(open_card: Open) -> None:
    page = open_card(rows.make_groups)
    lists = [f"{PROFILE}/groups?page={number}" for number in range(COUNT // LISTED)]
    read = read_fragments(page, lists, ".bk-list__row bdi", within=".bk-list__row")
    assert sorted(read.texts[".bk-list__row bdi"]) == sorted(all_at(0))
    more = page.get_by_role("link", name="加载更多")
    while more.count():
        lines = page.locator(".bk-entry").count()
        more.click()
        expect(page.locator(".bk-entry")).not_to_have_count(lines)
    joined = page.locator(".bk-entry_group .bk-entry__text").all_inner_texts()
    assert len(joined) == COUNT
    shown = page.locator(".bk-entry_group").evaluate_all(
        "all => all.map((one) => [...one.querySelectorAll('*')].map((part) => part.tagName).join())"
    )
    assert len(set(shown)) == 1


def test_tags_and_their_groups_are_text(open_card: Open) -> None:
    page = open_card(rows.make_tags)
    read = read_fragments(page, [f"{PROFILE}/tags"], "summary bdi", ".bk-chip bdi")
    named = [cut(64)(text) or "未命名的标签" for text in all_at(1, str)]
    assert sorted(read.texts["summary bdi"]) == sorted(all_at(0, cut(64)))
    assert sorted(read.texts[".bk-chip bdi"]) == sorted(named)


def test_stages_are_text(open_page: Browsing, open_card: Open, db: Database) -> None:
    # All but the first change of a pipeline come too late.
    open_page.allow("status of 409")
    page = open_card(rows.make_stages)
    stages = page.locator(".bk-stages .bk-stage").evaluate_all(
        "all => all.map((one) => [one.form.elements.pipeline.value, one.value])"
    )
    changes = [
        {"path": f"{PROFILE}/stage", "body": {"pipeline": pipeline, "to": to, "seen": "0"}}
        for pipeline, to in stages
    ]
    texts = list(short_texts())
    for first in range(0, len(texts), len(stages)):
        names = texts[first : first + len(stages)]
        db.commit(partial(name_stages, names=names))
        shown = read_fragments(page, [PROFILE], ".bk-stage__pill").texts[".bk-stage__pill"]
        assert shown[: len(names)] == list(map(visible, names))
        told = read_fragments(
            page, changes[::FEW], "bdi", ".bk-button", within=":is(.bk-say, .bk-conflict)"
        )
        said = "".join(told.texts["bdi"] + told.texts[".bk-button"])
        assert [one for one in names[::FEW] if f"「{visible(one)}」" not in said] == []
        assert len(told.ways) <= WAYS_OF_A_CHANGE


def test_pipelines_are_text(open_card: Open, db: Database) -> None:
    page = open_card(rows.make_stages)
    history = ".bk-link[aria-label]@aria-label"
    ways: set[tuple[str, ...]] = set()
    for first in range(0, COUNT, PIPELINES):
        names = list(short_texts())[first : first + PIPELINES]
        db.commit(partial(name_pipelines, names=names))
        read = read_fragments(page, [PROFILE], "[id$=-title] bdi", history, within=".bk-stages")
        seen = list(map(visible, names))
        assert read.texts["[id$=-title] bdi"][: len(seen)] == seen
        assert read.texts[history][: len(seen)] == [f"{name}的历史" for name in seen]
        ways |= read.ways
    assert len(ways) == 1


def test_fields_their_hints_and_options_are_text(open_card: Open) -> None:
    page = open_card(rows.make_fields)
    # The numbers that a member noted have a row of their own, and no name that anybody writes.
    field = ".bk-field:not(#field-mobiles)"
    forms = page.locator(f"{field} .bk-field__edit").evaluate_all(
        "all => all.map((one) => one.getAttribute('hx-get'))"
    )
    card = read_fragments(page, [PROFILE], f"{field} dt", f"{field} p")
    names = [name.removesuffix("，编辑") for name in card.texts[f"{field} dt"]]
    assert names == all_at(0, cut(SHORT))
    assert card.texts[f"{field} p"] == all_at(1, cut(64))[len(forms) :]
    read = read_fragments(page, forms, "option[value^=o]", ".bk-chip bdi", ".bk-edit p.bk-label")
    assert read.texts["option[value^=o]"] == all_at(0, cut(SHORT))
    assert read.texts[".bk-chip bdi"] == all_at(0, cut(SHORT))
    assert read.texts[".bk-edit p.bk-label"] == all_at(1, cut(64))[: len(forms)]
    # One for each kind of choice.
    assert len(read.ways) == len(set(rows.CHOICES))


def test_titles_and_groups_of_the_library_are_text(open_card: Open) -> None:
    page = open_card(rows.make_library)
    lists = [f"{SHELF}/list?tab=corp&page={number}" for number in range(PAGES)]
    titles, label = ".bk-item__title", ".bk-star@aria-label"
    read = read_fragments(page, lists, titles, label, within=".bk-item__title")
    assert read.texts[titles][:COUNT] == [one or "未命名" for one in all_at(1, cut(TITLE_LENGTH))]
    assert read.texts[label] == [f"收藏「{title}」" for title in read.texts[titles]]
    named = read_fragments(page, lists[:1], ".bk-filter bdi").texts[".bk-filter bdi"][1:]
    wanted = dict.fromkeys(text[:GROUP_LENGTH] for text in HOSTILE)
    assert [one.rpartition(" ")[0] for one in named] == [visible(one) or "未命名" for one in wanted]


@pytest.mark.parametrize("msgtype", PARTS)
def test_whatever_the_corp_sends_is_text(open_card: Open, db: Database, msgtype: str) -> None:
    page = open_card(rows.make_library)
    with db.read() as session:
        wanted = select(LibraryItem.id).where(LibraryItem.key.like(f"{msgtype}%"))
        ids = session.scalars(wanted.order_by(LibraryItem.id)).all()
    for part, places in ((f"{SHELF}/item?item=", IN_SHEET), (f"{SHELF}/edit?from=", IN_FORM)):
        selectors = places[msgtype]
        read = read_fragments(page, [f"{part}{one}" for one in ids], *selectors, within="form, li")
        show = visible if places is IN_SHEET else str
        told = [[one.removesuffix(" · 1 KB") for one in texts] for texts in read.texts.values()]
        assert told == [all_at(place, show) for place in range(len(selectors))]
        assert len(read.ways) == 1
    if msgtype in NAMES:
        asks = [{"path": f"{SHELF}/prepare", "body": {"item": f"{one}"}} for one in ids]
        check_ready(page, asks, msgtype)


def check_ready(page: Page, asks: Sequence[Mapping[str, Any]], msgtype: str) -> None:
    """Look at what is made ready to be sent: for the eye, and for the script that sends it."""
    job, told = "[data-messages]@data-messages", ".bk-sending bdi"
    read = read_fragments(page, asks, job, told)
    bodies = [part["body"][msgtype] for one in read.texts[job] for part in json.loads(one)["parts"]]
    show = filled if msgtype == "text" else str
    for place, name in enumerate(NAMES[msgtype]):
        assert [body[name] for body in bodies] == all_at(place, show)
    assert len(read.texts[told]) == COUNT
    assert len(read.ways) == 1


def filled(text: str) -> str:
    """Return a text with the one variable that some of them have."""
    return text.replace("{{员工姓名}}", "赵忆南")


def test_whatever_is_searched_for_is_text(open_card: Open) -> None:
    page = open_card()
    asks = [f"{SHELF}?{urlencode({'q': text})}" for text in HOSTILE]
    shelf = read_fragments(page, asks, "#library-search", ".bk-empty")
    typed = list(map(as_searched, HOSTILE))
    assert shelf.texts["#library-search"] == typed
    told = [f"没有找到「{visible(text)}」。换个词，或用拼音首字母试试。" for text in typed]
    assert shelf.texts[".bk-empty"] == told
    assert len(shelf.ways) == 1


def as_searched(text: str) -> str:
    return clean(text).strip()[:MOST_SEARCHED]


def test_remarks_that_are_typed_are_text(open_page: Browsing, open_card: Open) -> None:
    open_page.allow("status of 422")
    page = open_card()
    ways: set[tuple[str, ...]] = set()
    for text, told in zip(HOSTILE, typed_as_remarks(page), strict=True):
        said = " ".join(clean(" ".join(text.split())).split())
        if told["status"] == HTTPStatus.OK:
            assert told["shown"] == [said, f"备注已改为「{said}」"]
            ways.add(told["way"])
        else:
            assert len(said) > REMARK_LENGTH
            assert told["typed"] == text
    assert len(ways) == 1


def typed_as_remarks(page: Page) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = page.evaluate(TYPE, {"id": "remark-form", "texts": HOSTILE})
    return told

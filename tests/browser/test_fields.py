"""The fields in a browser: tapped, typed, saved when left; by keyboard alone; on narrow pages."""

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select
from werkzeug.serving import make_server

from app import clock
from app.audit.models import AuditEntry
from app.customers.actions import set_field
from app.customers.actions.sealing import set_mobiles
from app.customers.models import CustomField, FollowUser
from app.customers.queries import find_field_state, word_value
from app.db import Database
from sidebar.session import MEMBER_COOKIE
from tests.browser.hostile import HOSTILE
from tests.browser.watching import Browsing, barriers
from tests.sidebar.browser import CLIENT
from tests.sidebar.cards import LI, PATH, Card, card_of, make_app

PHONE = "13800001234"
LINK = "https://www.xiaohongshu.com/user/profile/5f3c1a2b00000000010012ab"
# Beside those that a shop has from the start: key, name, kind.
MORE = (("page", "小红书", "link"), ("visits", "到店次数", "number"))

# Each text saved in a field as htmx does it: by status, in which ways the row is built. A text that
# became an element would be another way.
HOSTILE_FIELD = """async ([texts, field]) => {
  const { csrfToken } = document.getElementById("panel").dataset;
  const headers = { "HX-Request": "true", "X-CSRF-Token": csrfToken };
  const ways = {};
  let seen = 0;
  for (const text of texts) {
    const body = new URLSearchParams({ field, seen, text });
    const answer = await fetch(`${location.pathname}/field`, { method: "POST", headers, body });
    if (answer.ok) seen += 1;
    const place = document.createElement("div");
    place.innerHTML = await answer.text();
    document.body.append(place);
    const row = place.querySelector(`#field-${field}`);
    const way = [...row.querySelectorAll("*")].map((one) => one.tagName).join(" ");
    ways[answer.status] = [...new Set([...(ways[answer.status] || []), way])];
    place.remove();
  }
  return ways;
}"""


@dataclass(frozen=True)
class Shown:
    """A card, and what opens it in a browser."""

    card: Card
    open: Callable[..., Page]
    ids: dict[str, int]

    def put(self, key: str, *typed: str, userid: str = "wangqiang", seen: int = 0) -> None:
        """Have a colleague write into a field."""
        with self.card.db.write() as session:
            set_field(
                session,
                LI,
                field_id=self.ids[key],
                typed=typed,
                userid=userid,
                seen=seen,
                today=date(2026, 11, 22),
            )

    def stands(self, key: str) -> str:
        """Return what stands in a field."""
        with self.card.db.read() as session:
            state = find_field_state(session, LI, self.ids[key])
        assert state
        return word_value(state.field, state.value)

    def row(self, page: Page, key: str) -> Locator:
        """Return the row of a field."""
        return page.locator(f"#field-{self.ids[key]}")

    def tap(self, page: Page, key: str) -> Locator:
        """Tap a row where its value stands, and return the input that it becomes."""
        row = self.row(page, key)
        row.click(position={"x": 150, "y": 20})
        expect(row.locator(".bk-edit")).to_be_visible()
        return row.locator("[name=text]").first


@pytest.fixture
def shown(tmp_path: Path, db: Database, open_page: Browsing) -> Iterator[Shown]:
    """Serve the application and give zhaoyi's card in it."""
    app = make_app(tmp_path, db)
    with db.write() as session:
        for position, (key, name, kind) in enumerate(MORE, 20):
            made = {"options": [], "position": position, "created_at": clock.utcnow()}
            session.add(CustomField(key=key, name=name, kind=kind, **made))
        set_mobiles(session, session.scalars(select(FollowUser)).one(), ["13900005678"])
        session.flush()
        ids = {field.key: field.id for field in session.scalars(select(CustomField))}
    card = card_of(app, db, "zhaoyi")
    cookie = card.client.get_cookie(MEMBER_COOKIE)
    assert cookie
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}{PATH}"

    def open_card(path: str = "", *, dark: bool = False, width: int = 360) -> Page:
        agent = CLIENT.replace("Light", "Dark") if dark else CLIENT
        cookies = {MEMBER_COOKIE: cookie.value}
        return open_page(f"{address}{path}", user_agent=agent, cookies=cookies, width=width)

    yield Shown(card, open_card, ids)
    server.shutdown()
    thread.join()
    app.extensions["banke_runtime"].db.close()


TYPED = [
    ("company", "南山电器", "南山电器"),
    ("visits", "12", "12"),
    ("budget", "1.2万", "¥12,000"),
    ("birthday", "1990-01-02", "1990-01-02"),
    ("phone", "138 0000 1234", PHONE),
    ("address", "科技园 1 栋", "科技园 1 栋"),
    ("page", "example.com/a", "https://example.com/a"),
]


def test_each_kind_that_is_typed_is_saved_by_enter_and_the_focus_stays(shown: Shown) -> None:
    page = shown.open()
    for key, typed, saved in TYPED:
        field = shown.tap(page, key)
        expect(field).to_be_focused()
        field.fill(typed)
        page.keyboard.press("Enter")
        expect(shown.row(page, key).locator("a").first).to_be_focused()
        expect(shown.row(page, key)).to_contain_text("✓")
        assert shown.stands(key) == saved, key
    expect(page.locator(".bk-saved")).to_have_count(0)
    expect(shown.row(page, "phone")).to_contain_text("138****1234")


def test_what_is_chosen_is_saved_by_the_tap(shown: Shown) -> None:
    page = shown.open()
    shown.tap(page, "visit").select_option("friend")
    expect(shown.row(page, "visit")).to_contain_text("朋友介绍")
    shown.tap(page, "member")
    page.get_by_text("是", exact=True).click()
    expect(shown.row(page, "member").locator("dd").first).to_contain_text("是")
    shown.row(page, "interests").click(position={"x": 150, "y": 20})
    for name in ("新品", "礼盒"):
        page.get_by_text(name, exact=True).click()
    page.get_by_role("heading", name="资料").click()
    expect(shown.row(page, "interests")).to_contain_text("新品、礼盒")
    assert [shown.stands(key) for key in ("visit", "member")] == ["朋友介绍", "是"]


def test_a_field_that_is_left_is_saved_and_the_next_is_open(shown: Shown) -> None:
    page = shown.open()
    shown.tap(page, "company").fill("南山电器")
    following = shown.tap(page, "address")
    expect(shown.row(page, "company")).to_contain_text("南山电器")
    expect(following).to_be_focused()
    assert shown.stands("company") == "南山电器"
    page.get_by_role("button", name="撤销").click()
    expect(page.locator("#toast")).to_contain_text("已撤销对「公司」的修改")
    assert shown.stands("company") == ""


def test_escape_and_the_cross_leave_it_as_it_was(shown: Shown) -> None:
    shown.put("company", "南山电器")
    page = shown.open()
    for way in ("Escape", "取消"):
        shown.tap(page, "company").fill("福田")
        if way == "Escape":
            page.keyboard.press(way)
        else:
            page.get_by_role("link", name=way).click()
        expect(page.locator(".bk-edit")).to_have_count(0)
        expect(shown.row(page, "company")).to_contain_text("南山电器")
        expect(shown.row(page, "company").locator("a").first).to_be_focused()
    shown.tap(page, "company")
    page.get_by_role("heading", name="资料").click()
    expect(page.locator(".bk-edit")).to_have_count(0)
    assert shown.stands("company") == "南山电器"


def test_what_is_wrong_stands_below_and_what_was_typed_and_the_focus_stay(
    shown: Shown, open_page: Browsing
) -> None:
    open_page.allow("status of 422")
    page = shown.open()
    shown.tap(page, "budget").fill("很多")
    page.keyboard.press("Enter")
    field = shown.row(page, "budget").locator("[name=text]")
    expect(page.get_by_role("alert")).to_contain_text("例如 3000")
    expect(field).to_be_focused()
    expect(field).to_have_value("很多")
    # Left as it is, it stays; put right, it is saved.
    page.get_by_role("heading", name="资料").click()
    expect(field).to_have_value("很多")
    field.fill("3000")
    page.get_by_role("heading", name="资料").click()
    expect(shown.row(page, "budget")).to_contain_text("¥3,000")


def test_what_a_colleague_wrote_meanwhile_is_shown_and_overruled_by_the_button_alone(
    shown: Shown, open_page: Browsing
) -> None:
    open_page.allow("status of 409")
    page = shown.open()
    shown.tap(page, "budget").fill("3000")
    shown.put("budget", "5000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("王强")
    page.get_by_role("heading", name="资料").click()
    expect(page.get_by_role("button", name="仍要保存")).to_be_visible()
    assert shown.stands("budget") == "¥5,000"
    page.get_by_role("button", name="仍要保存").click()
    expect(shown.row(page, "budget")).to_contain_text("¥3,000")


def test_the_keyboard_alone_chooses_and_saves(shown: Shown) -> None:
    page = shown.open()
    for key, presses, saved in (
        ("visit", ("ArrowDown", "ArrowDown", "Enter"), "朋友介绍"),
        ("member", ("ArrowUp", "Enter"), "否"),
        ("interests", ("Space", "Tab", "Space", "Enter"), "新品、热销款"),
        ("company", ("a", "b", "Tab", "Tab", "Tab"), "ab"),
    ):
        shown.row(page, key).locator("a").first.focus()
        page.keyboard.press("Enter")
        expect(shown.row(page, key).locator(".bk-edit :focus")).to_have_count(1)
        for press in presses:
            page.keyboard.press(press)
        expect(page.locator(".bk-edit")).to_have_count(0)
        expect(shown.row(page, key).locator("dd").first).to_contain_text(saved)
        assert shown.stands(key) == saved


def test_a_number_is_shown_and_copied_when_it_is_asked_for(shown: Shown) -> None:
    shown.put("phone", PHONE)
    page = shown.open()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    assert PHONE not in page.content()
    shown.row(page, "phone").get_by_role("button", name="显示").click()
    expect(shown.row(page, "phone")).to_contain_text(PHONE)
    copy = shown.row(page, "phone").get_by_role("button")
    expect(copy).to_be_focused()
    copy.click()
    expect(copy).to_have_text("已复制")
    assert page.evaluate("navigator.clipboard.readText()") == PHONE
    page.reload()
    expect(shown.row(page, "phone")).to_contain_text("138****1234")
    with shown.card.db.read() as session:
        assert [one.userid for one in session.scalars(select(AuditEntry))] == ["zhaoyi"]


def test_where_there_is_no_clipboard_it_is_copied_all_the_same(shown: Shown) -> None:
    shown.put("company", "南山电器")
    page = shown.open()
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.evaluate(
        "document.addEventListener('copy', () => { window.copied = String(getSelection()); })"
    )
    shown.row(page, "company").get_by_role("button", name="复制").click()
    expect(shown.row(page, "company").get_by_role("button")).to_have_text("已复制")
    assert page.evaluate("window.copied") == "南山电器"


def test_a_link_opens_in_a_window_of_its_own_that_knows_nothing_of_us(shown: Shown) -> None:
    shown.put("page", LINK)
    page = shown.open()
    link = shown.row(page, "page").get_by_role("link", name=LINK)
    expect(link).to_have_attribute("href", LINK)
    expect(link).to_have_attribute("target", "_blank")
    expect(link).to_have_attribute("rel", "noopener noreferrer")


def test_a_page_of_its_own_for_each_field_needs_no_script(
    shown: Shown, open_page: Browsing
) -> None:
    open_page.allow("ERR_FAILED")
    page = shown.open()
    page.route(re.compile(r"\.js"), lambda route: route.abort())
    page.reload()
    page.get_by_role("link", name="公司").click()
    page.locator("#panel [name=text]").fill("南山电器")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("#fields")).to_contain_text("南山电器")
    assert shown.stands("company") == "南山电器"


@pytest.mark.parametrize(
    ("width", "dark"),
    [(320, True), (360, False), (360, True), (430, False)],
    ids=["320-dark", "360-light", "360-dark", "430-light"],
)
def test_no_field_shuts_anybody_out(
    shown: Shown, open_page: Browsing, width: int, *, dark: bool
) -> None:
    open_page.allow("status of 422")
    shown.put("phone", PHONE)
    shown.put("page", LINK)
    shown.put("interests", "new")
    page = shown.open(dark=dark, width=width)
    found = {"read": barriers(page)}
    for key in shown.ids if width == 360 else ("interests",):
        shown.row(page, key).click(position={"x": 20, "y": 20})
        expect(shown.row(page, key).locator(".bk-edit")).to_be_visible()
        found[key] = barriers(page)
        page.keyboard.press("Escape")
        expect(page.locator(".bk-edit")).to_have_count(0)
    shown.tap(page, "budget").fill("很多")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    found["fault"] = barriers(page)
    page.get_by_role("link", name="取消").click()
    page.get_by_role("button", name="隐藏空项").click()
    expect(page.locator("#fields")).to_contain_text("个空项没有显示")
    found["hidden"] = barriers(page)
    assert {place: words for place, words in found.items() if words} == {}
    assert page.evaluate("document.documentElement.scrollWidth") <= width


# What takes any text gets all of them; what refuses most of them, some.
@pytest.mark.parametrize(
    ("key", "texts", "built"),
    [
        ("address", HOSTILE, {"200": 1}),
        ("page", HOSTILE, {"200": 1, "422": 1}),
        ("company", HOSTILE[::4], {"200": 1}),
        ("phone", HOSTILE[1::4], {"422": 1}),
        ("budget", HOSTILE[2::4], {"422": 1}),
        ("birthday", HOSTILE[3::4], {"422": 1}),
        ("visits", HOSTILE[::4], {"422": 1}),
    ],
    ids=["address", "page", "company", "phone", "budget", "birthday", "visits"],
)
def test_two_hundred_hostile_texts_are_text_in_fields_of_every_kind(
    shown: Shown, open_page: Browsing, key: str, texts: list[str], built: dict[str, int]
) -> None:
    open_page.allow("status of 422")
    page = shown.open()
    told = page.evaluate(HOSTILE_FIELD, [texts, shown.ids[key]])
    assert {status: len(ways) for status, ways in told.items()} == built

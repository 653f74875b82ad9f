"""A member's own scripts and materials in a browser: written, with files, kept, moved, undone."""

from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, Request, Route, expect
from sqlalchemy import select

from app.library.actions import Draft, save_draft, save_item
from app.library.models import LibraryDraft
from app.library.queries import Item, list_items
from app.materials.actions import PIECE_BYTES
from app.outbox import customer_path
from tests.browser.client import newcomer
from tests.browser.hostile import HOSTILE
from tests.browser.watching import Browsing, barriers
from tests.deployment import Deployment, wait_until
from tests.sidebar.shelves import keep
from tests.sidebar.shelves import text as written

# What a request that fails, or is refused, writes into the console.
GONE = "ERR_FAILED|status of 422"
WIDTHS = (360, 430)


@pytest.fixture(scope="module")
def customer(stage: Deployment) -> str:
    return newcomer(stage, "柳如烟")


def shelf_of(
    open_page: Browsing,
    stage: Deployment,
    customer: str,
    *,
    shelf: str = "scripts",
    dark: bool = False,
) -> Page:
    """Open a shelf as zhaoyi."""
    looks = {"sandbox_member": "zhaoyi", "sandbox_theme": "dark" if dark else "light"}
    page = open_page(f"{stage.front}{customer_path(customer, shelf)}", dark=dark, cookies=looks)
    expect(page.locator("#library-list")).to_be_visible()
    return page


def begin(page: Page) -> None:
    page.locator("#library-new").click()
    expect(title(page)).to_be_focused()


def edit(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).click()
    page.get_by_role("link", name="编辑").click()


def press(page: Page, name: str, part: int | None = None) -> None:
    """Press a button of the sheet, or of a part of it."""
    place = (
        page.locator("#edit") if part is None else page.locator("#edit-parts > li").nth(part - 1)
    )
    place.get_by_role("button", name=name, exact=True).click()


def choose(page: Page, data: bytes, name: str = "海报.png") -> None:
    file: FilePayload = {"name": name, "mimeType": "image/png", "buffer": data}
    page.locator("#edit-parts input[type=file]").set_input_files(file)


def kinds(page: Page) -> list[str]:
    shown: list[str] = page.locator("[name=msgtype]").evaluate_all(
        "all => all.map(one => one.value)"
    )
    return shown


def saved(stage: Deployment, title: str) -> Item | None:
    with stage.db.read() as session:
        own = list_items(session, "zhaoyi", "scripts", tab="own")[0]
        return next((item for item in own if item.title == title), None)


def picture() -> bytes:
    """Draw what does not pack: a file of several pieces."""
    drawn = BytesIO()
    Image.effect_noise((480, 480), 90).save(drawn, "PNG")
    return drawn.getvalue()


def title(page: Page) -> Locator:
    return page.locator("[name=item_title]")


def text(page: Page) -> Locator:
    return page.get_by_role("textbox", name="文字内容")


def test_a_script_with_a_picture_is_written_changed_removed_and_brought_back(
    open_page: Browsing, stage: Deployment, customer: str
) -> None:
    open_page.allow(GONE)
    page = shelf_of(open_page, stage, customer)
    begin(page)
    page.keyboard.type("秋季问候")
    text(page).fill("您好！")
    text(page).press("Home")
    press(page, "客户昵称")
    expect(text(page)).to_have_value("{{客户昵称}}您好！")
    expect(text(page)).to_be_focused()
    expect(page.locator(".bk-part__filled")).to_have_text("效果：柳如烟您好！")
    fail_second(page)
    press(page, "＋ 图片")
    choose(page, picture())
    # It is saved as soon as the file is here, the piece that failed by itself included.
    press(page, "保存")
    expect(page.locator("#edit-waits")).to_be_visible()
    expect(page.locator("#toast")).to_contain_text("已保存")
    expect(page.locator("#sheet-box")).to_be_hidden()
    page.locator("#tab-own").click()
    edit(page, "秋季问候")
    expect(page.locator(".bk-file__name")).to_have_text("海报.png")
    press(page, "上移", part=2)
    assert kinds(page) == ["image", "text"]
    press(page, "＋ 文字")
    expect(text(page).last).to_be_focused()
    press(page, "去掉", part=3)
    title(page).fill("秋季问候改")
    press(page, "保存")
    # The list behind the sheet knows.
    expect(page.get_by_role("link", name="秋季问候改")).to_be_visible()
    item = saved(stage, "秋季问候改")
    assert item
    assert [part.msgtype for part in item.parts] == ["image", "text"]
    edit(page, "秋季问候改")
    press(page, "删除")
    expect(page.get_by_role("link", name="秋季问候改")).to_have_count(0)
    page.get_by_role("button", name="撤销").click()
    expect(page.get_by_role("link", name="秋季问候改")).to_be_visible()


def fail_second(page: Page) -> None:
    """Lose the second piece on its first way."""
    seen: list[Route] = []

    def carry(route: Route) -> None:
        seen.append(route)
        route.abort() if len(seen) == 2 else route.continue_()

    page.route("**/piece", carry)


def test_what_was_typed_is_there_again_after_the_web_view_was_closed(
    open_page: Browsing, stage: Deployment, customer: str
) -> None:
    page = shelf_of(open_page, stage, customer)
    begin(page)
    page.keyboard.type("没写完")
    press(page, "＋ 链接")
    page.get_by_role("textbox", name="网址", exact=True).fill("https://example.com/")
    page.goto("about:blank")
    wait_until(lambda: "example.com" in str(kept(stage)))
    other = shelf_of(open_page, stage, customer)
    other.locator("#library-new").click()
    expect(other.get_by_text("已恢复上次未保存的内容")).to_be_visible()
    expect(other.get_by_role("textbox", name="网址", exact=True)).to_have_value(
        "https://example.com/"
    )
    press(other, "放弃")
    expect(title(other)).to_have_value("")
    assert kept(stage) is None


def kept(stage: Deployment) -> object:
    """Return the draft of zhaoyi's new script."""
    with stage.db.read() as session:
        return session.scalar(select(LibraryDraft.form).where(LibraryDraft.item_id == 0))


def test_an_upload_without_a_network_goes_on_where_it_stopped(
    open_page: Browsing, stage: Deployment, customer: str
) -> None:
    open_page.allow(GONE)
    # A draft on its way may find ten seconds gone, too, when the clock is put forward.
    open_page.allow("htmx:error: timeout .*edit-state")
    page = shelf_of(open_page, stage, customer, shelf="materials")
    page.locator("#library-new").click()
    press(page, "＋ 图片")
    expect(page.locator("#edit-adds")).to_be_hidden()
    sent: list[Request] = []
    is_gone = True

    def carry(route: Route) -> None:
        if is_gone and len(sent) > 1:
            route.abort()
        else:
            sent.append(route.request)
            route.continue_()

    page.route("**/piece", carry)
    data = picture()
    # It tries for seven seconds, which pass by themselves only here.
    page.clock.install()
    choose(page, data)
    while not page.get_by_text("网络断开，停在这里了").is_visible():
        page.clock.fast_forward(1000)
    page.clock.resume()
    is_gone = False
    press(page, "继续")
    expect(page.locator(".bk-file__name")).to_have_text("海报.png")
    # It is whole, so each piece was sent, and none of them twice.
    assert len(sent) == -(-len(data) // PIECE_BYTES)
    press(page, "保存")
    expect(page.locator("#toast")).to_contain_text("已保存")
    page.locator("#tab-own").click()
    expect(page.get_by_role("link", name="海报", exact=True)).to_be_visible()


def test_an_upload_that_finds_the_server_busy_says_so_and_goes_on(
    open_page: Browsing, stage: Deployment, customer: str
) -> None:
    open_page.allow("status of 503")
    open_page.allow("htmx:error: timeout .*edit-state")
    page = shelf_of(open_page, stage, customer, shelf="materials")
    page.locator("#library-new").click()
    press(page, "＋ 图片")
    words = "<div><p class=bk-problem__what>现在用的人太多。</p><p>请稍后再试</p></div>"

    def busy(route: Route) -> None:
        route.fulfill(status=503, headers={"Banke": "1"}, body=words)

    page.route("**/finish", busy)
    # It tries for seven seconds, which pass by themselves only here.
    page.clock.install()
    choose(page, picture())
    said = page.get_by_text("现在用的人太多。", exact=True)
    while not said.is_visible():
        page.clock.fast_forward(1000)
    page.clock.resume()
    page.unroute("**/finish", busy)
    press(page, "继续")
    expect(page.locator(".bk-file__name")).to_have_text("海报.png")


def test_what_cannot_be_sent_or_saved_is_said_where_it_stands(
    open_page: Browsing, stage: Deployment, customer: str
) -> None:
    open_page.allow("status of 4(22|09)")
    with stage.db.write() as session:
        item_id = keep(session, "两处改", "原来的", owner="zhaoyi")
    page = shelf_of(open_page, stage, customer)
    page.locator("#tab-own").click()
    edit(page, "两处改")
    text(page).fill("")
    press(page, "＋ 图片")
    choose(page, b"GIF89a", name="动图.gif")
    expect(page.get_by_role("alert")).to_have_text(
        "图片「动图.gif」的文件名要以 .jpg、.jpeg、.png 结尾"
    )
    press(page, "保存")
    expect(page.get_by_role("alert")).to_have_text(["缺少文字", "", "图片没有选择素材"])
    expect(text(page)).to_be_focused()
    press(page, "去掉", part=2)
    text(page).fill("这里改的")
    said = Draft("两处改", "", (written("别处改的"),))
    with stage.db.write() as session:
        save_item(session, "zhaoyi", "scripts", said, item_id=item_id, version=1)
    press(page, "保存")
    expect(page.get_by_role("status").first).to_contain_text("它在别的窗口里改过了")
    press(page, "仍要保存")
    expect(page.locator("#sheet-box")).to_be_hidden()
    item = saved(stage, "两处改")
    assert item
    assert item.parts[0].fields == {"content": "这里改的"}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_form_bars_nobody_whatever_stands_in_it(
    open_page: Browsing, stage: Deployment, customer: str, *, dark: bool
) -> None:
    open_page.allow("status of 4(22|04)")
    texts = [*HOSTILE[:6], "W" * 90]
    form = {
        "item_title": ["<b>" + "W" * 29],
        "item_group": ["\u202e组"],
        "msgtype": ["text"] * 6 + ["image", "news", "miniprogram"],
        "content": texts,
        "material": ["999999"],
        "filename": ["<img src=x>" + "名" * 90],
        **dict.fromkeys(("link", "title", "desc", "imgUrl", "appid", "page"), HOSTILE[7:9]),
    }
    with stage.db.write() as session:
        save_draft(session, "zhaoyi", "scripts", 0, form=form, version=1)
    page = shelf_of(open_page, stage, customer, dark=dark)
    page.locator("#library-new").click()
    expect(text(page)).to_have_count(6)
    assert text(page).evaluate_all("all => all.map(one => one.value)") == texts[:6]
    press(page, "保存")
    expect(page.locator("#edit .bk-fault").filter(has_text="格式不对")).to_be_visible()
    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        wide = page.evaluate("document.getElementById('sheet-box').scrollWidth - innerWidth")
        found[width] = barriers(page) + ("" if wide <= 0 else f"{wide} px too wide")
    assert {width: words for width, words in found.items() if words} == {}

"""The pictures of the README, made from a running demo; they show what they are there to show.

They go into the folder that PICTURES names (`make pictures`), else into a temporary one.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Locator, Page, expect

from tests.browser.client import WIDE, ChatClient
from tests.browser.png import slim
from tests.browser.watching import HEIGHT, Browsing
from tests.deployment import ROOT, free_port

USUAL_PORT = 8000
MOST_BYTES = 250 * 1024
NARROW, TALL = 360, 640
EDITOR_HEIGHT = 900
# What the sandbox's own bars take of a narrow window, the one about the fault among them.
BARS = 302
# Of the demo's history: somebody in the middle of it, and somebody who left.
KEEN, LOST = "沈佳禾", "林听澜"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of a demo that is ready, in a folder of its own."""
    port = usual_port()
    environment = os.environ | {"PYTHONPATH": str(ROOT), "FLASK_APP": f"{ROOT / 'wsgi.py'}:app"}
    with subprocess.Popen(
        [sys.executable, "-m", "flask", "demo", "--port", str(port)],
        cwd=tmp_path_factory.mktemp("demo"),
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        try:
            ready = next(line for line in process.stdout if line.startswith("READY"))
            yield ready.split()[1].rstrip("/")
        finally:
            process.terminate()
            process.wait(30)


def usual_port() -> int:
    """Return the port that readers know, which one picture shows; another if that is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", USUAL_PORT))
        except OSError:
            return free_port()
    return USUAL_PORT


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder that the pictures go into."""
    named = os.environ.get("PICTURES")
    folder = Path(named) if named else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_the_sandbox_is_pictured(open_page: Browsing, demo: str, pictures: Path) -> None:
    client = desk(open_page, demo)
    client.open(KEEN)
    client.page.locator("[data-hook=composer-customer]").fill("好的，我周六下午过来看看。")
    client.page.keyboard.press("Enter")
    expect(client.messages).to_contain_text("周六下午")
    client.notices.scroll_into_view_if_needed()
    client.page.locator("#talk-title").click()
    card = client.sidebar
    expect(card.locator(".bk-tag")).to_have_text(["线上活动", "重要"])
    expect(client.stage("意向")).to_have_attribute("aria-pressed", "true")
    expect(card.locator(".bk-header__remark")).to_contain_text("送妈妈")
    expect(card.locator(".bk-entry").first).to_be_visible()
    for place in (client.messages, client.phone):
        expect(place.locator("[data-hook=welcome-speed]")).to_be_in_viewport()
    keep(client.page, pictures / "sandbox.png")


def test_the_card_is_pictured(open_page: Browsing, demo: str, pictures: Path) -> None:
    page = narrow(open_page, demo, KEEN)
    expect(page.get_by_role("button", name="意向", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(page.locator(".bk-pipeline")).to_contain_text("售后")
    expect(page.get_by_role("link", name="同事 1")).to_be_visible()
    for value in ("154****0952", "¥800", "热销款、礼盒"):
        expect(page.locator("#fields")).to_contain_text(value)
    keep(page, pictures / "card-light.png")


def test_the_card_of_a_lost_customer_is_pictured(
    open_page: Browsing, demo: str, pictures: Path
) -> None:
    page = narrow(open_page, demo, LOST, dark=True)
    expect(page.locator(".bk-bar_loss")).to_contain_text("删除了你")
    expect(page.get_by_role("textbox", name="写一句原因")).to_have_value("等调货太久，没赶上婚礼")
    expect(page.locator("#timeline")).to_contain_text("她已经删除了我")
    keep(page, pictures / "card-lost-dark.png")


def test_the_panel_of_follow_ups_is_pictured(
    open_page: Browsing, demo: str, pictures: Path
) -> None:
    page = narrow(open_page, demo, KEEN, panel="follow_ups")
    expect(page.locator("#reminders")).to_contain_text("明天 09:30")
    expect(page.locator("#history")).to_contain_text("那天小忆休息，是我接待的")
    page.locator("#note-text").fill("周六下午三点带妈妈过来，礼盒先备好")
    page.get_by_role("radiogroup").get_by_text("明天", exact=True).click()
    expect(page.locator("#draft-state")).not_to_be_empty()
    page.locator(".bk-who").click()
    keep(page, pictures / "follow-ups.png")


def test_the_scripts_are_pictured(open_page: Browsing, demo: str, pictures: Path) -> None:
    page = narrow(open_page, demo, KEEN, panel="scripts")
    page.get_by_role("link", name="企业", exact=True).click()
    expect(page.get_by_role("link", name="接待 4")).to_be_visible()
    expect(page.locator(".bk-item mark").first).to_contain_text("沈佳禾")
    keep(page, pictures / "scripts.png")


def test_the_materials_are_pictured(open_page: Browsing, demo: str, pictures: Path) -> None:
    page = narrow(open_page, demo, KEEN, panel="materials", dark=True)
    page.get_by_role("link", name="企业", exact=True).click()
    expect(page.locator(".bk-item")).to_have_count(9)
    for picture in page.locator(".bk-item img:visible").all():
        expect(picture).to_have_js_property("complete", value=True)
    keep(page, pictures / "materials-dark.png")


def test_the_admin_web_is_pictured(open_page: Browsing, demo: str, pictures: Path) -> None:
    page = open_page(f"{demo}/admin/", width=WIDE, height=TALL)
    page.get_by_role("link", name="用企业微信扫码登录").click()
    page.get_by_role("link", name="钱尔雅").click()
    expect(page.locator(".ad-tile__figure").first).to_be_visible()
    keep(page, pictures / "admin.png")
    page.get_by_role("link", name="客户", exact=True).click()
    expect(page.locator("#count")).to_contain_text("位客户")
    expect(page.get_by_role("row").filter(has_text=KEEN).first).to_contain_text("意向")
    keep(page, pictures / "customers.png")


def test_the_editor_of_welcomes_is_pictured(open_page: Browsing, demo: str, pictures: Path) -> None:
    page = open_page(f"{demo}/admin/", width=WIDE, height=EDITOR_HEIGHT)
    page.get_by_role("link", name="用企业微信扫码登录").click()
    page.get_by_role("link", name="钱尔雅").click()
    page.get_by_role("link", name="欢迎语", exact=True).click()
    page.get_by_role("link", name="门店夜间").click()
    page.get_by_role("button", name="＋ 链接").click()
    page.locator("[name=a_title]").fill("秋冬新款，三分钟看完")
    page.locator("[name=a_url]").fill("https://example.com/autumn")
    page.locator("[name=a_desc]").fill("大衣、毛衣和围巾")
    page.get_by_role("heading", name="说什么").click()
    expect(page.locator("#side .ad-phone")).to_contain_text("大衣、毛衣和围巾")
    expect(page.locator("#side [data-fit]")).to_be_visible()
    keep(page, pictures / "welcome-editor.png")


def test_a_refused_signature_is_pictured(open_page: Browsing, demo: str, pictures: Path) -> None:
    open_page.allow("^Object ")
    client = desk(open_page, demo, width=NARROW, height=TALL + BARS, scale=2)
    client.open(KEEN)
    client.button("go-log").click()
    client.turn("signature_refused", on=True)
    client.button("go-sidebar").click()
    client.reload()
    expect(client.sidebar.locator("[data-problem=signature_refused]")).to_be_visible()
    # The sandbox's own word that a fault is on casts its shadow into the picture.
    expect(client.page.locator("[data-hook=toast]")).to_have_count(0, timeout=15_000)
    keep(client.page.locator("[data-hook=sidebar]"), pictures / "refused.png")


def keep(what: Page | Locator, path: Path) -> None:
    """Write a picture; a README is read over slow lines, too."""
    taken = what.screenshot(animations="disabled")
    # Packing takes seconds, which are spent only on those that are kept.
    path.write_bytes(slim(taken) if os.environ.get("PICTURES") else taken)
    assert path.stat().st_size < MOST_BYTES or not os.environ.get("PICTURES")


def desk(
    open_page: Browsing, demo: str, *, width: int = WIDE, height: int = HEIGHT, scale: int = 1
) -> ChatClient:
    """Open the demo as somebody who has put the first steps away."""
    url, cookies = f"{demo}/?as=zhaoyi", {"sandbox_member": "zhaoyi"}
    client = ChatClient(open_page(url, width=width, height=height, scale=scale, cookies=cookies))
    expect(client.page.locator("body[data-ready]")).to_be_attached()
    client.page.get_by_role("button", name="不再显示").click()
    return client


def narrow(
    open_page: Browsing, demo: str, name: str, *, panel: str = "profile", dark: bool = False
) -> Page:
    """Open a panel of a customer's card alone, as on a phone."""
    chats = requests.get(f"{demo}/sandbox/api/chats?userid=zhaoyi", timeout=5).json()["chats"]
    customer = next(chat["id"] for chat in chats if chat["name"] == name)
    return open_page(
        f"{demo}/sidebar/customers/{customer}/{panel}",
        width=NARROW,
        height=TALL,
        scale=2,
        dark=dark,
        cookies={"sandbox_member": "zhaoyi", "sandbox_theme": "dark" if dark else "light"},
    )

"""The admin web in a browser: the ways in, every page, light and dark, wide and narrow."""

import re

import pytest
from playwright.sync_api import Page, expect

from app.admin.pages import PAGES
from tests.browser.watching import Browsing, look_over
from tests.deployment import Deployment

WIDE, NARROW = 1280, 768


@pytest.fixture(scope="module")
def owned(stage: Deployment) -> Deployment:
    """Give the stage with an owner."""
    stage.command("admin", "grant", "qianer", "owner")
    return stage


def sign_in(open_page: Browsing, stage: Deployment) -> Page:
    """Sign in as the owner, with the QR code of the sandbox's WeCom."""
    page = open_page(f"{stage.front}/admin/", width=WIDE)
    page.get_by_role("link", name="用企业微信扫码登录").click()
    page.get_by_role("link", name="钱尔雅").click()
    expect(page.get_by_role("heading", name="总览")).to_be_visible()
    return page


def test_no_page_shuts_anybody_out(open_page: Browsing, owned: Deployment) -> None:
    door = open_page(f"{owned.front}/admin/sign-in", width=WIDE)
    door.locator("summary").click()
    found = look_over(door, "door", WIDE, NARROW)
    page = sign_in(open_page, owned)
    for one in PAGES:
        page.goto(f"{owned.front}{one.path}")
        found |= look_over(page, one.name, WIDE, NARROW)
    assert found == {}


def test_an_owner_gives_a_role_by_keyboard_and_takes_it_after_a_word_of_warning(
    open_page: Browsing, owned: Deployment
) -> None:
    page = sign_in(open_page, owned)
    page.get_by_role("link", name="成员与角色").click()
    page.get_by_label("成员的账号").fill("lisi")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("李思远 现在是审计员")
    row = page.get_by_role("row").filter(has_text="lisi")
    row.locator("summary").click()
    expect(row).to_contain_text("李思远 将不能再进后台")
    row.get_by_role("button", name="收回角色").click()
    expect(page.get_by_role("status")).to_contain_text("李思远 不再有后台角色")
    expect(page.get_by_role("row").filter(has_text="lisi")).to_have_count(0)


def test_a_login_link_signs_in_once_and_leaves_no_trace_in_the_address(
    open_page: Browsing, owned: Deployment
) -> None:
    said = owned.command("admin", "login-link", "qianer").stdout
    found = re.search(r"/admin/sign-in#link=\S+", said)
    assert found
    page = open_page(f"{owned.front}{found[0]}", width=WIDE)
    expect(page.get_by_role("heading", name="总览")).to_be_visible()
    open_page.allow("400")
    again = open_page(f"{owned.front}{found[0]}", width=WIDE)
    expect(again.get_by_role("heading", name="登录链接不能用了")).to_be_visible()
    assert "#" not in again.url


def test_the_colours_that_were_chosen_stay(open_page: Browsing, owned: Deployment) -> None:
    page = sign_in(open_page, owned)
    page.get_by_role("button", name="深色 / 浅色").click()
    page.get_by_role("link", name="操作日志").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_a_narrow_page_has_its_menu_folded_above_it(open_page: Browsing, owned: Deployment) -> None:
    page = sign_in(open_page, owned)
    page.set_viewport_size({"width": 360, "height": 780})
    link = page.get_by_role("link", name="操作日志")
    expect(link).to_be_hidden()
    page.get_by_role("button", name="菜单").press("Enter")
    expect(page.get_by_role("button", name="菜单", expanded=True)).to_be_focused()
    assert look_over(page, "menu", 360) == {}
    link.click()
    expect(page.get_by_role("heading", name="操作日志")).to_be_visible()
    expect(link).to_be_hidden()

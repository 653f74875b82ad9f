"""Pages that say what went wrong: readable at 360 px in light and dark, open to everybody."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.watching import Browsing, barriers
from tests.deployment import Deployment

PLAIN = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/107.0.0.0 Safari/537.36"

themes = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])


def tells(page: Page, kind: str, heading: str) -> bool:
    expect(page.locator(f"[data-problem={kind}]")).to_contain_text(heading)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert barriers(page) == ""
    return True


@themes
def test_outside_wecom_a_page_says_where_to_open_it(
    open_page: Browsing, stage: Deployment, *, dark: bool
) -> None:
    open_page.allow("status of 403")
    page = open_page(f"{stage.address}/sidebar/", dark=dark, user_agent=PLAIN)
    assert tells(page, "outside_wecom", "请在企业微信中打开")
    assert page.get_by_alt_text("这个页面的二维码").evaluate("code => code.naturalWidth") > 0
    expect(page.get_by_text("编号 B101")).to_be_visible()


@themes
def test_outside_a_chat_a_page_says_where_to_open_it(
    open_page: Browsing, stage: Deployment, *, dark: bool
) -> None:
    member = {"sandbox_member": "zhaoyi"}
    page = open_page(f"{stage.front}/sidebar/", dark=dark, cookies=member)
    assert tells(page, "wrong_entry", "请从与客户的聊天或客户群里打开")

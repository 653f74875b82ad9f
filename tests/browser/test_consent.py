"""Marketing consent on the card and on the customer's page, in a browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from app import clock
from app.customers.queries import get_consent
from app.db import Database
from tests.browser.serving import Shown, serve_card
from tests.browser.test_admin import WIDE, owned, sign_in
from tests.browser.watching import Browsing, barriers, look_over
from tests.churn.people import add
from tests.deployment import Deployment
from tests.sidebar.cards import LI, make_app

__all__ = ["owned"]


@pytest.fixture
def shown(tmp_path: Path, db: Database, open_page: Browsing) -> Iterator[Shown]:
    """Serve zhaoyi's card."""
    with serve_card(make_app(tmp_path, db), db, open_page) as served:
        yield served


def test_a_tap_and_its_undo_and_a_no_that_stays_until_he_agrees(
    shown: Shown, db: Database, open_page: Browsing
) -> None:
    page = shown.open()
    box = page.locator("#consent")
    box.get_by_role("button", name="同意", exact=True).click()
    expect(page.locator("#toast")).to_contain_text("营销意愿：同意")
    page.locator("#toast").get_by_role("button", name="撤销").click()
    expect(page.locator("#toast")).to_contain_text("回到「未询问」")
    box.get_by_role("button", name="拒绝", exact=True).click()
    box.get_by_role("button", name="客户主动提出").click()
    expect(box).to_contain_text("记下 · 客户主动提出")
    open_page.allow("409")
    box.get_by_role("button", name="同意", exact=True).click()
    expect(box.get_by_role("alert")).to_contain_text("客户拒绝过营销")
    assert barriers(page) == ""
    box.get_by_role("button", name="他本人重新同意了").click()
    expect(box.locator("#consent-agreed")).to_have_attribute("aria-pressed", "true")
    with db.read() as session:
        assert get_consent(session, LI).state == "agreed"


def test_it_is_kept_on_the_customers_page_and_chosen_in_the_list(
    open_page: Browsing, owned: Deployment
) -> None:
    with owned.db.write() as session:
        add(session, "wmConsent", userid="lisi", at=clock.utcnow(), name="问过的客户")
    page = sign_in(open_page, owned)
    page.goto(f"{owned.front}/admin/customers")
    page.get_by_role("link", name="问过的客户").first.click()
    box = page.locator("#consent")
    box.get_by_label("怎样知道的").select_option("form")
    box.get_by_role("button", name="拒绝", exact=True).click()
    expect(box).to_contain_text("现在：拒绝")
    expect(box.get_by_role("button", name="撤销，回到「未询问」")).to_be_visible()
    found = look_over(page, "customer", WIDE)
    page.get_by_role("link", name="隐私").click()
    found |= look_over(page, "privacy", WIDE)
    page.get_by_role("link", name="拒绝：").click()
    expect(page.get_by_role("link", name="问过的客户")).to_be_visible()
    found |= look_over(page, "list", WIDE)
    assert found == {}

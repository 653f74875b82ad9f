"""Taking a customer's data along and erasing him, in a browser."""

from pathlib import Path
from zipfile import ZipFile

from playwright.sync_api import expect

from app import clock
from app.customers.actions import record_follow_up
from app.customers.actions.follow_ups import Box
from app.customers.models import Customer
from tests.browser.test_admin import WIDE, owned, sign_in
from tests.browser.watching import Browsing, look_over
from tests.churn.people import add
from tests.deployment import Deployment

__all__ = ["owned"]

WHO, NAME, NOTE = "wmErased", "告别的客户", "想看看秋天的新品"


def test_a_customer_is_exported_and_then_erased_from_his_page(
    open_page: Browsing, owned: Deployment, tmp_path: Path
) -> None:
    with owned.db.write() as session:
        add(session, WHO, userid="lisi", at=clock.utcnow(), name=NAME)
        box = Box(userid="lisi", external_userid=WHO, key="box-0001")
        record_follow_up(session, box, text=NOTE)
    page = sign_in(open_page, owned)
    page.goto(f"{owned.front}/admin/customers")
    page.get_by_role("link", name=NAME).first.click()
    page.get_by_role("link", name="导出资料").click()
    expect(page.get_by_role("link", name="下载 ZIP")).to_be_visible()
    found = look_over(page, "export", WIDE)
    with page.expect_download() as download:
        page.get_by_role("link", name="下载 ZIP").click()
    download.value.save_as(tmp_path / "package.zip")
    with ZipFile(tmp_path / "package.zip") as package:
        read = next(name for name in package.namelist() if name.endswith(".html"))
        (tmp_path / "package.html").write_bytes(package.read(read))
    kept = page.context.new_page()
    kept.set_content((tmp_path / "package.html").read_text(encoding="utf-8"))
    expect(kept.get_by_text(NOTE)).to_be_visible()
    found |= look_over(kept, "package", WIDE)
    kept.close()
    page.get_by_role("link", name="回到客户").click()
    page.get_by_role("link", name="抹除客户").click()
    expect(page.get_by_label("输入客户的名字来确认")).to_be_visible()
    found |= look_over(page, "erasure", WIDE)
    open_page.allow("422")
    page.get_by_label("输入客户的名字来确认").fill("别人")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("名字不一致")
    found |= look_over(page, "refused", WIDE)
    page.get_by_label("输入客户的名字来确认").fill(NAME)
    page.get_by_role("button", name="抹除，不能恢复").click()
    expect(page.get_by_role("status")).to_contain_text("已抹除")
    with owned.db.read() as session:
        assert session.get(Customer, WHO) is None
    page.get_by_role("link", name="隐私").click()
    expect(page.get_by_text("一共 1 位")).to_be_visible()
    expect(page.get_by_role("region", name="抹除过的客户")).to_contain_text("钱尔雅")
    found |= look_over(page, "privacy", WIDE)
    assert found == {}

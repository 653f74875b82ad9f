"""Customers taken along and brought back in a browser: filled in, checked, imported, undone."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_admin import WIDE, owned
from tests.browser.test_admin_customers import look_for, open_list
from tests.browser.watching import Browsing, look_over
from tests.churn.people import add
from tests.deployment import Deployment
from tests.sheet_maker import make_csv

__all__ = ["owned"]

LONG = "长" * 60 + "W" * 40


@pytest.fixture(scope="module")
def shop(owned: Deployment) -> Deployment:
    """Give the stage with a few customers more."""
    with owned.db.write() as session:
        for number in range(3):
            add(session, f"wmSwap{number}", userid="zhaoyi", name=f"交换客{number}")
    return owned


def take_along(page: Page, kind: str) -> Path:
    page.get_by_role("link", name="导出…").click()
    expect(page.get_by_role("heading", name="导出客户名单")).to_be_visible()
    page.get_by_label(kind).check()
    with page.expect_download() as found:
        page.get_by_role("button", name="导出", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="已导出")).to_be_visible()
    assert found.value.suggested_filename.startswith("客户名单 ")
    return Path(found.value.path())


def hand_in(page: Page, rows: list[list[str]]) -> None:
    page.get_by_role("link", name="导入资料", exact=True).click()
    file = {"name": "填好的.csv", "mimeType": "text/csv", "buffer": make_csv(rows)}
    page.locator("#file").set_input_files(file)  # type: ignore[arg-type]  # a file in memory
    page.get_by_role("button", name="下一步：每一列是什么").click()
    expect(page.get_by_role("heading", name="填好的.csv")).to_be_visible()


def test_a_list_is_taken_along_filled_in_and_imported_and_undone(
    open_page: Browsing, shop: Deployment
) -> None:
    page = open_list(open_page, shop)
    look_for(page, "交换客")
    [head, *rows] = csv.reader(take_along(page, "CSV").read_text("utf-8-sig").splitlines())
    assert len(rows) == 3
    place = head.index("external_userid")
    filled = [[row[place], "意向", f"给 {row[0]} 的话"] for row in rows]
    # So long that it goes in pieces.
    padding = [[f"wmNobody{number}", "", "长" * 400] for number in range(60)]
    hand_in(page, [["external_userid", "客户阶段", "说的话"], *filled, *padding])

    expect(page.get_by_label("客户阶段")).to_have_value("stage")
    page.get_by_label("说的话").select_option(label="跟进记录")
    page.get_by_role("button", name="核对，看看会改动什么").click()
    expect(page.get_by_role("button", name="确认导入 3 行")).to_be_visible()
    first = page.get_by_role("region", name="表格的行").get_by_role("row").nth(1)
    expect(first).to_contain_text("external_userid：没有这位客户")
    with page.expect_download() as faults:
        page.get_by_role("link", name="下载问题清单（CSV）").click()
    assert faults.value.suggested_filename.startswith("导入的问题 ")

    page.get_by_role("button", name="确认导入 3 行").click()
    expect(page.get_by_role("link", name="已导入 3")).to_be_visible()
    page.get_by_role("link", name="已导入 3").click()
    page.get_by_role("link", name="交换客1").click()
    expect(page.get_by_text("从表格导入了阶段「意向」、一条跟进").first).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="撤销这次导入").click()
    expect(page.get_by_role("link", name="已撤销 3")).to_be_visible()
    page.get_by_role("link", name="已撤销 3").click()
    page.get_by_role("link", name="交换客1").click()
    expect(page.get_by_text("撤销了从表格的导入").first).to_be_visible()


def test_a_workbook_comes_the_same_way(open_page: Browsing, shop: Deployment) -> None:
    page = open_list(open_page, shop)
    look_for(page, "交换客")
    assert take_along(page, "Excel（.xlsx）").read_bytes().startswith(b"PK")
    # However often: who has his file makes room for the next.
    for _time in range(8):
        with page.expect_download():
            page.get_by_role("button", name="导出", exact=True).click()
        expect(page.get_by_role("status").filter(has_text="已导出")).to_be_visible()


def test_nobody_is_shut_out_of_exports_and_imports(open_page: Browsing, shop: Deployment) -> None:
    page = open_list(open_page, shop)
    page.get_by_role("link", name="导出…").click()
    expect(page.get_by_role("heading", name="导出客户名单")).to_be_visible()
    found = look_over(page, "export", WIDE)
    rows = [["external_userid", LONG, "跟进"], ["wmSwap0", LONG, LONG], ["wmNobody", "", "坏"]]
    hand_in(page, rows)
    found |= look_over(page, "columns", WIDE)
    page.get_by_role("button", name="核对，看看会改动什么").click()
    expect(page.get_by_role("button", name="确认导入 1 行")).to_be_visible()
    found |= look_over(page, "checked", WIDE)
    page.get_by_role("button", name="确认导入 1 行").click()
    expect(page.get_by_role("button", name="撤销这次导入")).to_be_visible()
    found |= look_over(page, "done", WIDE)
    page.get_by_role("link", name="← 导入记录").click()
    expect(page.get_by_role("heading", name="导入记录")).to_be_visible()
    found |= look_over(page, "imports", WIDE)
    assert found == {}

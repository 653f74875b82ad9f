"""The corp's library in a browser: brought in from a spreadsheet, written, found by members."""

from playwright.sync_api import Page, expect

from app.library.actions import Draft, DraftPart, save_corp_item
from tests.browser.desk import Desk
from tests.browser.test_admin import WIDE, owned, sign_in
from tests.browser.test_admin_welcomes import picture
from tests.browser.watching import Browsing, look_over
from tests.deployment import Deployment
from tests.sheet_maker import make_csv

__all__ = ["owned"]

ROWS = [
    ["类型", "分组", "标题", "内容", "内容2"],
    ["话术", "冬季", "羊毛护理", "{{客户称呼}}，羊毛请干洗", "平铺晾干"],
    ["话术", "冬季", "坏的一行", "{{没有这个变量}}", ""],
]
# So that the sheet is longer than one request may be.
PADDING = [["话术", "其他", f"填充{number}", "长" * 1200, ""] for number in range(20)]
LONG = "长" * 32


def open_library(open_page: Browsing, stage: Deployment) -> Page:
    page = sign_in(open_page, stage)
    page.get_by_role("link", name="话术与素材", exact=True).click()
    expect(page.get_by_role("heading", name="话术与素材", exact=True)).to_be_visible()
    return page


def hand_in(page: Page) -> None:
    page.get_by_role("link", name="从表格导入").first.click()
    file = {"name": "冬季话术.csv", "mimeType": "text/csv", "buffer": make_csv([*ROWS, *PADDING])}
    page.locator("#file").set_input_files(file)  # type: ignore[arg-type]  # a file in memory
    page.get_by_role("button", name="看看会改动什么").click()
    expect(page.get_by_role("heading", name="核对：")).to_be_visible()


def test_a_spreadsheet_is_checked_then_imported_and_members_find_what_was_in_it(
    open_page: Browsing, owned: Deployment
) -> None:
    page = open_library(open_page, owned)
    hand_in(page)
    refused = page.get_by_role("region", name="不能导入的行").get_by_role("row").nth(1)
    expect(refused).to_contain_text("3")
    expect(refused).to_contain_text("变量「没有这个变量」不存在")
    page.get_by_role("button", name="确认导入 21 行").click()
    expect(page.get_by_role("status")).to_contain_text("新增 21 条，修改 0 条，1 行没有导入")
    expect(page.get_by_role("row").filter(has_text="羊毛护理")).to_contain_text("2 条消息")
    expect(page.get_by_role("row").filter(has_text="坏的一行")).to_have_count(0)

    desk = Desk.newcomer(open_page, owned, "苏小满")
    desk.sidebar.locator("#tab-frequent").click()
    desk.page.keyboard.press("/")
    desk.page.keyboard.type("ymhl")
    expect(desk.item("羊毛护理")).to_contain_text("苏小满，羊毛请干洗")


def test_a_script_of_several_messages_is_written_and_archived_and_comes_back(
    open_page: Browsing, owned: Deployment
) -> None:
    page = open_library(open_page, owned)
    page.get_by_role("link", name="新建话术").click()
    page.get_by_label("标题").fill("到店路线")
    text = page.get_by_role("textbox", name="文字")
    text.fill("您好")
    page.get_by_role("button", name="客户称呼").click()
    expect(text).to_have_value("您好{{客户称呼}}")
    page.get_by_role("button", name="＋ 图片").click()
    with page.expect_response("**/finish"):
        page.locator("input[data-kind=image]").set_input_files(picture())  # type: ignore[arg-type]
    expect(page.locator("[data-name]")).to_contain_text("coat.png")
    page.get_by_role("button", name="上移图片").click()
    page.get_by_role("button", name="保存").first.click()
    expect(page.get_by_role("status")).to_contain_text("已保存")
    bubbles = page.locator(".ad-bubble")
    expect(bubbles).to_have_count(2)
    expect(bubbles.nth(0).locator("img")).to_have_js_property("complete", value=True)
    expect(bubbles.nth(1)).to_contain_text("您好{{客户称呼}}")
    page.get_by_role("button", name="归档").click()
    expect(page.get_by_role("status")).to_contain_text("「到店路线」已归档")
    page.get_by_role("button", name="恢复").click()
    expect(page.get_by_role("status")).to_contain_text("「到店路线」已恢复")


def test_nobody_is_shut_out_of_the_library_and_the_tags(
    open_page: Browsing, owned: Deployment
) -> None:
    what = Draft(LONG, "很长的分组", (DraftPart("text", {"content": "W" * 400}),))
    item = owned.db.commit(lambda session: save_corp_item(session, "scripts", what, by="qianer").id)
    page = open_library(open_page, owned)
    found: dict[str, str] = {}
    for path in (
        "library",
        "library?archived=1",
        f"library/item?id={item}",
        f"library/edit?id={item}",
        "library/edit?shelf=materials&kind=news",
        "library/groups",
        "library/import",
        "tags",
    ):
        page.goto(f"{owned.front}/admin/{path}")
        for summary in page.locator("summary").all()[:3]:
            summary.click()
        found |= look_over(page, path, WIDE)
    page.goto(f"{owned.front}/admin/library")
    hand_in(page)
    found |= look_over(page, "plan", WIDE)
    page.get_by_role("button", name="放弃").click()
    assert found == {}


def test_a_tag_group_is_made_and_one_of_its_tags_deleted_after_a_word_of_warning(
    open_page: Browsing, owned: Deployment
) -> None:
    page = sign_in(open_page, owned)
    page.get_by_role("link", name="标签", exact=True).click()
    page.get_by_label("标签组的名称").fill("冬季活动")
    page.get_by_label("标签，一行一个").fill("试穿\n到店")
    page.get_by_role("button", name="在企业微信建立").click()
    expect(page.get_by_role("status")).to_contain_text("标签组已在企业微信建立")
    row = page.get_by_role("row").filter(has_text="试穿")
    row.get_by_text("删除", exact=False).first.click()
    expect(row).to_contain_text("0 位客户会失去它")
    row.get_by_role("button", name="删除这个标签").click()
    expect(page.get_by_role("status")).to_contain_text("标签已在企业微信删除")
    expect(page.get_by_role("row").filter(has_text="试穿")).to_contain_text("已在企业微信删除")
    foreign = page.get_by_role("row").filter(has_text="朋友推荐")
    foreign.get_by_text("删除", exact=False).first.click()
    open_page.allow("422")
    foreign.get_by_role("button", name="删除这个标签").click()
    expect(page.get_by_role("alert")).to_contain_text("只让应用修改、删除自己创建的标签")

"""The pages of settings in a browser: a pipeline of one's own, worked by keyboard, for all."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.customers.actions import change_stage
from app.customers.actions.profile import ensure_customer
from app.customers.models import Stage
from app.customers.queries import list_timeline, word_entry
from tests.browser.test_admin import WIDE, owned, sign_in
from tests.browser.watching import Browsing, look_over
from tests.deployment import Deployment

__all__ = ["owned"]

# The periodic job begins within seconds, on a busy machine a few more.
MOVED_MS = 30_000
LONG = "长" * 32


@pytest.fixture
def pipeline(open_page: Browsing, owned: Deployment) -> Iterator[Page]:
    """Give the page of stages, where a pipeline was made by hand; it is archived afterwards."""
    page = sign_in(open_page, owned)
    page.get_by_role("link", name="客户阶段").click()
    page.get_by_role("link", name="新建一条流程").click()
    name = "改衣与寄送"
    page.get_by_label("名称").fill(name)
    page.get_by_label("阶段，一行一个，按顺序").fill("待量尺\n改衣中\n可取件")
    page.get_by_role("button", name="新建").click()
    expect(page.get_by_role("status")).to_contain_text("已保存流程")

    yield page
    page.goto(f"{owned.front}/admin/stages")
    page.get_by_role("link", name=f"归档 {name}").click()
    page.get_by_role("button", name="归档这条流程").click()
    expect(page.get_by_role("status")).to_contain_text("已归档流程")


def card(page: Page) -> str:
    """Return the stages of the last pipeline, in order."""
    table = page.get_by_role("table").last
    return " ".join(table.locator("tbody th").all_inner_texts())


def crowd(stage: Deployment, name: str, count: int) -> None:
    """Have customers stand in a stage of the newest pipeline."""
    with stage.db.write() as session:
        newest = select(Stage.id).where(Stage.name == name).order_by(Stage.id.desc())
        stage_id = session.scalars(newest).first()
        assert stage_id
        for number in range(count):
            external_userid = f"wmSet{stage_id}x{number}"
            ensure_customer(session, external_userid)
            change_stage(session, external_userid, to_stage_id=stage_id, userid="zhaoyi", seen=0)


def test_stages_are_made_put_in_order_and_archived_with_their_customers(
    pipeline: Page, owned: Deployment
) -> None:
    page = pipeline
    page.get_by_role("link", name=re.compile("^添加阶段")).last.click()
    page.get_by_label("名称").fill("已寄出")
    page.get_by_label("紫色").check()
    page.get_by_role("button", name="添加").click()
    expect(page.get_by_role("status")).to_contain_text("已添加阶段「已寄出」")
    up = page.get_by_role("button", name="上移 已寄出")
    up.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("「已寄出」现在排第 3")
    expect(up).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("「已寄出」现在排第 2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("「已寄出」现在排第 1")
    # It can go no further up: the way down is what is left.
    expect(page.get_by_role("button", name="下移 已寄出")).to_be_focused()
    assert card(page) == "已寄出 待量尺 改衣中 可取件"
    crowd(owned, "待量尺", 7)
    page.reload()
    page.get_by_role("link", name="归档 待量尺").click()
    expect(page.get_by_text("7 位客户在这个阶段")).to_be_visible()
    page.get_by_role("radio", name="可取件").check()
    page.get_by_role("button", name="归档，并移动 7 位客户").click()
    expect(page.get_by_role("status")).to_contain_text("正在归档，7 位客户")
    expect(page.locator("#moving")).to_contain_text("客户都移完了", timeout=MOVED_MS)
    page.get_by_role("link", name="看现在的样子").click()
    row = page.get_by_role("row").filter(has_text="可取件").last
    expect(row).to_contain_text("7")
    page.locator(".st-archived > summary").last.click()
    expect(page.get_by_text("7 位客户移到了「可取件」")).to_be_visible()
    with owned.db.read() as session:
        newest = select(Stage.id).where(Stage.name == "待量尺").order_by(Stage.id.desc())
        stage_id = session.scalars(newest).first()
        told = word_entry(list_timeline(session, f"wmSet{stage_id}x0")[0])
    assert told.endswith("待量尺 → 可取件")
    page.get_by_role("button", name="恢复 待量尺").click()
    assert card(page) == "已寄出 改衣中 可取件 待量尺"


def test_fields_and_their_options_are_put_in_order_by_keyboard(
    open_page: Browsing, owned: Deployment
) -> None:
    page = sign_in(open_page, owned)
    page.get_by_role("link", name="客户资料").click()
    page.get_by_role("link", name="新建一项资料").click()
    expect(page.get_by_label("选项，一行一个")).to_be_hidden()
    page.get_by_label("名称").fill("腰围")
    page.get_by_role("radio", name="单选").check()
    page.get_by_label("选项，一行一个").fill("小\n中\n大")
    page.get_by_role("button", name="新建").click()
    expect(page.get_by_role("status")).to_contain_text("已新建资料项「腰围」")
    page.get_by_role("button", name="上移 腰围").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("「腰围」现在排第")
    expect(page.get_by_role("button", name="上移 腰围")).to_be_focused()
    page.get_by_role("link", name="编辑 腰围").click()
    page.get_by_role("button", name="上移 大").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("已移动选项「大」")
    expect(page.get_by_role("button", name="上移 大")).to_be_focused()
    page.get_by_role("button", name="去掉 小").click()
    expect(page.locator("#options")).to_contain_text("已去掉")
    page.goto(f"{owned.front}/admin/fields")
    expect(page.get_by_role("row").filter(has_text="腰围")).to_contain_text("大、中")
    page.get_by_role("link", name="去掉 腰围").click()
    page.get_by_role("button", name="去掉这一项").click()
    expect(page.locator("#removed").locator("..")).to_contain_text("腰围")


def test_nobody_is_shut_out_of_any_of_these_pages(open_page: Browsing, owned: Deployment) -> None:
    page = sign_in(open_page, owned)
    page.goto(f"{owned.front}/admin/stages/stage?pipeline=1")
    page.get_by_label("名称").fill(LONG)
    page.get_by_role("button", name="添加").click()
    page.get_by_role("link", name=re.compile(f"^归档 {LONG[:8]}")).click()
    page.get_by_role("button", name="归档").click()
    expect(page.get_by_role("status")).to_contain_text("已归档阶段")
    found: dict[str, str] = {}
    for path in (
        "stages",
        "stages/stage?stage=4",
        "stages/stage?pipeline=1",
        "stages/pipeline",
        "stages/pipeline?pipeline=1",
        "stages/stage-archive?stage=1",
        "stages/pipeline-archive?pipeline=1",
        "fields",
        "fields/field",
        "fields/field?field=6",
        "fields/removal?field=6",
    ):
        page.goto(f"{owned.front}/admin/{path}")
        for summary in page.locator(".st-archived > summary").all():
            summary.click()
        found |= look_over(page, path, WIDE)
    assert found == {}

"""Welcome scripts in the admin web: written, tried, published, seen by a customer."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.client import ChatClient
from tests.browser.conftest import set_up
from tests.browser.test_admin import sign_in
from tests.browser.watching import Browsing, look_over
from tests.deployment import Deployment

ZONE = ZoneInfo("Asia/Shanghai")
WIDE = 1280
MOST_TABS = 120


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Give a deployment with an owner, in which it is half past eleven at night."""
    with set_up(tmp_path_factory.mktemp("night")) as deployment:
        deployment.command("admin", "grant", "qianer", "owner")
        now = datetime.now(ZONE)
        night = now.replace(hour=23, minute=30, second=0, microsecond=0)
        night += timedelta(days=night < now)
        deployment.box.clock.move((night - now).total_seconds())
        yield deployment


def picture() -> dict[str, object]:
    file = BytesIO()
    Image.new("RGB", (320, 200), "#b07d3c").save(file, "PNG")
    return {"name": "coat.png", "mimeType": "image/png", "buffer": file.getvalue()}


def write(page: Page, shop: Deployment, name: str, text: str) -> Locator:
    """Begin a script and return what stands beside it."""
    page.goto(f"{shop.front}/admin/welcomes/edit")
    page.get_by_label("名称（只有同事看得到）").fill(name)
    page.get_by_label("文字", exact=True).fill(text)
    side = page.locator("#side")
    expect(side.locator("[data-saved]")).to_contain_text("草稿已存")
    return side


def publish(page: Page) -> None:
    page.get_by_role("button", name="下一步：核对并发布").click()
    page.get_by_role("button", name="发布，从现在起问候新客户").click()


def test_a_new_admin_writes_tries_publishes_and_sees_a_customer_greeted(
    open_page: Browsing, shop: Deployment
) -> None:
    page = sign_in(open_page, shop)
    page.get_by_role("link", name="欢迎语", exact=True).click()
    page.get_by_role("link", name="写一条欢迎语").click()
    page.get_by_label("名称（只有同事看得到）").fill("南山夜班")
    say(page)
    attach(page)
    choose(page)
    side = page.locator("#side")
    expect(side.locator("[data-fit]")).to_be_visible()
    expect(side.locator(".ad-phone")).to_contain_text("您好，李！我是赵一")
    expect(side.locator(".ad-phone img")).to_have_js_property("complete", value=True)
    expect(side.locator("[data-reach]")).to_contain_text(re.compile(r"此设置影响 \d 位员工"))
    expect(side.locator(".ad-week")).to_contain_text("每天 08:00–22:00")

    side.get_by_role("button", name="试一试会不会命中").click()
    page.get_by_label("客户加的是").select_option("zhaoyi")
    for time, told in (("23:30", "会收到「南山夜班」"), ("10:00", "会收到「默认」")):
        page.get_by_label("什么时候").fill(f"2026-01-06T{time}")
        page.get_by_role("button", name="看结果").click()
        expect(page.locator("#hit-title")).to_contain_text(f"2026-01-06 {time} {told}")
    page.get_by_role("link", name="回去", exact=True).click()
    publish(page)
    expect(page.get_by_role("status")).to_contain_text("「南山夜班」第 1 版已发布")

    client = ChatClient.of(open_page, shop)
    client.scan("夜来客", channel="")
    expect(client.messages).to_contain_text("您好，夜来客！我是赵忆南，明早八点回复您。")
    expect(client.messages.locator(".attached-image")).to_have_js_property("naturalWidth", 320)
    expect(client.messages).to_contain_text("先看看新款")
    page.reload()
    expect(page.get_by_role("row").filter(has_text="南山夜班")).to_contain_text("100%")


def say(page: Page) -> None:
    """Write a text with two variables."""
    text = page.get_by_label("文字", exact=True)
    for words, variable in (("您好，", "客户昵称"), ("！我是", "员工姓名")):
        text.press_sequentially(words)
        page.get_by_role("button", name=variable, exact=True).click()
    text.press_sequentially("，明早八点回复您。")


def attach(page: Page) -> None:
    """Add a link and a picture."""
    page.get_by_role("button", name="＋ 链接").click()
    link = page.locator("#attachments > li").last
    link.locator("[name=a_title]").fill("先看看新款")
    link.locator("[name=a_url]").fill("https://example.com/new")
    page.get_by_role("button", name="＋ 图片").click()
    image = page.locator("#attachments > li").last
    image.locator("input[type=file]").set_input_files(picture())  # type: ignore[arg-type]
    expect(image.locator("[data-name]")).to_have_text("coat.png")


def choose(page: Page) -> None:
    """Choose a department and the night."""
    page.get_by_label("南山店").check()
    page.get_by_label("只在这些时间段").check()
    page.get_by_label("开始").fill("22:00")
    page.get_by_label("结束").fill("08:00")


def test_a_text_too_long_and_what_else_is_wrong_is_said_before_it_is_published(
    open_page: Browsing, shop: Deployment
) -> None:
    page = sign_in(open_page, shop)
    side = write(page, shop, "太长", "长" * 1400 + "{{客户名}}")
    expect(side.locator(".ad-bytes")).to_contain_text("4213 / 4000 字节")
    expect(side.locator(".ad-faults")).to_contain_text("变量「客户名」不存在")
    page.get_by_role("button", name="下一步：核对并发布").click()
    expect(page.get_by_role("alert")).to_contain_text("最多 4000 字节")
    expect(page.get_by_role("button", name="发布，从现在起问候新客户")).to_have_count(0)


def test_a_draft_outlives_its_page_and_two_who_write_it_learn_of_each_other(
    open_page: Browsing, shop: Deployment
) -> None:
    first = sign_in(open_page, shop)
    write(first, shop, "两个人写", "第一稿")
    first.goto(f"{shop.front}/admin/welcomes")
    first.get_by_role("link", name="两个人写").click()
    expect(first.get_by_label("文字", exact=True)).to_have_value("第一稿")
    second = sign_in(open_page, shop)
    second.goto(first.url)
    second.get_by_label("文字", exact=True).fill("第二稿")
    expect(second.locator("[data-saved]")).to_contain_text("草稿已存")
    # Saved, and not only shown as saved before.
    expect(second.locator(".ad-phone")).to_contain_text("第二稿")
    first.get_by_label("文字", exact=True).fill("第三稿")
    expect(first.locator("[data-conflict]")).to_contain_text("刚被 钱尔雅 改过")
    first.get_by_role("button", name="用我的").click()
    expect(first.get_by_role("status").first).to_contain_text("草稿已保存")
    expect(first.get_by_label("文字", exact=True)).to_have_value("第三稿")


def test_a_script_is_published_by_keys_alone(open_page: Browsing, shop: Deployment) -> None:
    page = sign_in(open_page, shop)
    page.goto(f"{shop.front}/admin/welcomes")
    go_to(page, "写一条欢迎语")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="新的欢迎语")).to_be_visible()
    go_to(page, "名称（只有同事看得到）")
    page.keyboard.type("全用键盘")
    go_to(page, "文字")
    page.keyboard.type("欢迎，")
    go_to(page, "客户昵称")
    page.keyboard.press("Enter")
    expect(page.get_by_label("文字", exact=True)).to_have_value("欢迎，{{客户昵称}}")
    go_to(page, "渠道（活码的 state，一行一个）")
    page.keyboard.type("keys-only")
    expect(page.locator("[data-fit]")).to_be_visible()
    go_to(page, "下一步：核对并发布", back=True)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="核对并发布")).to_be_visible()
    go_to(page, "发布，从现在起问候新客户")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("「全用键盘」第 1 版已发布")


def go_to(page: Page, name: str, *, back: bool = False) -> None:
    """Press Tab until what is called so has the focus."""
    wanted = page.locator(":focus")
    for _press in range(MOST_TABS):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if wanted.count() and wanted.evaluate(NAME_OF) == name:
            return
    raise AssertionError(f"the keyboard does not lead to {name}")


NAME_OF = "one => (one.labels?.[0] || one).textContent.trim()"


def test_an_earlier_version_comes_back_as_a_draft(open_page: Browsing, shop: Deployment) -> None:
    page = sign_in(open_page, shop)
    for text in ("第一版的话", "第二版的话"):
        page.goto(f"{shop.front}/admin/welcomes")
        again = page.get_by_role("link", name="改来改去")
        if again.count():
            again.click()
            page.get_by_label("文字", exact=True).fill(text)
            expect(page.locator(".ad-phone")).to_contain_text(text)
        else:
            write(page, shop, "改来改去", text)
            page.get_by_label("渠道", exact=False).fill("go-back")
            expect(page.locator("[data-fit]")).to_be_visible()
        publish(page)
        expect(page.get_by_role("status")).to_contain_text("已发布")
    page.get_by_role("row").filter(has_text="改来改去").get_by_role("link", name="第 2 版").click()
    expect(page.locator("del").first).to_contain_text("第一版的话")
    page.get_by_role("button", name="用回这一版").click()
    expect(page.locator("ins").first).to_contain_text("第一版的话")
    page.get_by_role("button", name="发布，从现在起问候新客户").click()
    expect(page.get_by_role("status")).to_contain_text("「改来改去」第 3 版已发布")


def test_no_part_of_writing_shuts_anybody_out(open_page: Browsing, shop: Deployment) -> None:
    page = sign_in(open_page, shop)
    side = write(page, shop, "样样都有", "您好，{{客户昵称}}{{没有的}}")
    page.get_by_label("另一段文字").check()
    page.get_by_label("只在这些时间段").check()
    for name in ("图片", "链接", "小程序", "视频", "文件"):
        page.get_by_role("button", name=f"＋ {name}").click()
    expect(side.locator(".ad-faults")).to_contain_text("图片没有选择素材")
    found: dict[str, str] = {}
    for shade in ("浅色", "深色"):
        side.get_by_text(shade, exact=True).click()
        expect(side.locator(".ad-phone_dark")).to_have_count(int(shade == "深色"))
        found |= look_over(page, shade, WIDE)
    page.get_by_role("button", name="下一步：核对并发布").click()
    expect(page.get_by_role("heading", name="核对并发布")).to_be_visible()
    found |= look_over(page, "review", WIDE)
    page.get_by_role("link", name="试一试会不会命中").click()
    page.get_by_role("button", name="看结果").click()
    expect(page.locator("#hit-title")).to_be_visible()
    found |= look_over(page, "hit", WIDE)
    assert found == {}

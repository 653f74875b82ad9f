"""A message of every kind that sendChatMessage takes goes from the library into the chat."""

from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.browser.watching import Browsing
from tests.deployment import Deployment
from tests.sidebar.shelves import file_of, keep, link, picture_of, program, video_of

# As the chat calls them, in the order in which they are sent.
KINDS = ["text", "image", "video", "file", "link", "miniprogram"]


def test_a_message_of_every_kind_arrives_as_it_is_kept(
    open_page: Browsing, stage: Deployment
) -> None:
    with stage.db.write() as session:
        files = (picture_of(session, filename="六种.png"), video_of(session), file_of(session))
        keep(session, "六种都有", "{{客户昵称}}您好", *files, link(desc="看图"), program())
    desk = Desk.newcomer(open_page, stage, "苏大雪")
    desk.send("六种都有")
    expect(desk.toast()).to_contain_text("已发送「六种都有」")
    sent = desk.messages.locator("[data-from=member]")
    # The first one greets.
    expect(sent).to_have_count(1 + len(KINDS))
    kinds = sent.evaluate_all("all => all.map((one) => one.dataset.kind)")
    assert kinds == ["text", *KINDS]
    said = {kind: desk.messages.locator(f"[data-from=member][data-kind={kind}]") for kind in KINDS}
    expect(said["text"].last.locator(".bubble")).to_have_text("苏大雪您好")
    expect(said["image"].locator("img")).to_have_js_property("naturalWidth", 640)
    expect(said["video"].locator("b")).to_have_text("试穿.mp4")
    expect(said["file"].locator("b")).to_have_text("价目表.pdf")
    expect(said["link"].get_by_role("link")).to_have_attribute("href", "https://example.com/a")
    expect(said["link"].locator("b, small")).to_have_text(["春季新品", "看图"])
    expect(said["miniprogram"].locator("b")).to_have_text("会员商城")
    assert stage.box.ledger.acts()[-1].details["more"] == {
        "title": "会员商城",
        "appid": "wx0123456789abcdef",
        "page": "pages/index/index.html",
        "picture": "https://example.com/cover.png",
    }

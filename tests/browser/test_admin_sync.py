"""The page 同步 in a browser: the first sync is begun, watched, read, and nobody is shut out."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app import clock
from app.customers.models import FollowUser
from app.sync.models import SyncRun, SyncSuspect
from tests.browser.conftest import set_up
from tests.browser.test_admin import WIDE, sign_in
from tests.browser.watching import Browsing, look_over
from tests.deployment import Deployment, wait_until

BATCH = "externalcontact/batch/get_by_user"


@pytest.fixture(scope="module")
def owned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Give a stage of its own, with an owner: after a sync its customers are known."""
    with set_up(tmp_path_factory.mktemp("synced")) as stage:
        stage.command("admin", "grant", "qianer", "owner")
        yield stage


def go(page: Page, stage: Deployment) -> None:
    page.goto(f"{stage.front}/admin/sync")


def test_the_first_sync_is_begun_watched_and_read(open_page: Browsing, owned: Deployment) -> None:
    page = sign_in(open_page, owned)
    page.get_by_role("navigation").get_by_role("link", name="同步", exact=True).click()
    expect(page.get_by_text("还没有同步过")).to_be_visible()
    found = look_over(page, "nothing yet", WIDE)
    hold = owned.box.faults.hold(BATCH, times=None)
    page.get_by_role("button", name="开始第一次同步").click()
    expect(page.get_by_role("status").first).to_contain_text("已开始")
    hold.wait_reached(20)
    expect(page.locator("#progress")).to_contain_text("正在读取客户")
    found |= look_over(page, "under way", WIDE)
    owned.box.faults.clear(hold)
    hold.release()
    expect(page.locator("#progress")).to_contain_text("这次同步已经结束", timeout=30_000)
    page.get_by_role("link", name="看结果").click()
    row = page.get_by_role("row").filter(has_text="手动")
    expect(row).to_contain_text("已完成")
    found |= look_over(page, "one ended", WIDE)
    row.get_by_role("link").click()
    expect(page.get_by_text("走完 4 位成员")).to_be_visible()
    found |= look_over(page, "report", WIDE)
    assert found == {}


def test_one_under_way_is_cancelled(open_page: Browsing, owned: Deployment) -> None:
    page = sign_in(open_page, owned)
    go(page, owned)
    hold = owned.box.faults.hold(BATCH, times=None)
    page.get_by_role("button", name="现在对账").click()
    hold.wait_reached(20)
    page.locator("#progress").get_by_role("button", name="取消").click()
    expect(page.get_by_role("status").first).to_contain_text("已取消")
    owned.box.faults.clear(hold)
    hold.release()
    expect(page.get_by_role("row").filter(has_text="已取消")).to_have_count(1)


def test_a_refusal_and_who_is_held_back_are_said(open_page: Browsing, owned: Deployment) -> None:
    with owned.db.write() as session:
        follow = session.scalars(select(FollowUser).limit(1)).one()
        pair = {"userid": follow.userid, "external_userid": follow.external_userid}
        times = {"missed_at": clock.utcnow(), "known_at": follow.added_at}
        session.add(SyncSuspect(follow_id=follow.id, run_id=1, is_held=True, **pair, **times))
    fault = owned.box.faults.errcode("externalcontact/get_follow_user_list", 48002, times=None)
    page = sign_in(open_page, owned)
    go(page, owned)
    page.get_by_role("button", name="现在对账").click()
    wait_until(lambda: _has_ended(owned))
    go(page, owned)
    expect(page.get_by_role("alert").first).to_contain_text("先不算流失")
    page.get_by_text("确实是流失").click()
    found = look_over(page, "held back", WIDE)
    page.get_by_role("row").filter(has_text="企业微信拒绝了").get_by_role("link").click()
    expect(page.get_by_role("alert")).to_contain_text("可调用接口的应用")
    found |= look_over(page, "refused", WIDE)
    owned.box.faults.clear(fault)
    assert found == {}


def _has_ended(stage: Deployment) -> bool:
    with stage.db.read() as session:
        return session.scalar(select(SyncRun.id).where(SyncRun.open_key == 1)) is None

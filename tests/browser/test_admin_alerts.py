"""The page of alerts in a browser: what is set there is obeyed at once, and nobody is shut out."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.alerting.actions import set_alerts
from app.alerting.queries import SETTINGS
from app.config import load_config
from tests.browser.test_admin import WIDE, owned, sign_in
from tests.browser.watching import Browsing, look_over
from tests.deployment import Deployment

__all__ = ["owned"]


@pytest.fixture
def settled(owned: Deployment) -> Iterator[Deployment]:
    """Give the stage, which goes back to its configuration file afterwards."""
    yield owned
    with owned.db.write() as session:
        config = load_config(owned.config_path, {})
        nothing: dict[str, list[str]] = {name: [] for name in SETTINGS}
        set_alerts(session, config, typed=nothing, seen={}, restore=list(SETTINGS))


def open_alerts(open_page: Browsing, stage: Deployment) -> Page:
    page = sign_in(open_page, stage)
    page.get_by_role("link", name="提醒", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("提醒")
    return page


def lose_two(stage: Deployment) -> None:
    """Have two customers delete sunsan, who is nobody's example elsewhere."""
    for name in ("林一程", "林二程"):
        event = stage.box.people.customer_scans("sunsan", name=name, state="")
        stage.box.delivery.wait_idle()
        stage.wait_worked()
        stage.box.people.customer_deletes_member("sunsan", event.external_userid)
    stage.box.delivery.wait_idle()
    stage.wait_worked()


def titles(stage: Deployment, userid: str, count: int) -> list[str]:
    """Wait for so many messages to a member."""

    def find(ledger: Any) -> list[str]:
        rows = ledger.messages(userid)
        found = [row.body["template_card"]["main_title"]["title"] for row in rows]
        return found if len(found) >= count else []

    return sorted(stage.box.ledger.wait_for(find, timeout=15))


def test_a_threshold_that_is_changed_is_obeyed_by_the_processes_that_run(
    open_page: Browsing, settled: Deployment
) -> None:
    page = open_alerts(open_page, settled)
    page.get_by_role("checkbox", name="周午阳").check()
    page.get_by_label("多于", exact=True).fill("1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("已保存，现在就生效")
    lose_two(settled)
    assert titles(settled, "zhouwu", 3) == ["客户删除了员工", "客户删除了员工", "客户集中流失"]
    page.get_by_role("link", name="流失", exact=True).click()
    alarm = page.get_by_role("alert").filter(has_text="孙叁木")
    expect(alarm).to_contain_text("（超过 1 位就会提醒）")
    alarm.get_by_role("button", name="知道了").click()
    page.get_by_role("link", name="提醒", exact=True).click()
    page.get_by_label("保存时恢复为配置文件的值：10 位").check()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_label("多于", exact=True)).to_have_value("10")


def test_nobody_is_shut_out_whether_it_is_plain_set_or_refused(
    open_page: Browsing, settled: Deployment
) -> None:
    page = open_alerts(open_page, settled)
    found = look_over(page, "plain", WIDE)
    page.get_by_label("从", exact=True).fill("22:00")
    page.get_by_label("到", exact=True).fill("09:30")
    page.get_by_label("每天几点").fill("09:00")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("这个时间在免打扰时段里")).to_be_visible()
    found |= look_over(page, "set", WIDE)
    open_page.allow("422")
    page.get_by_label("等客户回来").fill("-1")
    page.get_by_label("到", exact=True).fill("")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("alert")).to_contain_text("还没有保存")
    expect(page.get_by_label("等客户回来")).to_have_value("-1")
    found |= look_over(page, "refused", WIDE)
    assert found == {}

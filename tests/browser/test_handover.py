"""Customers who wait for somebody to take over, and what a member notes of his, in a browser."""

import re

from playwright.sync_api import expect

from app import clock
from app.members.actions import record_member
from app.wecom.user import UserDetail
from tests.browser.test_admin import WIDE, owned, sign_in
from tests.browser.test_tags import Beside, without_faults
from tests.browser.watching import Browsing, barriers, look_over
from tests.churn.people import add
from tests.deployment import Deployment, wait_until

__all__ = ["owned", "without_faults"]

GONE, PHONE = "gaojiu", 360


def leave(stage: Deployment, *customers: str) -> None:
    """Have a member be there who has left, with these customers."""
    with stage.db.write() as session:
        for status in (1, 5):
            detail = UserDetail(
                userid=GONE,
                name="高九歌",
                alias="",
                status=status,
                position="",
                departments=(3,),
                is_leader_in_dept=(False,),
                main_department=3,
                direct_leader=("sunsan",),
            )
            record_member(session, detail)
        for name in customers:
            add(session, f"wmGone{name}", userid=GONE, at=clock.utcnow(), name=name)


def test_who_waits_is_counted_and_listed_for_everybody_to_see(
    open_page: Browsing, owned: Deployment
) -> None:
    leave(owned, "石榴", "木瓜")
    page = sign_in(open_page, owned)
    page.get_by_role("navigation").get_by_role("link", name="待交接").click()
    row = page.get_by_role("row").filter(has_text="高九歌")
    expect(row).to_contain_text("孙叁木")
    found = look_over(page, "leavers", WIDE)
    row.get_by_role("link", name="2 位").click()
    expect(page.get_by_role("link", name="石榴")).to_be_visible()
    expect(page.get_by_label("状态")).to_have_value("waiting")
    assert found == {}


def test_description_and_numbers_are_changed_in_their_place_and_reach_wecom(
    open_page: Browsing, stage: Deployment
) -> None:
    client = Beside.newcomer(open_page, stage, "林夏至")
    sidebar = client.sidebar
    sidebar.locator("#description-edit summary").click()
    field = sidebar.locator("#description-input")
    expect(field).to_be_focused()
    field.fill("周末到店")
    sidebar.locator("#description-form").get_by_role("button", name="保存").click()
    expect(client.toast()).to_contain_text("描述已保存")
    expect(sidebar.locator("#description-edit summary")).to_be_focused()
    wait_until(lambda: client.relation.description == "周末到店")

    sidebar.locator("#field-mobiles-edit").click()
    number = sidebar.locator("#field-mobiles-input")
    expect(number).to_be_focused()
    number.fill("139 0000 5678")
    client.page.keyboard.press("Enter")
    row = sidebar.locator("#field-mobiles")
    expect(row).to_contain_text("139****5678")
    wait_until(lambda: client.relation.remark_mobiles == ["13900005678"])
    expect(row).not_to_contain_text("正在同步")
    sidebar.locator("#field-mobiles-edit").click()
    found = barriers(client.frame)
    row.get_by_role("button", name=re.compile("移除")).click()
    expect(row).not_to_contain_text("139****5678")
    wait_until(lambda: client.relation.remark_mobiles == [])
    client.toast().get_by_role("button", name="撤销").click()
    wait_until(lambda: client.relation.remark_mobiles == ["13900005678"])
    assert found == ""

"""A customer or a member ends it, or the member leaves: the right person hears of it, once."""

from typing import Any

import requests
from sqlalchemy import select

from app.churn.models import Loss
from app.customers import queries as customers
from app.sandbox.records import EventRecord
from tests.deployment import Deployment, wait_until

HTMX = {"HX-Request": "true"}


def come(shop: Deployment, name: str, userid: str = "zhaoyi") -> EventRecord:
    event = shop.box.people.customer_scans(userid, name=name, state="store-12")
    shop.box.delivery.wait_idle()
    shop.wait_worked()
    return event


def cards(shop: Deployment, userid: str, about: str, timeout: float = 10) -> list[dict[str, Any]]:
    """Wait for messages to this member that name the customer."""

    def find(ledger: Any) -> list[dict[str, Any]]:
        found = [row.body["template_card"] for row in ledger.messages(userid)]
        return [card for card in found if about in card["main_title"]["desc"]]

    found: list[dict[str, Any]] = shop.box.ledger.wait_for(find, timeout=timeout)
    return found


def losses(shop: Deployment, event: EventRecord) -> list[Loss]:
    with shop.db.read() as session:
        return list(
            session.scalars(select(Loss).where(Loss.external_userid == event.external_userid))
        )


def browse(userid: str) -> requests.Session:
    """Give a browser of this member's, in which WeCom knows him."""
    browser = requests.Session()
    browser.trust_env = False
    browser.headers["User-Agent"] = "Mozilla/5.0 wxwork/5.0.11"
    browser.cookies.set("sandbox_member", userid, domain="127.0.0.1")
    return browser


def sign_in_admin(shop: Deployment, userid: str) -> requests.Session:
    shop.command("admin", "grant", userid, "owner")
    browser = browse(userid)
    led = browser.get(f"{shop.address}/admin/sign-in/wecom", allow_redirects=False, timeout=10)
    browser.get(f"{led.headers['Location']}&as={userid}", timeout=10)
    return browser


def tell(shop: Deployment, change: str, userid: str) -> None:
    shop.box.people.something_happens("change_contact", ChangeType=change, UserID=userid)
    shop.box.delivery.wait_idle()
    shop.wait_worked()


def titles(shop: Deployment, userid: str) -> list[str]:
    bodies = [row.body["template_card"] for row in shop.box.ledger.messages(userid)]
    return [body["main_title"]["title"] for body in bodies]


def test_the_member_hears_that_a_customer_left(shop: Deployment) -> None:
    event = come(shop, "韩冬")
    shop.box.people.customer_deletes_member("zhaoyi", event.external_userid)
    (card,) = cards(shop, "zhaoyi", "韩冬")
    assert card["main_title"]["title"] == "客户删除了你"
    rows = {row["keyname"]: row["value"] for row in card["horizontal_content_list"]}
    assert (rows["阶段"], rows["认识"]) == ("新客户", "不到 1 天")
    link = f"{shop.address}/sidebar/customers/{event.external_userid}/profile"
    assert card["card_action"]["url"].partition("#")[0] == link


def test_the_admins_hear_that_a_customer_left(shop: Deployment) -> None:
    event = come(shop, "杨柳")
    shop.box.people.customer_deletes_member("zhaoyi", event.external_userid)
    (card,) = cards(shop, "qianer", "杨柳")
    assert card["main_title"]["title"] == "客户删除了员工"


def test_a_member_who_deletes_a_customer_is_told_to_the_admins_alone(shop: Deployment) -> None:
    event = come(shop, "朱砂")
    shop.box.people.member_deletes_customer("zhaoyi", event.external_userid)
    (card,) = cards(shop, "qianer", "朱砂")
    assert card["main_title"]["title"] == "员工删除了客户"
    assert [loss.kind for loss in losses(shop, event)] == ["member"]
    bodies = [str(row.body) for row in shop.box.ledger.messages("zhaoyi")]
    assert not any("朱砂" in body for body in bodies)


def test_a_transfer_is_no_loss_to_anybody(shop: Deployment) -> None:
    event = come(shop, "秦岭")
    before = len(shop.box.ledger.messages())
    shop.box.people.transfer_done("zhaoyi", "lisi", event.external_userid)
    shop.box.delivery.wait_idle()
    shop.wait_worked()
    assert [loss.kind for loss in losses(shop, event)] == ["transfer"]
    assert len(shop.box.ledger.messages()) == before


def test_a_failed_transfer_is_told_to_the_member_who_keeps_him(shop: Deployment) -> None:
    event = come(shop, "尤溪")
    shop.box.people.transfer_refused("zhaoyi", event.external_userid)
    (card,) = cards(shop, "zhaoyi", "尤溪")
    assert card["main_title"]["title"] == "转接没有成功"


def test_a_customer_who_comes_back_joins_his_history(shop: Deployment) -> None:
    event = come(shop, "许诺")
    shop.box.people.customer_deletes_member("zhaoyi", event.external_userid)
    cards(shop, "zhaoyi", "许诺")
    shop.box.clock.move(60)
    shop.box.people.customer_scans("zhaoyi", event.external_userid)
    shop.box.delivery.wait_idle()
    shop.wait_worked()
    with shop.db.read() as session:
        periods = customers.list_periods(session, "zhaoyi", event.external_userid)
        kinds = [e.kind for e in customers.list_timeline(session, event.external_userid)]
    assert [period.removed_by for period in periods] == ["customer", None]
    assert kinds == ["added", "removed_by_customer", "added"]
    assert all(loss.returned_at for loss in losses(shop, event))


def test_many_losses_of_one_minute_become_a_digest(shop: Deployment) -> None:
    events = shop.box.people.customers_scan(30, "lisi")
    shop.box.delivery.wait_idle()
    shop.wait_worked()
    for event in events:
        shop.box.people.customer_deletes_member("lisi", event.external_userid)

    def told(ledger: Any) -> bool:
        return any(
            "位客户流失" in row.body["template_card"]["main_title"]["title"]
            for row in ledger.messages("lisi")
        )

    shop.box.ledger.wait_for(told, timeout=15)
    assert len(shop.box.ledger.messages("lisi", outcome=None)) <= 25


def test_a_member_who_leaves_is_out_his_customers_wait_and_his_manager_hears(
    shop: Deployment,
) -> None:
    shop.box.people.member_joins("gaojiu", "高九歌", department=(3,))
    for name in ("石榴", "木瓜"):
        shop.box.people.customer_scans("gaojiu", name=name)
    shop.box.delivery.wait_idle()
    shop.wait_worked()
    his, admin = browse("gaojiu"), sign_in_admin(shop, "qianer")
    panel = f"{shop.address}/sidebar/"
    page = f"{shop.address}/admin/handover"
    assert his.get(panel, timeout=10).status_code == 200
    assert "高九歌" not in admin.get(page, timeout=10).text

    shop.box.people.member_leaves("gaojiu")
    tell(shop, "delete_user", "gaojiu")
    assert his.get(panel, headers=HTMX, timeout=10).status_code == 401
    assert "1 位员工，2 位客户" in admin.get(page, timeout=10).text
    wait_until(lambda: "2 位客户待交接" in titles(shop, "sunsan"), timeout=60)
    wait_until(lambda: "2 位客户待交接" in titles(shop, "qianer"), timeout=60)

    shop.box.people.member_joins("gaojiu", "高九歌", department=(3,))
    tell(shop, "create_user", "gaojiu")
    assert "没有客户待交接" in admin.get(page, timeout=10).text

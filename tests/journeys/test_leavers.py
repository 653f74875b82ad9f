"""A member leaves: he is out at once, his customers are listed, his manager and the admin told."""

import requests

from tests.deployment import Deployment, wait_until

HTMX = {"HX-Request": "true"}


def browse(shop: Deployment, userid: str) -> requests.Session:
    """Give a browser of this member's, in which WeCom knows him."""
    browser = requests.Session()
    browser.trust_env = False
    browser.headers["User-Agent"] = "Mozilla/5.0 wxwork/5.0.11"
    browser.cookies.set("sandbox_member", userid, domain="127.0.0.1")
    return browser


def sign_in_admin(shop: Deployment, userid: str) -> requests.Session:
    shop.command("admin", "grant", userid, "owner")
    browser = browse(shop, userid)
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


def test_he_is_out_his_customers_wait_and_his_manager_hears(shop: Deployment) -> None:
    shop.box.people.member_joins("gaojiu", "高九歌", department=(3,))
    for name in ("石榴", "木瓜"):
        shop.box.people.customer_scans("gaojiu", name=name)
    shop.box.delivery.wait_idle()
    shop.wait_worked()
    his, admin = browse(shop, "gaojiu"), sign_in_admin(shop, "qianer")
    panel = f"{shop.address}/sidebar/"
    page = f"{shop.address}/admin/handover"
    assert his.get(panel, timeout=10).status_code == 200
    assert "高九歌" not in admin.get(page, timeout=10).text

    shop.box.people.member_leaves("gaojiu")
    tell(shop, "delete_user", "gaojiu")
    assert his.get(panel, headers=HTMX, timeout=10).status_code == 401
    assert "1 位员工，2 位客户" in admin.get(page, timeout=10).text
    for userid in ("sunsan", "qianer"):
        wait_until(lambda userid=userid: "2 位客户待交接" in titles(shop, userid))

    shop.box.people.member_joins("gaojiu", "高九歌", department=(3,))
    tell(shop, "create_user", "gaojiu")
    assert "没有客户待交接" in admin.get(page, timeout=10).text

"""Signatures: for our own pages, so that WeCom's ticket verifies them, and for no other address."""

import hashlib
from typing import Any

import pytest
from flask import Flask

from app.sandbox.server import Sandbox
from sidebar.jssdk import is_own_address
from tests.sidebar.browser import Browser, problem_in

SIGNATURES = "/sidebar/jssdk/signatures"
BASE = "https://scrm.example.com"
OWN = [
    "/sidebar/",
    "/sidebar/?from=chat&x=1%2F2",
    "/sidebar/customers/wmABC_-09/profile",
    "/sidebar/customers/wmABC/profile?before=2026",
]
FOREIGN = [
    # What is signed joins its parts with & and =: these would sign another page as well.
    "https://scrm.example.com/sidebar/?&timestamp=1&url=https://evil.example/page",
    "https://scrm.example.com/sidebar/?noncestr=1&timestamp=1&url=https://scrm.example.com/other",
    # Another scheme, host or port.
    "http://scrm.example.com/sidebar/",
    "HTTPS://scrm.example.com/sidebar/",
    "wss://scrm.example.com/sidebar/",
    "ftp://scrm.example.com/sidebar/",
    "file:///sidebar/",
    "javascript:alert(1)//scrm.example.com/sidebar/",
    "data:text/html,https://scrm.example.com/sidebar/",
    "blob:https://scrm.example.com/sidebar/",
    "//scrm.example.com/sidebar/",
    "/sidebar/",
    "sidebar/",
    "",
    "https:scrm.example.com/sidebar/",
    "https:/scrm.example.com/sidebar/",
    "https:///scrm.example.com/sidebar/",
    "https:\\\\scrm.example.com/sidebar/",
    "https://SCRM.example.com/sidebar/",
    "https://evil.example/sidebar/",
    "https://evil.example/https://scrm.example.com/sidebar/",
    "https://evil.example/?https://scrm.example.com/sidebar/",
    "https://evil.example#https://scrm.example.com/sidebar/",
    "https://scrm.example.com.evil.example/sidebar/",
    "https://scrm.example.comevil.example/sidebar/",
    "https://evilscrm.example.com/sidebar/",
    "https://evil.scrm.example.com/sidebar/",
    "https://example.com/sidebar/",
    "https://scrm.example.com./sidebar/",
    "https://.scrm.example.com/sidebar/",
    "https://scrm.example.com:443/sidebar/",
    "https://scrm.example.com:8443/sidebar/",
    "https://scrm.example.com:80/sidebar/",
    "https://scrm.example.com:/sidebar/",
    "https://scrm.example.com:443@evil.example/sidebar/",
    "https://127.0.0.1/sidebar/",
    "https://[::1]/sidebar/",
    # A user before the host.
    "https://user@scrm.example.com/sidebar/",
    "https://user:secret@scrm.example.com/sidebar/",
    "https://@scrm.example.com/sidebar/",
    "https://:@scrm.example.com/sidebar/",
    "https://scrm.example.com@evil.example/sidebar/",
    "https://scrm.example.com%40evil.example/sidebar/",
    "https://scrm.example.com%2fevil.example/sidebar/",
    "https://scrm.example.com%00.evil.example/sidebar/",
    # Letters that only look alike, or become alike.
    "https://ѕcrm.example.com/sidebar/",
    "https://scrm.exаmple.com/sidebar/",
    "https://scrm。example。com/sidebar/",
    "https://ｓcrm.example.com/sidebar/",
    "https://scrm.example.com\u200b/sidebar/",
    "https://scrm.example.com／sidebar/",
    "https://scrm.example.com⁄sidebar/",
    "https://scrm.example.com\u2044sidebar/",
    "https://xn--crm-4ve.example.com/sidebar/",
    # Another place on our host, or one that becomes another.
    "https://scrm.example.com",
    "https://scrm.example.com/",
    "https://scrm.example.com/sidebar",
    "https://scrm.example.com/sidebarx/",
    "https://scrm.example.com/Sidebar/",
    "https://scrm.example.com/admin/",
    "https://scrm.example.com/callbacks/app",
    "https://scrm.example.com/x/sidebar/",
    "https://scrm.example.com//sidebar/",
    "https://scrm.example.com/./sidebar/",
    "https://scrm.example.com/sidebar//x",
    "https://scrm.example.com/sidebar/./x",
    "https://scrm.example.com/sidebar/../admin/",
    "https://scrm.example.com/sidebar/..",
    "https://scrm.example.com/sidebar/.%2e/admin/",
    "https://scrm.example.com/sidebar/%2e%2e/admin/",
    "https://scrm.example.com/sidebar/%2E%2E%2Fadmin/",
    "https://scrm.example.com/sidebar/..%2fadmin/",
    "https://scrm.example.com/sidebar/%252e%252e/admin/",
    "https://scrm.example.com/sidebar/..;/admin/",
    "https://scrm.example.com/sidebar/;x",
    "https://scrm.example.com/sidebar/\\admin",
    "https://scrm.example.com/sidebar/..\\admin",
    "https://scrm.example.com/sidebar/%5cadmin",
    "https://scrm.example.com\\sidebar\\",
    "https://scrm.example.com\\@evil.example/sidebar/",
    # Fragments, and what cannot stand in an address.
    "https://scrm.example.com/sidebar/#",
    "https://scrm.example.com/sidebar/#wechat_redirect",
    "https://scrm.example.com/sidebar/?x#y",
    "https://scrm.example.com/sidebar/?x\\y",
    "https://scrm.example.com/sidebar/ ",
    " https://scrm.example.com/sidebar/",
    "\thttps://scrm.example.com/sidebar/",
    "https://scrm.example.com/sidebar/\n",
    "https://scrm.example.com/sidebar/?a b",
    "https://scrm.example.com/sidebar/?a\nb",
    "https://scrm.example.com/sidebar/?a\x00b",
    "https://scrm.example.com/sidebar/?客户",
    "https://scrm.example.com/sidebar/客户",
    "https://scrm.example.com/sidebar/%00",
    "ht\ntps://scrm.example.com/sidebar/",
    "https://scrm.example.com/side\tbar/",
    "https://scrm.example.com/sidebar/" + "x" * 1024,
    "https://scrm.example.com/sidebar/?" + "x" * 1024,
]
NO_TEXTS: list[Any] = [None, 1, ["https://scrm.example.com/sidebar/"], {"url": "x"}, True]


@pytest.mark.parametrize("place", OWN)
def test_a_page_of_ours_is_known(place: str) -> None:
    assert is_own_address(BASE, BASE + place)


@pytest.mark.parametrize("url", [*FOREIGN, *NO_TEXTS])
def test_a_foreign_address_is_told_from_ours(url: object) -> None:
    assert not is_own_address(BASE, url)


@pytest.mark.parametrize(
    ("base_url", "shown"),
    [
        ("https://scrm.example.com:443", "https://scrm.example.com"),
        ("https://SCRM.example.com", "https://scrm.example.com"),
        ("https://scrm.example.com:8443", "https://scrm.example.com:8443"),
        ("https://客户.example.com", "https://xn--ubt06m.example.com"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_a_base_url_is_compared_as_a_browser_shows_it(base_url: str, shown: str) -> None:
    assert is_own_address(base_url, f"{shown}/sidebar/")


def asked(browser: Browser, url: object) -> Any:
    return browser.post(SIGNATURES, token=browser.csrf_token(), json={"url": url})


def test_wecoms_tickets_verify_what_is_signed(box: Sandbox, zhaoyi: Browser) -> None:
    zhaoyi.sign_in()
    url = "http://127.0.0.1:8000/sidebar/?x=%E5%AE%A2&y"
    given = asked(zhaoyi, url).json
    assert (given["corpId"], given["agentId"]) == (box.corp_id, box.agent_id)
    for name, kind in (("config", ("corp", 0)), ("agentConfig", ("agent", box.agent_id))):
        signed = given[name]
        ticket, _ = box.world.tickets[kind]
        text = (
            f"jsapi_ticket={ticket}&noncestr={signed['nonceStr']}"
            f"&timestamp={signed['timestamp']}&url={url}"
        )
        digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        assert signed["signature"] == digest


@pytest.mark.parametrize(
    "url", ["https://evil.example/sidebar/", "http://127.0.0.1:8001/sidebar/", None]
)
def test_a_foreign_address_gets_the_checklist_and_no_signature(
    zhaoyi: Browser, box: Sandbox, url: object
) -> None:
    zhaoyi.sign_in()
    refused = asked(zhaoyi, url)
    assert (refused.status_code, problem_in(refused)) == (400, "signature_refused")
    assert box.world.tickets == {}


def test_tickets_are_asked_for_once(box: Sandbox, zhaoyi: Browser) -> None:
    zhaoyi.sign_in()
    for _ in range(3):
        asked(zhaoyi, "http://127.0.0.1:8000/sidebar/")
    calls = [call.api for call in box.ledger.calls()]
    assert (calls.count("get_jsapi_ticket"), calls.count("ticket/get")) == (1, 1)


def test_a_busy_wecom_is_told_and_not_a_dead_end(box: Sandbox, zhaoyi: Browser) -> None:
    zhaoyi.sign_in()
    box.faults.errcode("ticket/get", 45009)
    busy = asked(zhaoyi, "http://127.0.0.1:8000/sidebar/")
    assert (busy.status_code, problem_in(busy)) == (503, "wecom_busy")
    assert int(busy.headers["Retry-After"]) >= 3


def test_a_body_that_is_no_json_signs_nothing(app: Flask) -> None:
    browser = Browser(app, "zhaoyi")
    browser.sign_in()
    refused = browser.post(SIGNATURES, token=browser.csrf_token(), data={"url": "x"})
    assert problem_in(refused) == "signature_refused"

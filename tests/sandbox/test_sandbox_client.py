"""The client in front of the server: who plays, how it looks, the one address, the bridge."""

import pytest
import requests

from app.sandbox.pages import build_pages, rewrite_html
from app.sandbox.server import Sandbox, SandboxServer

from .conftest import PagesApi
from .receiver import Receiver


def test_another_member_is_another_client(api: PagesApi) -> None:
    api.post("me", userid="zhaoyi")
    api.session.cookies.set("banke_member", "signed", domain="127.0.0.1", path="/")
    api.post("me", userid="zhaoyi", theme="dark")
    assert "banke_member" in api.session.cookies
    assert api.post("me", userid="lisi")["me"]["name"] == "李思远"
    names = api.session.cookies.get_dict()
    assert names.keys() == {"sandbox_member", "sandbox_theme", "sandbox_language"}
    assert (names["sandbox_member"], names["sandbox_theme"]) == ("lisi", "dark")


def test_whoever_plays_sees_his_own_chats(box: Sandbox, api: PagesApi) -> None:
    assert api.get("chats")["me"]["userid"] == next(iter(box.world.members))
    api.post("me", userid="lisi")
    assert api.get("chats")["me"]["userid"] == "lisi"
    box.people.member_leaves("lisi")
    assert api.get("chats")["me"]["userid"] != "lisi"


def test_another_tab_learns_who_plays_meanwhile(api: PagesApi) -> None:
    api.post("me", userid="lisi")
    assert api.get("me")["me"]["name"] == "李思远"


def test_pages_wait_until_a_demo_is_ready(box: Sandbox, api: PagesApi) -> None:
    assert api.get("ready") == {"ready": True, "instance": box.instance}
    box.ready = False
    assert api.get("state")["ready"] is False
    assert api.post("ready")["ready"] is True
    assert api.get("ready")["ready"] is True
    assert Sandbox().instance != box.instance


def test_nobody_can_be_who_is_not_there(api: PagesApi) -> None:
    assert api.refused("me", userid="nobody") == 400
    assert api.refused("me", userid="lisi", theme="pink") == 400


def test_theme_and_language_reach_the_server_and_our_cookies_do_not(
    address: str, api: PagesApi, receiver: Receiver
) -> None:
    api.session.get(f"{address}/sidebar/")
    assert receiver.seen[-1][2]["User-Agent"].endswith("Language/zh ColorScheme/Light")
    api.post("me", userid="lisi", theme="dark", language="en")
    api.session.cookies.set("mine", "1")
    api.session.get(f"{address}/sidebar/")
    headers = receiver.seen[-1][2]
    assert headers["User-Agent"].endswith("Language/en ColorScheme/Dark")
    assert set(headers["Cookie"].split("; ")) == {"a=1", "b=2", "mine=1"}


@pytest.mark.parametrize("name", ["localhost", "[::1]"])
def test_a_page_under_another_name_is_led_to_the_one_address(
    address: str, api: PagesApi, name: str
) -> None:
    host = address.removeprefix("http://").replace("127.0.0.1", name)
    headers = {"Host": host, "Accept": "text/html,*/*"}
    page = f"{address}/sidebar/?a=1%2B"
    answer = api.session.get(page, headers=headers, allow_redirects=False)
    assert answer.headers["Location"] == page
    headers["Accept"] = "*/*"
    call = api.session.get(f"{address}/sandbox/api/state", headers=headers, allow_redirects=False)
    assert call.status_code == 200


def test_sidebar_pages_begin_with_the_bridge() -> None:
    page = b"<!doctype html><html><HEAD lang=zh><script src='/x.js'></script></head></html>"
    put = rewrite_html("/sidebar/", page)
    assert put.index(b"/sandbox/bridge.js") < put.index(b"/x.js")
    assert rewrite_html("/elsewhere", page) == page


def test_a_fragment_stays_as_it_is() -> None:
    assert rewrite_html("/sidebar/x", b"<header>hello</header>") == b"<header>hello</header>"


def test_the_bridge_is_served() -> None:
    box = Sandbox()
    with SandboxServer(box, pages=build_pages(box)) as address:
        answer = requests.get(f"{address}/sandbox/bridge.js", timeout=5)
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert "WeixinJSBridge" in answer.text

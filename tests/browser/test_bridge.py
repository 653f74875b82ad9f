"""The sandbox's bridge in a browser: WeCom's own SDK finds its client, and the chat beside it."""

import hashlib
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, Response, send_file
from playwright.sync_api import Frame, Page
from werkzeug.serving import make_server

from app.sandbox.pages import build_pages, rewrite_html
from app.sandbox.server import Sandbox, SandboxServer
from tests.browser.watching import Browsing
from tests.deployment import ROOT

POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; frame-src 'self'; img-src data:"
)
PAGE = (
    "<!doctype html><html lang=zh><head><meta charset=utf-8><title>page</title>"
    '<link rel=icon href="data:,"><script src="/sdk.js"></script></head><body></body></html>'
)
# What a page of the chat client does; `chat` is what it answers.
OPEN_SIDEBAR = """(chat) => {
  const frame = document.createElement("iframe");
  window.addEventListener("message", (event) => {
    if (!event.data || event.data.banke !== "chat?" || chat === "silent") return;
    event.source.postMessage({ banke: "chat", id: event.data.id, chat }, event.origin);
  });
  frame.src = "/sidebar/";
  document.body.append(frame);
  return new Promise((resolve) => frame.addEventListener("load", () => resolve()));
}"""
ASK_SDK = """(signed) => new Promise((resolve) => {
  const { corpId, agentId, ...signature } = signed;
  ww.register({
    corpId, agentId, jsApiList: ["getContext", "getCurExternalContact"],
    getConfigSignature: async () => signature,
    getAgentConfigSignature: async () => signature,
  });
  const told = (error) => error.errMsg;
  Promise.all([
    ww.getContext().then((context) => context.entry, told),
    ww.getCurExternalContact().then((contact) => contact.userId, told),
  ]).then(resolve);
})"""


@pytest.fixture
def box() -> Sandbox:
    box = Sandbox(seed=True)
    box.world.tickets["agent", box.agent_id] = "ticket", box.clock.time() + 7200
    return box


@pytest.fixture
def front(box: Sandbox) -> Iterator[str]:
    """Give the address of a sandbox in front of a server with one page and a strict policy."""
    server = Flask("server", static_folder=None)
    server.add_url_rule("/sdk.js", "sdk", lambda: send_file(ROOT / "app/static/vendor/jssdk.js"))
    policy = {"Content-Security-Policy": POLICY}
    server.add_url_rule("/<path:path>", "page", lambda path: Response(f"{PAGE}{path}", 200, policy))
    behind = make_server("127.0.0.1", 0, server, threaded=True)
    thread = threading.Thread(target=behind.serve_forever, daemon=True)
    thread.start()
    box.connect(server_url=f"http://127.0.0.1:{behind.server_port}")
    with SandboxServer(box, pages=build_pages(box)[:1], rewrite_html=rewrite_html) as address:
        yield address
    behind.shutdown()
    thread.join()


def sign(box: Sandbox, url: str) -> dict[str, Any]:
    text = f"jsapi_ticket=ticket&noncestr=n&timestamp=1700000000&url={url}"
    digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    signed = {"timestamp": 1700000000, "nonceStr": "n", "signature": digest}
    return signed | {"corpId": box.corp_id, "agentId": box.agent_id}


def sidebar_of(page: Page, chat: Any) -> Frame:
    """Open the sidebar beside a chat; return its frame."""
    page.evaluate(OPEN_SIDEBAR, chat)
    return page.frames[1]


def test_the_sdk_finds_the_customer_of_the_open_chat(
    box: Sandbox, front: str, open_page: Browsing
) -> None:
    customer = next(iter(box.world.customers))
    page = open_page(f"{front}/elsewhere", cookies={"sandbox_member": "zhaoyi"})
    frame = sidebar_of(page, {"userid": "zhaoyi", "kind": "customer", "id": customer})
    told = frame.evaluate(ASK_SDK, sign(box, f"{front}/sidebar/"))
    assert told == ["single_chat_tools", customer]


def test_a_wrong_signature_is_told_to_the_page(
    box: Sandbox, front: str, open_page: Browsing
) -> None:
    # The SDK leaves the failed agentConfig uncaught, besides telling it.
    open_page.allow("^Object ")
    page = open_page(f"{front}/sidebar/")
    told = page.evaluate(ASK_SDK, sign(box, f"{front}/another/"))
    assert told == ["agentConfig:fail invalid signature"] * 2


@pytest.mark.parametrize("chat", [None, "silent"])
def test_without_a_chat_there_is_no_customer(
    box: Sandbox, front: str, open_page: Browsing, chat: str | None
) -> None:
    page = open_page(f"{front}/elsewhere")
    told = sidebar_of(page, chat).evaluate(ASK_SDK, sign(box, f"{front}/sidebar/"))
    assert told == ["normal", "getCurExternalContact:fail without context of external contact"]


def test_a_window_of_its_own_is_no_chat(box: Sandbox, front: str, open_page: Browsing) -> None:
    page = open_page(f"{front}/sidebar/?a=1#b")
    told = page.evaluate(ASK_SDK, sign(box, f"{front}/sidebar/?a=1"))
    assert told[0] == "normal"


def test_the_page_sees_a_client_that_looks_as_was_wished(front: str, open_page: Browsing) -> None:
    wished = {"sandbox_theme": "dark", "sandbox_language": "en"}
    agent = open_page(f"{front}/sidebar/", cookies=wished).evaluate("navigator.userAgent")
    assert agent.endswith("wxwork/5.0.11 MicroMessenger/7.0.1 Language/en ColorScheme/Dark")


def test_the_bridge_leaves_one_name_behind(front: str, open_page: Browsing) -> None:
    names = "Object.getOwnPropertyNames(window)"
    without = set(open_page(f"{front}/elsewhere").evaluate(names))
    added = set(open_page(f"{front}/sidebar/").evaluate(names)) - without
    assert added == {"WeixinJSBridge"}

"""The watch itself: it notices what it is there for, under the strictest policy of a page."""

import threading
from collections.abc import Iterator

import pytest
from flask import Flask, Response
from playwright.sync_api import Browser, expect
from werkzeug.serving import make_server

from tests.browser.watching import Browsing, barriers
from tests.deployment import wait_until

POLICY = "default-src 'none'; script-src 'self'; img-src 'self' data:; frame-src 'self'"
HEAD = '<!doctype html><html lang="zh"><title>页</title><link rel="icon" href="data:,"><main>'
PAGES = {
    "sound": "<h1>好</h1>",
    "script": "<h1>坏</h1><script src='fails.js'></script>",
    "rejection": "<h1>坏</h1><script src='rejects.js'></script>",
    "lost": "<h1>坏</h1><img src='lost.png' alt='无'>",
    "inline": "<h1>坏</h1><script>alert(1)</script>",
    "style": "<h1 style='color: red'>坏</h1>",
    "dialog": "<h1>坏</h1><script src='asks.js'></script>",
    "elsewhere": "<h1>坏</h1><a href='http://localhost:9/'>出</a><script src='leaves.js'></script>",
    "framed": "<h1>外</h1><iframe src='script' title='内'></iframe>",
    "unnamed": "<h1>图</h1><button></button>",
}
SCRIPTS = {
    "fails.js": "nothing.there()",
    "rejects.js": "Promise.reject(new Error('no'))",
    "asks.js": "alert('问')",
    "leaves.js": "document.querySelector('a').click()",
}


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Give the address of a server with those pages."""
    app = Flask("site", static_folder=None)

    def answer(name: str) -> Response:
        if name in SCRIPTS:
            return Response(SCRIPTS[name], mimetype="text/javascript")
        if name not in PAGES:
            return Response(status=404)
        html = f"{HEAD}{PAGES[name]}</main></html>"
        return Response(html, headers={"Content-Security-Policy": POLICY})

    app.add_url_rule("/<name>", view_func=answer)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        ("script", "nothing is not defined"),
        ("rejection", "Error: no"),
        ("lost", "404"),
        ("inline", "Content Security Policy"),
        ("style", "Content Security Policy"),
        ("dialog", "dialog: 问"),
        ("elsewhere", "elsewhere: http://localhost:9/"),
        ("framed", "nothing is not defined"),
    ],
)
def test_a_fault_of_a_page_is_noted(chromium: Browser, site: str, page: str, fault: str) -> None:
    browsing = Browsing(chromium)
    opened = browsing(f"{site}/{page}")
    # A browser tells of some only after the page has loaded; while we wait, it can.
    wait_until(lambda: browsing.unexpected() or opened.evaluate("null"))
    browsing.close()
    assert [fault in noted for noted in browsing.unexpected()] == [True]


def test_a_fault_that_is_allowed_is_none(open_page: Browsing, site: str) -> None:
    open_page.allow("404")
    open_page(f"{site}/lost")


def test_a_sound_page_has_no_fault_and_bars_nobody(open_page: Browsing, site: str) -> None:
    page = open_page(f"{site}/sound")
    expect(page.get_by_role("heading")).to_have_text("好")
    assert barriers(page) == ""


def test_what_bars_people_is_said_in_words(open_page: Browsing, site: str) -> None:
    found = barriers(open_page(f"{site}/unnamed"))
    assert found.startswith("button-name (critical): Buttons must have discernible text")


def test_width_and_theme_are_as_asked(open_page: Browsing, site: str) -> None:
    page = open_page(f"{site}/sound", dark=True)
    asked = "[innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]"
    assert page.evaluate(asked) == [360, True]

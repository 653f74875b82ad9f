"""The pages of the sandbox: the chat client in the browser, and the bridge for sidebar pages.

The engine knows nothing of them; `app/sandbox/__main__.py` puts them in front of it.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Blueprint, Response, send_from_directory

from .client import client_routes

if TYPE_CHECKING:
    from app.sandbox.server import Sandbox

STATIC = Path(__file__).parent / "static"
BRIDGE = b'<script src="/sandbox/bridge.js"></script>'
HEAD = re.compile(rb"<head(?:\s[^>]*)?>", re.IGNORECASE)


def build_pages(box: "Sandbox") -> Sequence[Blueprint]:
    """Return the blueprints of all pages."""
    return (_bridge(), client_routes(box))


def rewrite_html(path: str, html: bytes) -> bytes:
    """Put the bridge first into the head of a sidebar page, as WeCom's client injects its own."""
    if not path.startswith("/sidebar/"):
        return html
    head = HEAD.search(html)
    return html[: head.end()] + BRIDGE + html[head.end() :] if head else html


def _bridge() -> Blueprint:
    routes = Blueprint("bridge", __name__)

    def bridge() -> Response:
        return send_from_directory(STATIC, "bridge.js", mimetype="text/javascript", max_age=0)

    routes.add_url_rule("/sandbox/bridge.js", "bridge", bridge)
    return routes

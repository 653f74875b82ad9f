"""The sandbox's front: its own pages and WeCom's addresses first, all else goes to the server.

So the browser sees one origin, and the server sees a WeCom client, as in production.
"""

import http.client
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, redirect, request

from .control import control_routes
from .hang_up import hang_up
from .pages_api import LANGUAGE, OURS, THEME, pages_api_routes
from .plain_pages import plain_page
from .sign_in import sign_in_routes

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from .server import Sandbox

# (path, html) -> html; for the pages of the chat client, which put their bridge into the sidebar.
RewriteHtml = Callable[[str, bytes], bytes]

CLIENT = "wxwork/5.0.11 MicroMessenger/7.0.1"
SIDEBAR = "/sidebar/"
ADDRESS = "127.0.0.1"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
CHUNK = 64 * 1024
# In the environ: what is closed once a request is over, however it ended.
AT_END = "sandbox.at_end"
SERVER_SECONDS = 60


class _Body(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


def build_front(
    box: "Sandbox", *, pages: Sequence[Blueprint] = (), rewrite_html: RewriteHtml | None = None
) -> Flask:
    """Build the WSGI app of a sandbox. `pages` may take `/` and anything under `/sandbox/`."""
    front = Flask("app.sandbox", static_folder=None)
    front.before_request(_refuse_other_names)
    front.before_request(_lead_to_the_address)
    front.register_blueprint(box.gate.blueprint())
    front.register_blueprint(sign_in_routes(box))
    front.register_blueprint(control_routes(box))
    front.register_blueprint(pages_api_routes(box))
    for blueprint in pages:
        front.register_blueprint(blueprint)
    if not any(rule.rule == "/" for rule in front.url_map.iter_rules()):
        front.add_url_rule("/", "home", lambda: plain_page("home"))
    front.add_url_rule("/sandbox/<path:path>", "no_page", _no_page, methods=METHODS)

    def pass_on(path: str) -> Response:
        del path  # the raw address is passed on, not the decoded one
        is_sidebar = request.path.startswith(SIDEBAR)
        if is_sidebar and box.named_faults.is_on("network_gone"):
            return _lose_connection()
        return _pass_on(box.server_url, rewrite_html if is_sidebar else None)

    front.add_url_rule("/<path:path>", "pass_on", pass_on, methods=METHODS)
    return front


def _refuse_other_names() -> tuple[str, int] | None:
    """Refuse a page from elsewhere whose own name was made to lead to this machine."""
    host = request.host.rpartition(":")[0] if ":" in request.host else request.host
    return None if host in LOOPBACK_NAMES else ("沙盒只在本机使用。", 403)


def _lead_to_the_address() -> "AnyResponse | None":
    """Send a page to the one address that the server knows: cookies and signatures hang on it."""
    host, _, port = request.host.rpartition(":")
    is_page = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
    if host in ("", ADDRESS) or not is_page:
        return None
    return redirect(f"http://{ADDRESS}:{port}{_target()}")


def _lose_connection() -> Response:
    """Cut a page's call off; a page that is opened is the client's own, as a browser has one."""
    if request.headers.get("Sec-Fetch-Mode") == "navigate":
        return plain_page("offline", 503)
    return hang_up()


def _no_page(path: str) -> tuple[str, int]:
    del path
    return "沙盒里没有这个页面。", 404


def _pass_on(server_url: str, rewrite_html: RewriteHtml | None) -> Response:
    server = urlsplit(server_url)
    if not server.hostname:
        return plain_page("away", 502)
    connection = http.client.HTTPConnection(server.hostname, server.port, timeout=SERVER_SECONDS)
    try:
        connection.request(
            request.method, _target(), body=_body(), headers=_request_headers(rewrite_html)
        )
        answer = connection.getresponse()
    except (OSError, http.client.HTTPException):
        connection.close()
        return plain_page("away", 502)
    except BaseException:
        # The browser went away in the middle of what it sent, say.
        connection.close()
        raise
    return _answer(connection, answer, rewrite_html)


def _target() -> str:
    """Return the address as the browser wrote it, escapes and all."""
    raw: str = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or ""
    return raw if raw.startswith("/") else request.full_path.rstrip("?")


def _body() -> _Body | None:
    has_body = request.content_length or "Transfer-Encoding" in request.headers
    return request.stream if has_body else None


def _request_headers(rewrite_html: RewriteHtml | None) -> dict[str, str]:
    headers = {
        name: value
        for name, value in request.headers.items()
        if name.lower() not in HOP_BY_HOP
        # A page that is to be rewritten must come uncompressed.
        and not (rewrite_html and name.lower() == "accept-encoding")
    }
    cookies = [one for one in headers.pop("Cookie", "").split("; ") if not one.startswith(OURS)]
    if any(cookies):
        headers["Cookie"] = "; ".join(cookies)
    agent = request.headers.get("User-Agent", "Mozilla/5.0")
    headers["User-Agent"] = agent if "wxwork/" in agent else f"{agent} {_client()}"
    return headers


def _client() -> str:
    """Return what WeCom's client adds to the user agent."""
    language = "en" if request.cookies.get(LANGUAGE) == "en" else "zh"
    scheme = "Dark" if request.cookies.get(THEME) == "dark" else "Light"
    return f"{CLIENT} Language/{language} ColorScheme/{scheme}"


def _answer(
    connection: http.client.HTTPConnection,
    answer: http.client.HTTPResponse,
    rewrite_html: RewriteHtml | None,
) -> Response:
    headers = [
        (name, value) for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP
    ]
    is_page = (answer.getheader("Content-Type") or "").startswith("text/html")
    if rewrite_html and is_page and request.method != "HEAD":
        with closing(connection), answer:
            page = rewrite_html(request.path, answer.read())
        headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
        return Response(page, status=answer.status, headers=headers)
    # Where the server does not keep the connection, the answer owns the socket: a page that is
    # left before its end would leave it open.
    at_end: ExitStack = request.environ[AT_END]
    at_end.callback(connection.close)
    at_end.callback(answer.close)
    return Response(_chunks(answer), status=answer.status, headers=headers)


def _chunks(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    while chunk := answer.read1(CHUNK):
        yield chunk

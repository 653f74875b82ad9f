"""WeCom's sign-in pages: OAuth inside the client and the web login (dww/91022, 98151).

The member is the one named by `?as=` or by the cookie of the chat client; else a page asks.
"""

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Blueprint, Response, redirect, request
from markupsafe import Markup, escape

from .api.oauth import new_code

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from .server import Sandbox

COOKIE = "sandbox_member"
PAGE = Markup(
    "<!doctype html><html lang=zh><meta charset=utf-8><title>{title}</title><h1>{title}</h1>{body}"
)


def sign_in_routes(box: "Sandbox") -> Blueprint:
    """Return the routes of both sign-in pages."""
    routes = Blueprint("sign_in", __name__)

    def authorize() -> "AnyResponse":
        return _authorize(box)

    routes.add_url_rule("/connect/oauth2/authorize", "authorize", authorize)
    routes.add_url_rule("/wwlogin/sso/login", "web_login", authorize)
    return routes


def _authorize(box: "Sandbox") -> "AnyResponse":
    redirect_uri = request.args.get("redirect_uri", "")
    target = urlsplit(redirect_uri)
    if request.args.get("appid") != box.corp_id:
        return _page("出错了", escape("appid 参数错误"), 400)
    # The trusted domain must match exactly, port included.
    wanted = box.app.redirect_domain
    if target.scheme not in ("http", "https") or (wanted and target.netloc != wanted):
        return _page("出错了", escape("redirect_uri 与配置的可信域名不一致（50001）"), 400)
    who = request.args.get("as") or request.cookies.get(COOKIE, "")
    if not who:
        return _ask(box)
    added = {"code": new_code(box.world, who, box.clock.time())}
    if "state" in request.args:
        added["state"] = request.args["state"]
    query = urlencode([*parse_qsl(target.query, keep_blank_values=True), *added.items()])
    return redirect(urlunsplit(target._replace(query=query)))


def _ask(box: "Sandbox") -> Response:
    rows = [
        Markup('<p><a href="?{}">{}（{}）</a>').format(
            urlencode([*request.args.items(), ("as", member.userid)]), member.name, member.userid
        )
        for member in box.world.members.values()
    ]
    return _page("以谁的身份登录？", Markup("").join(rows), 200)


def _page(title: str, body: Markup, status: int) -> Response:
    html = PAGE.format(title=title, body=body)
    return Response(html, status=status, content_type="text/html; charset=utf-8")

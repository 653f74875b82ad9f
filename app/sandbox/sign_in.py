"""WeCom's sign-in pages: OAuth inside the client and the web login (dww/91022, 98151).

Inside the client the member is the one named by `?as=` or by the client's cookie; else a page asks.
The web login's page always asks: anybody may hold his phone before its QR code.
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
# It looks right beside the chat client, whose style sheets it names, and is plain without it.
PAGE = Markup(
    "<!doctype html><html lang=zh><meta charset=utf-8>"
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
    '<link rel="icon" href="data:,">'
    '<link rel="stylesheet" href="/sandbox/static/base.css">'
    '<link rel="stylesheet" href="/sandbox/static/plain.css">'
    '<body class="plain-page plain-page-asks"><main><h1>{title}</h1>{body}</main>'
)


def sign_in_routes(box: "Sandbox") -> Blueprint:
    """Return the routes of both sign-in pages."""
    routes = Blueprint("sign_in", __name__)

    def authorize() -> "AnyResponse":
        return _authorize(box, who=request.args.get("as") or request.cookies.get(COOKIE, ""))

    def web_login() -> "AnyResponse":
        return _authorize(box, who=request.args.get("as", ""))

    routes.add_url_rule("/connect/oauth2/authorize", "authorize", authorize)
    routes.add_url_rule("/wwlogin/sso/login", "web_login", web_login)
    return routes


def _authorize(box: "Sandbox", *, who: str) -> "AnyResponse":
    redirect_uri = request.args.get("redirect_uri", "")
    target = urlsplit(redirect_uri)
    if request.args.get("appid") != box.corp_id:
        return _page("出错了", escape("appid 参数错误"), 400)
    # The trusted domain must match exactly, port included.
    wanted = box.app.redirect_domain
    if target.scheme not in ("http", "https") or (wanted and target.netloc != wanted):
        return _page("出错了", escape("redirect_uri 与配置的可信域名不一致（50001）"), 400)
    if not who:
        return _ask(box)
    added = {"code": new_code(box.world, who, box.clock.time())}
    if "state" in request.args:
        added["state"] = request.args["state"]
    query = urlencode([*parse_qsl(target.query, keep_blank_values=True), *added.items()])
    return redirect(urlunsplit(target._replace(query=query)))


def _ask(box: "Sandbox") -> Response:
    rows = [
        Markup('<p><a href="?{}">{} <small>{}</small></a></p>').format(
            urlencode([*request.args.items(), ("as", member.userid)]),
            member.name,
            " · ".join(filter(None, [member.position, member.userid])),
        )
        for member in box.world.members.values()
    ]
    return _page("谁来扫码登录？", Markup("").join(rows), 200)


def _page(title: str, body: Markup, status: int) -> Response:
    html = PAGE.format(title=title, body=body)
    return Response(html, status=status, content_type="text/html; charset=utf-8")

"""How the admin web answers: whole pages, fragments for htmx, problems as either, files."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Request, Response, render_template, request
from jinja2 import BaseLoader, FileSystemLoader, PrefixLoader
from werkzeug.wsgi import wrap_file

from app.admin.pages import PAGES
from app.admin.pages.parts import Admin, Download, Page, Picture, Stream
from app.admin.permissions import ROLE_WORDS
from app.admin.problems import KINDS, Problem
from app.assets import assets_ready
from app.i18n import _, speaking, spoken

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"
BUNDLES: dict[str, tuple[str, ...]] = {
    "admin.css": (
        "admin/admin.css",
        "admin/welcomes.css",
        "admin/operations.css",
        "admin/charts.css",
        "admin/losses.css",
        "admin/customers.css",
        "admin/customer.css",
        "admin/settings.css",
        "admin/library.css",
        "admin/tags.css",
        "admin/exchange.css",
    ),
    "admin.js": (
        "admin/admin.js",
        "admin/fragments.js",
        "admin/pieces.js",
        "admin/editor.js",
        "admin/sheets.js",
        "admin/welcomes.js",
        "admin/operations.js",
        "admin/health.js",
        "admin/ticks.js",
        "admin/exchange.js",
    ),
    # On pages with a line chart alone, beside ECharts.
    "charts.js": ("admin/charts.js",),
}
THEME_COOKIE = "banke_theme"
# What of an open file is read at a time.
FILE_PIECE = 64 * 1024
# On whatever we answer: a page takes nothing in that somebody between us said.
MARK = "Banke"
# Where a problem stands that came instead of a fragment.
NOTICE = "#notice"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: "
    "https://*.qlogo.cn https://*.qpic.cn; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


@dataclass(frozen=True)
class SignedIn:
    """Who looks at the page, and what its forms have to bring."""

    admin: Admin
    csrf_token: str


def make_loader() -> BaseLoader:
    """Find `admin/<file>` in our templates and `pages/<page>/<file>` beside the page."""
    return PrefixLoader(
        {
            "admin": FileSystemLoader(FOLDER / "templates"),
            "pages": FileSystemLoader(FOLDER / "pages"),
        }
    )


def wants_fragment(given: Request) -> bool:
    """Tell whether htmx asks, which puts the answer into a page that is there."""
    return given.headers.get("HX-Request") == "true"


def render(template: str, signed_in: SignedIn | None, **values: Any) -> Response:
    """Answer with a template."""
    theme = request.cookies.get(THEME_COOKIE, "")
    admin = signed_in.admin if signed_in else None
    return Response(
        render_template(
            template,
            language={"zh": "zh-CN"}.get(spoken(), spoken()),
            theme=theme if theme in {"light", "dark"} else "",
            is_ready=assets_ready(),
            admin=admin,
            role=_(ROLE_WORDS[admin.role]) if admin else "",
            groups=_list_groups(admin) if admin else [],
            csrf_token=signed_in.csrf_token if signed_in else "",
            **values,
        )
    )


def render_problem(problem: Problem, signed_in: SignedIn | None) -> Response:
    """Answer with a problem: a page, or what stands above the page where htmx asked."""
    kind = KINDS[problem.kind]
    told = {
        "kind": problem.kind,
        "heading": _(kind.heading),
        "what": _(kind.what),
        "problem_id": problem.problem_id,
        # Where what was refused stood.
        "next": request.path.rpartition("/")[0],
    }
    if not wants_fragment(request):
        response = render("admin/sorry.html", signed_in, told=told)
    else:
        response = render("admin/notice.html", signed_in, told=told)
        response.headers["HX-Retarget"] = NOTICE
        response.headers["HX-Reswap"] = "innerHTML"
    response.status_code = problem.status
    return response


def give_file(file: Download | Picture) -> Response:
    """Answer with a file."""
    data = file.data
    body = data if isinstance(data, bytes) else wrap_file(request.environ, data, FILE_PIECE)
    response = Response(body, content_type=file.content_type, direct_passthrough=body is not data)
    if isinstance(file, Download):
        response.headers["Content-Disposition"] = _to_keep(file.filename)
    else:
        response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


def give_stream(file: Stream, *, ended: Callable[[], None]) -> Response:
    """Answer with a long file as it is made; `ended` is called once, however it ends."""
    left = [ended]
    response = Response(_spoken(file.pieces, spoken()), content_type=file.content_type)
    response.headers["Content-Disposition"] = _to_keep(file.filename)
    response.call_on_close(lambda: left and left.pop()())
    return response


def _to_keep(filename: str) -> str:
    return f"attachment; filename*=UTF-8''{quote(filename)}"


def _spoken(make: Callable[[], Iterator[bytes]], language: str) -> Iterator[bytes]:
    """Make each piece in the reader's language: the request is over by then."""
    pieces = make()
    while True:
        with speaking(language):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


def _list_groups(admin: Admin) -> list[tuple[str, list[Page]]]:
    """List the headings of the navigation, each with the pages that he may see."""
    seen = [page for page in PAGES if page.group is not None and admin.may(page.permission)]
    return [
        (_(group) if group else "", list(pages))
        for group, pages in groupby(seen, lambda page: page.group)
    ]

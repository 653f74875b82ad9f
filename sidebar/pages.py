"""How the sidebar answers: whole pages, fragments for htmx, problems as either; for whom they look.

Language and theme come from the user agent, where WeCom's client puts them.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import segno
from flask import Request, Response, render_template, request
from jinja2 import BaseLoader, FileSystemLoader, PrefixLoader

from app.assets import assets_ready
from app.config import Config
from app.i18n import spoken
from sidebar.jssdk import origin
from sidebar.panels import BOARDS, PANELS
from sidebar.problems import CLIENT_KINDS, Problem, Told, tell, tell_problem

FOLDER = Path(__file__).parent
# A problem stands in the panel's place when the panel was asked for, else above it.
PANEL, PANEL_TARGET = "#panel", "main#panel"
NOTICE = "#notice"
# On whatever we answer: the frame takes nothing in that somebody between us said.
MARK = "Banke"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data: https://*.qlogo.cn https://*.qpic.cn; font-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)

_SPOKEN_BY_CLIENT = re.compile(r"\bLanguage/(zh|en)", re.IGNORECASE)
_SCHEME = re.compile(r"\bColorScheme/(Dark|Light)\b", re.IGNORECASE)


def make_loader() -> BaseLoader:
    """Find `sidebar/<file>` in our templates and `panels/<panel>/<file>` beside the panel."""
    return PrefixLoader(
        {
            "sidebar": FileSystemLoader(FOLDER / "templates"),
            "panels": FileSystemLoader(FOLDER / "panels"),
        }
    )


def language_of(given: Request) -> str | None:
    """Return the reader's language: the client's, else the browser's; None: the server's own."""
    named = _SPOKEN_BY_CLIENT.search(given.headers.get("User-Agent", ""))
    if named:
        return named[1].lower()
    return given.accept_languages.best_match(["zh", "en"])


def wants_page(given: Request) -> bool:
    """Tell whether a whole page is wanted: a browser opened an address or sent a form."""
    return given.headers.get("HX-Request") != "true"


@dataclass(frozen=True)
class Frame:
    """What the frame needs besides its panel. `path` None: the page has to ask whose chat it is.

    Else it is the address of a card, and `kind` says of what: a key of `BOARDS`.
    """

    csrf_token: str
    path: str | None = None
    kind: str = "customers"
    panel: str = PANELS[0].name


def render_frame(config: Config, frame: Frame, content: str = "") -> Response:
    """Answer with the frame, around a panel or the place where one will be.

    Raises:
        Problem: not_ready.
    """
    if not assets_ready():
        raise Problem("not_ready")
    return _page(
        "sidebar/frame.html",
        frame=frame,
        content=content,
        boards=BOARDS,
        told=[(kind, tell(kind, **_values(config))) for kind in CLIENT_KINDS],
        corp_id=config.wecom.corp_id,
        agent_id=config.wecom.agent_id,
    )


def render_problem(config: Config, problem: Problem) -> Response:
    """Answer with a problem: a page, or the box alone where a fragment was wanted."""
    told = tell_problem(problem, **_values(config))
    if problem.kind == "outside_wecom":
        told = replace(told, code_picture=_draw_code(f"{config.server.base_url}{request.path}"))
    response = _page("sidebar/sorry.html", told=told) if wants_page(request) else _box(told)
    response.status_code = problem.status
    if problem.retry_after:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def _draw_code(address: str) -> str:
    """Draw an address to be scanned, light and dark as every scanner wants it."""
    return str(segno.make_qr(address, error="m").svg_data_uri(border=4, light="#fff"))


def _values(config: Config) -> dict[str, str]:
    return {
        "host": origin(config.server.base_url).partition("://")[2],
        "corp_id": config.wecom.corp_id,
        "agent_id": str(config.wecom.agent_id),
    }


def _page(template: str, **values: Any) -> Response:
    scheme = _SCHEME.search(request.headers.get("User-Agent", ""))
    return Response(
        render_template(
            template,
            language={"zh": "zh-CN"}.get(spoken(), spoken()),
            theme=scheme[1].lower() if scheme else None,
            **values,
        )
    )


def _box(told: Told) -> Response:
    response = Response(render_template("sidebar/problem.html", told=told))
    # Where an action failed, what the member was looking at stays as it is.
    is_panel = request.headers.get("HX-Target") == PANEL_TARGET
    response.headers["HX-Retarget"] = PANEL if is_panel else NOTICE
    response.headers["HX-Reswap"] = "innerHTML"
    return response

"""The page that plays WeCom's desktop client: one document, and the files that it is made of."""

from pathlib import Path
from typing import TYPE_CHECKING

from flask import Blueprint, Response, make_response, render_template, request, send_from_directory

from app.sandbox.api.media import find_picture
from app.sandbox.pages_api import LANGUAGE, THEME

if TYPE_CHECKING:
    from app.sandbox.server import Sandbox

HERE = Path(__file__).parent
SHEETS = ("base.css", "client.css", "phone.css", "drawer.css", "narrow.css")
THEMES = ("light", "dark")
LANGUAGES = ("zh", "en")
# Everything is ours, nothing stands in the document; only the sidebar is framed.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


def client_routes(box: "Sandbox") -> Blueprint:
    """Return the routes of the client."""
    routes = Blueprint("client", __name__, template_folder="templates")

    def home() -> Response:
        return _home(box)

    routes.add_url_rule("/", "home", home)
    routes.add_url_rule("/sandbox/", "sandbox", home)
    routes.add_url_rule("/sandbox/static/<path:name>", "static", _static)
    routes.add_url_rule(
        "/sandbox/media/<media_id>", "media", lambda media_id: _media(box, media_id)
    )
    return routes


def _home(box: "Sandbox") -> Response:
    known = box.world.find_member(request.cookies.get("sandbox_member", ""))
    language = _one_of(LANGUAGES, request.cookies.get(LANGUAGE) or _preferred())
    page = make_response(
        render_template(
            "client.html",
            sheets=SHEETS,
            theme=_one_of(THEMES, request.cookies.get(THEME)),
            language=language,
            userid=known.userid if known else "",
        )
    )
    # The frame's pages go by it too. The theme is chosen in the browser, which knows it (look.js).
    page.set_cookie(LANGUAGE, language, samesite="Lax")
    page.headers["Content-Security-Policy"] = POLICY
    page.headers["Cache-Control"] = "no-store"
    page.headers["Referrer-Policy"] = "same-origin"
    page.headers["X-Content-Type-Options"] = "nosniff"
    return page


def _preferred() -> str | None:
    """Return the reader's language on the first visit."""
    return request.accept_languages.best_match(LANGUAGES)


def _one_of(choices: tuple[str, ...], asked: str | None) -> str:
    return asked if asked in choices else choices[0]


def _media(box: "Sandbox", media_id: str) -> Response:
    """Answer with an image that was sent; 404 once it is not kept any more."""
    body, content_type = find_picture(box.world, media_id) or (b"", "text/plain")
    answer = Response(body, 200 if body else 404, content_type=content_type)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _static(name: str) -> Response:
    answer = send_from_directory(HERE / "static", name, max_age=0)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer

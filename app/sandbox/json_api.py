"""What all routes under /sandbox/api/ share: JSON in, JSON out, mistakes answered with 400.

Only requests with a JSON content type may change anything, so that a page of another origin cannot.
"""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, request

Route = tuple[str, str, Callable[..., Response]]


def json_routes(name: str, table: list[Route]) -> Blueprint:
    """Return the routes of a table of (rule, method, work)."""
    routes = Blueprint(name, __name__, url_prefix="/sandbox/api")
    for rule, method, work in table:
        routes.add_url_rule(rule, work.__name__, work, methods=[method])
    routes.before_request(_json_only)
    for mistake in (LookupError, TypeError, ValueError):
        routes.register_error_handler(mistake, _bad)
    return routes


def answer(body: Any, status: int = 200) -> Response:
    """Return an answer."""
    response = jsonify(body)
    response.status_code = status
    return response


def read_body() -> dict[str, Any]:
    """Return what the request says, {} if that is no JSON object."""
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else {}


def _json_only() -> Response | None:
    if request.method == "GET" or request.is_json:
        return None
    return answer({"error": "send JSON"}, 415)


def _bad(problem: Exception) -> Response:
    return answer({"error": str(problem)}, 400)

"""/healthz, /readyz and /metrics: for the operator's tools. They name nobody and no secret."""

import hmac

from flask import Blueprint, Response, abort, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY
from prometheus_client import generate_latest as latest
from sqlalchemy.exc import SQLAlchemyError

from app.access import access
from app.config import is_loopback
from app.figures import measure
from app.inbox.queries import list_backlogs
from app.runtime import Runtime

# An urgent event this old has missed its customer; nothing should ever wait that long.
LATE_SECONDS = 15.0
# Any of them says that a proxy on this machine asks for somebody elsewhere.
PROXY_HEADERS = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via")

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@access("public")
def healthz() -> Response:
    """Say that the process is alive."""
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
@access("public")
def readyz() -> tuple[dict[str, object], int]:
    """Say whether callbacks can be stored, and how far behind the work is.

    A Redis that is away makes welcomes up to a second slower; that is degraded, not down.
    """
    runtime = _runtime()
    try:
        with runtime.db.read() as session:
            backlogs = list_backlogs(session)
    except SQLAlchemyError:
        return {"ready": False, "database": "down"}, 503
    late = {b.lane: round(b.oldest_seconds, 1) for b in backlogs if b.oldest_seconds > LATE_SECONDS}
    redis = "ok" if runtime.bell.answers() else "degraded"
    return {"ready": True, "database": "ok", "redis": redis, "late_seconds": late}, 200


@bp.get("/metrics")
@access("metrics-token")
def metrics() -> Response:
    """Show the figures in Prometheus' format: this process's own, and those of the whole."""
    _require_token(_runtime())
    text = latest(REGISTRY) + latest(measure(_runtime()))
    return Response(text, content_type=CONTENT_TYPE_LATEST)


def _runtime() -> Runtime:
    runtime: Runtime = current_app.extensions["banke_runtime"]
    return runtime


def _require_token(runtime: Runtime) -> None:
    token = runtime.config.server.metrics_token
    if token is None:
        passed_on = any(name in request.headers for name in PROXY_HEADERS)
        ours = is_loopback(f"http://{request.remote_addr}") and is_loopback(request.host_url)
        if passed_on or not ours:
            abort(404)
        return
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(), token.get_secret_value().encode()):
        abort(401)

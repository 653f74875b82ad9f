"""/healthz, /readyz and /metrics: for the operator's tools. They name nobody and no secret."""

import hmac
from datetime import timedelta

from flask import Blueprint, Response, abort, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Gauge
from prometheus_client import generate_latest as latest
from sqlalchemy.exc import SQLAlchemyError

from app import clock
from app.access import access
from app.config import is_loopback
from app.deliveries.queries import count_outcomes
from app.inbox.queries import count_fates, list_backlogs
from app.messages import KINDS
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
    """Show the figures in Prometheus' format."""
    _require_token(_runtime())
    figures = CollectorRegistry()
    _measure(_runtime(), figures)
    return Response(latest(REGISTRY) + latest(figures), content_type=CONTENT_TYPE_LATEST)


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


def _measure(runtime: Runtime, figures: CollectorRegistry) -> None:
    fates = Gauge("banke_inbox_events", "Received events by fate", ["fate"], registry=figures)
    waiting = Gauge("banke_lane_waiting", "Events that wait", ["lane"], registry=figures)
    oldest = Gauge("banke_lane_oldest_seconds", "Age of the oldest", ["lane"], registry=figures)
    sent = Gauge(
        "banke_deliveries_24h",
        "Deliveries of a day",
        ["kind", "outcome", "reason"],
        registry=figures,
    )
    failed = Gauge("banke_doorbell_failures", "Rings that Redis did not take", registry=figures)
    failed.set(runtime.bell.failures)
    since = clock.utcnow() - timedelta(days=1)
    with runtime.db.read() as session:
        for fate, count in count_fates(session).items():
            fates.labels(fate).set(count)
        for backlog in list_backlogs(session):
            waiting.labels(backlog.lane).set(backlog.waiting)
            oldest.labels(backlog.lane).set(backlog.oldest_seconds)
        for kind in ("welcome", *KINDS):
            counted = count_outcomes(session, kind=kind, since=since)
            for (outcome, reason), count in counted.items():
                sent.labels(kind, outcome or "open", reason).set(count)

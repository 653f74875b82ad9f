"""P7: the profile in the sidebar at very many customers, the whole request on the server."""

import random
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from flask import Flask, Response
from werkzeug.test import EnvironBuilder, run_wsgi_app

from app.factory import create_app
from sidebar.session import new_session
from tests import settings
from tests.bench import many
from tests.bench.figures import Figure, Report

BUDGET_MS = 30.0
REQUESTS, WARM_UP = 2_000, 100
SECONDS_PER_MILLION = 200.0
AGENT = "Mozilla/5.0 wxwork/5.0.11 MicroMessenger/7.0.1 Language/zh ColorScheme/Light"


def measure_sidebar(report: Report, kind: str, folder: Path, *, customers: int) -> None:
    """Fill a database and open cards at random, one after the other, each by its own member."""
    if not report.has_time_for(10 + customers / 1e6 * SECONDS_PER_MILLION, f"sidebar on {kind}"):
        return
    report.section(f"The profile in the sidebar on {kind}, {customers} customers")
    folder.mkdir()
    with settings.fresh_database(kind, folder) as url:
        db = settings.migrated(url)
        began = time.monotonic()
        many.fill(db, customers)
        filled = time.monotonic() - began
        app = create_app(settings.make_config(folder, database={"url": url}))
        chooser = random.Random(7)
        _ask(app, (chooser.randrange(customers) for _ in range(WARM_UP)))
        spent = time.process_time()
        usual = _ask(app, (chooser.randrange(customers) for _ in range(REQUESTS)))
        spent = (time.process_time() - spent) / REQUESTS * 1000
        follow_ups = _ask(
            app, (chooser.randrange(customers) for _ in range(REQUESTS)), "follow_ups"
        )
        busy = _ask(app, [0] * (REQUESTS // 10))
        app.extensions["banke_runtime"].db.close()
        db.close()
    report.add(
        _figure(f"{kind}, fragment, {len(usual)} cards (filled in {filled:.0f} s)", usual),
        _figure(f"{kind}, the panel 跟进", follow_ups),
        _figure(f"{kind}, a card of {many.BUSY_ENTRIES} entries", busy),
        # What others do on this machine does not change it.
        Figure(measure="P7", what=f"{kind}, our CPU per card", value=f"{spent:.1f} ms"),
    )


def _figure(what: str, took: list[float]) -> Figure:
    took = sorted(took)
    p50, p95, p99 = (took[int(len(took) * share)] for share in (0.5, 0.95, 0.99))
    return Figure(
        measure="P7",
        what=what,
        value=f"{p50:.1f} / {p95:.1f} / {p99:.1f} ms",
        budget=f"p95 < {BUDGET_MS:.0f}",
        met=p95 < BUDGET_MS,
        raw={"p50": p50, "p95": p95, "p99": p99, "requests": len(took)},
    )


def _ask(app: Flask, numbers: Iterable[int], panel: str = "profile") -> list[float]:
    """Return the milliseconds of every request."""
    cookies: dict[str, str] = {}
    took = []
    for environ in _requests(app, numbers, cookies, panel):
        began = time.perf_counter()
        body, status, _headers = run_wsgi_app(app, environ, buffered=True)
        took.append((time.perf_counter() - began) * 1000)
        if not status.startswith("200") or not b"".join(body):
            raise RuntimeError(f"a card was answered with {status}")
    return took


def _requests(
    app: Flask, numbers: Iterable[int], cookies: dict[str, str], panel: str
) -> Iterator[dict[str, Any]]:
    for number in numbers:
        userid = many.userid_of(number)
        if userid not in cookies:
            cookies[userid] = _cookie(app, userid)
        headers: Any = {
            "Cookie": cookies[userid],
            "HX-Request": "true",
            "HX-Target": "main#panel",
            "User-Agent": AGENT,
        }
        path = f"/sidebar/customers/{many.external_userid_of(number)}/{panel}"
        yield EnvironBuilder(path=path, headers=headers).get_environ()


def _cookie(app: Flask, userid: str) -> str:
    response = Response()
    app.extensions["banke_sidebar"].cookies.write_session(response, new_session(userid, 1))
    return response.headers["Set-Cookie"].split(";")[0]

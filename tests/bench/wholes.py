"""What has to do with all customers or with all of one of them, where they are very many.

The admin's other pages, the whole list as a file, one person's package and his erasure, the
nightly purge with its counts, sealing under a key. No budgets: what is to be seen is that none of
them grows beyond use.
"""

import os
import time
from collections.abc import Callable, Iterator

import psutil
from flask import Flask
from sqlalchemy import update
from werkzeug.test import EnvironBuilder, run_wsgi_app

from app import clock
from app.admin.auth import COOKIE
from app.customers.models import Customer, FieldValue
from app.db import Database
from app.members.models import Member
from app.privacy.actions import erase_person
from app.privacy.package import write_package
from app.privacy.reading import build_reader
from app.privacy.retention import purge
from app.privacy.retentions import RETENTIONS
from app.privacy.sealing import SEALED, walk_on
from app.reports.jobs import keep_reports
from app.runtime import Runtime
from tests.bench import many
from tests.bench.figures import Figure
from tests.bench.memory import Memory

PAGES = ("overview", "losses", "handover", "privacy", "tags", "stages", "deliveries", "sync")
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/156.0 Safari/537.36"
AWAY = "member7"
TIMES = 3
# Number 0 is followed by all of a day's history; these are like most.
PACKED, ERASED = 11, range(20, 40)
# Many values are cut short: the pace is what is to be seen.
SEAL_SECONDS = 30.0


def measure_wholes(
    app: Flask, db: Database, kind: str, sign_in: Callable[[], str]
) -> Iterator[Figure]:
    """Measure them on a database that is filled; `sign_in` gives an owner's cookie."""
    runtime = app.extensions["banke_runtime"]
    with db.write() as session:
        session.execute(update(Member).where(Member.userid == AWAY).values(away_at=clock.utcnow()))
    began = time.perf_counter()
    keep_reports(runtime)
    yield _figure(
        f"{kind}, making ready what the pages count, each 10 min", time.perf_counter() - began
    )
    cookie = sign_in()
    slowest = max((_ask(app, cookie, f"/admin/{name}"), name) for name in PAGES)
    yield _figure(f"{kind}, the admin's other pages, the slowest: {slowest[1]}", slowest[0])
    yield _measure_file(app, kind, sign_in())
    yield from _measure_person(runtime, kind)
    yield from _measure_purge(runtime, kind)
    yield _measure_sealing(runtime, kind)


def _ask(app: Flask, cookie: str, path: str) -> float:
    """Return the seconds of a page, the median of some."""
    took = []
    for _time in range(TIMES):
        began = time.perf_counter()
        for _piece in _get(app, cookie, path):
            pass
        took.append(time.perf_counter() - began)
    return sorted(took)[TIMES // 2]


def _get(app: Flask, cookie: str, path: str) -> Iterator[bytes]:
    headers = [("Cookie", f"{COOKIE}={cookie}"), ("User-Agent", AGENT)]
    environ = EnvironBuilder(path=path, headers=headers).get_environ()
    body, status, _headers = run_wsgi_app(app, environ)
    if not status.startswith("200"):
        raise RuntimeError(f"{path} was answered with {status}")
    yield from body


def _measure_file(app: Flask, kind: str, cookie: str) -> Figure:
    """Take the list as a file, as it is streamed to a browser."""
    memory = Memory(psutil.Process(os.getpid()))
    memory.look()
    began, rows = time.perf_counter(), -1
    for piece in _get(app, cookie, "/admin/customers/file"):
        rows += piece.count(b"\r\n")
        memory.look()
    took = time.perf_counter() - began
    return Figure(
        measure="",
        what=f"{kind}, the list as a file of {rows} rows",
        value=f"{rows / took:,.0f} /s, +{memory.grown:.0f} MB",
    )


def _measure_person(runtime: Runtime, kind: str) -> Iterator[Figure]:
    with runtime.db.read() as session:
        customer = session.get_one(Customer, many.external_userid_of(PACKED))
        began = time.perf_counter()
        write_package(build_reader(runtime, session), customer).close()
    yield _figure(f"{kind}, the package of one person", time.perf_counter() - began)
    took = []
    for number in ERASED:
        began = time.perf_counter()
        with runtime.db.write() as session:
            whom = many.external_userid_of(number)
            erase_person(session, runtime, whom, userid="member0", origin="")
        took.append(time.perf_counter() - began)
    yield _figure(f"{kind}, the erasure of one person, of {len(took)} the slowest", max(took))


def _measure_purge(runtime: Runtime, kind: str) -> Iterator[Figure]:
    """Purge every kind as at night; what is counted at the end takes longest."""
    took = {}
    for one in RETENTIONS:
        began = time.perf_counter()
        while not purge(runtime, one):
            pass
        took[one.kind] = time.perf_counter() - began
    slowest = max(took, key=lambda name: took[name])
    yield _figure(f"{kind}, the nightly purge of all {len(took)} kinds", sum(took.values()))
    yield _figure(f"{kind}, of which {slowest}", took[slowest])


def _measure_sealing(runtime: Runtime, kind: str) -> Figure:
    """Seal the phones, which lie in clear here, as a rotation seals what lies under an old key."""
    [rows] = [one for one in SEALED if one.table is FieldValue]
    memory = Memory(psutil.Process(os.getpid()))
    memory.look()
    began, looked, longest = time.perf_counter(), 0, 0.0
    is_over = False
    while not is_over and time.perf_counter() - began < SEAL_SECONDS:
        at = time.perf_counter()
        piece = walk_on(runtime, rows)
        longest = max(longest, time.perf_counter() - at)
        looked, is_over = looked + piece.looked, piece.is_over
        memory.look()
    took = time.perf_counter() - began
    cut = "" if is_over else f", cut after {took:.0f} s"
    return Figure(
        measure="",
        what=f"{kind}, {looked} values gone through to be sealed, a third of them{cut}",
        value=f"{looked / took:,.0f} /s, +{memory.grown:.0f} MB, longest {longest * 1000:,.0f} ms",
    )


def _figure(what: str, seconds: float) -> Figure:
    return Figure(measure="", what=what, value=f"{seconds * 1000:,.0f} ms")

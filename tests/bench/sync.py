"""P11: a walk through all customers of a corp in the sandbox: our side of it, rows and memory."""

import gc
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import func, select, text

from app import clock
from app.claims import claim_due
from app.customers.models import FollowTag
from app.db import Database
from app.runtime import Runtime, build_runtime
from app.sandbox.server import SECRET
from app.sync.actions import begin_run
from app.sync.jobs import work_sync
from app.sync.models import SyncRun
from app.wecom.client import WeComClient
from app.wecom.limits import Limits
from app.wecom.tokens import SharedSecrets
from tests import settings
from tests.bench.figures import Figure, Report
from tests.bench.memory import Memory
from tests.bench.servers import sandbox_process
from tests.bench.sync_floor import measure_floor

BUDGET, MEGABYTES = 5000.0, 300.0
MEMBERS = 400
SECONDS_PER_MILLION = 800.0
LEASE = 300.0
# The pace that WeCom allows would be all that is measured: it is let pass a hundred times as fast.
HASTE = 100


def measure_sync(report: Report, kind: str, folder: Path, *, customers: int) -> None:
    """Walk through them twice: the first time they are new, then they are known."""
    if not report.has_time_for(20 + customers / 1e6 * SECONDS_PER_MILLION, f"sync on {kind}"):
        return
    report.section(f"A walk through all customers on {kind}, {customers} customers")
    folder.mkdir()
    with ExitStack() as stack:
        url = stack.enter_context(settings.fresh_database(kind, folder))
        settings.migrated(url).close()
        address, sandbox = stack.enter_context(sandbox_process(customers, MEMBERS))
        runtime = _connect(folder, url, address)
        stack.callback(runtime.db.close)
        stack.callback(runtime.wecom.close)
        for what in ("new", "known"):
            for figure in _walk(runtime, sandbox, f"{kind}, all {what}"):
                report.add(figure)
            if kind == "postgresql":
                _vacuum(runtime.db)
            if kind == "sqlite" and what == "new":
                report.add(_compare(folder, report.figures))


def _compare(folder: Path, figures: list[Figure]) -> Figure:
    ours = next(one.raw["rate"] for one in reversed(figures) if "rate" in one.raw)
    floor = measure_floor(folder / "banke.db", folder / "floor")
    return Figure(
        measure="P11",
        what="floor: the same rows copied by SQLite alone",
        value=f"{floor:,.0f} /s",
        budget=f"ours {ours / floor:.0%}",
    )


def _connect(folder: Path, url: str, address: str) -> Runtime:
    wecom = {"api_base": address, "secret": SECRET}
    config = settings.make_config(folder, database={"url": url}, wecom=wecom)
    # As the worker has it.
    runtime = build_runtime(config, durable=False)
    gc.freeze()
    tokens = SharedSecrets(runtime.sealer, None)
    limits = Limits(lambda: clock.monotonic() * HASTE)
    return replace(runtime, wecom=_Timed(runtime.config.wecom, tokens=tokens, limits=limits))


class _Timed(WeComClient):
    """Counts the seconds that WeCom is waited for."""

    waited = 0.0

    def post(self, *args: Any, **options: Any) -> Any:
        """Post, and count."""
        began = time.perf_counter()
        try:
            return super().post(*args, **options)
        finally:
            self.waited += time.perf_counter() - began


def _walk(runtime: Runtime, sandbox: psutil.Process, what: str) -> Iterator[Figure]:
    run_id = runtime.db.commit(lambda session: begin_run(session, why="manual").id)
    ours, wecom = Memory(psutil.Process(os.getpid())), Memory(sandbox)
    began, cpu, waited = time.perf_counter(), time.process_time(), _waited(runtime)
    while (run := _read(runtime.db, run_id)).outcome is None:
        with runtime.db.write() as session:
            claims = claim_due(session, SyncRun, limit=1, lease=LEASE)
        for claim in claims:
            work_sync(runtime, claim)
        for memory in (ours, wecom):
            memory.look()
    took = time.perf_counter() - began
    waited = _waited(runtime) - waited
    rate = run.listed / (took - waited)
    marks = _count_marks(runtime.db)
    yield Figure(
        measure="P11",
        what=f"{what}: {run.listed} relations, {marks} tags",
        value=f"{rate:,.0f} /s",
        budget=f">= {BUDGET:,.0f}",
        met=rate >= BUDGET,
        invalid="" if run.outcome == "done" else f"{run.outcome}: {run.fault}",
        raw={
            "rate": rate,
            "seconds": took,
            "of_wecom": waited,
            "cpu_seconds": time.process_time() - cpu,
        },
    )
    yield Figure(
        measure="P11",
        what=f"{what}: memory, and growth after the first 5 s",
        value=f"{ours.most:.0f} MB, +{ours.grown:.0f}",
        budget=f"< {MEGABYTES:.0f} MB",
        met=ours.most < MEGABYTES,
    )
    yield Figure(
        measure="P11",
        what=f"{what}: the sandbox's memory",
        value=f"{wecom.most:.0f} MB, +{wecom.grown:.0f}",
    )
    yield Figure(
        measure="P11",
        what=f"{what}: with the sandbox's own time",
        value=f"{run.listed / took:,.0f} /s",
    )


def _waited(runtime: Runtime) -> float:
    return runtime.wecom.waited if isinstance(runtime.wecom, _Timed) else 0.0


def _read(db: Database, run_id: int) -> SyncRun:
    with db.read() as session:
        return session.get_one(SyncRun, run_id)


def _count_marks(db: Database) -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(FollowTag)) or 0


def _vacuum(db: Database) -> None:
    """Do what the server does by itself, within a minute."""
    with db.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("VACUUM ANALYZE"))

"""P13: `flask backup` and `flask restore` of a large database: each one's time and memory."""

import os
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests import settings
from tests.bench.figures import Figure, Report
from tests.bench.many import fill
from tests.deployment import ROOT

# Whatever the size: a row is read, written and forgotten.
MEGABYTES = 200.0
SECONDS_PER_MILLION = 3000.0
LOOKS_EVERY = 0.05


@dataclass(frozen=True)
class _Done:
    """How a command did: its seconds, the megabytes that it had at most, what it said."""

    code: int
    seconds: float
    megabytes: float
    said: str


def measure_backup(report: Report, kind: str, folder: Path, *, customers: int) -> None:
    """Back a database up, and put the file into an empty one of the same kind."""
    if not report.has_time_for(20 + customers / 1e6 * SECONDS_PER_MILLION, f"backup on {kind}"):
        return
    report.section(f"Backup and restore on {kind}, {customers} customers")
    ours, other, file = folder / "ours", folder / "other", folder / "backup.zip"
    for one in (ours, other):
        one.mkdir(parents=True)
    with settings.fresh_database(kind, ours) as full, settings.fresh_database(kind, other) as empty:
        with closing(settings.migrated(full)) as db:
            fill(db, customers)
        for name, home, url in (("backup", ours, full), ("restore", other, empty)):
            done = _run(home, url, name, str(file))
            report.add(*_figures(f"{kind}: flask {name}", done, file))


def _figures(what: str, done: _Done, file: Path) -> tuple[Figure, Figure]:
    invalid = "" if done.code == 0 else f"it ended with {done.code}: {done.said.strip()[-200:]}"
    size = file.stat().st_size / 2**20 if file.exists() else 0.0
    return (
        Figure(
            measure="P13",
            what=f"{what}, a file of {size:.0f} MB",
            value=f"{done.seconds:.0f} s",
            invalid=invalid,
        ),
        Figure(
            measure="P13",
            what=f"{what}: memory at most",
            value=f"{done.megabytes:.0f} MB",
            budget=f"< {MEGABYTES:.0f} MB",
            met=done.megabytes < MEGABYTES,
            invalid=invalid,
        ),
    )


def _run(folder: Path, url: str, *command: str) -> _Done:
    """Run a command as an operator does, and look at its memory all the while."""
    tree = settings.settings(folder, database={"url": url})
    config = settings.write_toml(folder / "config.toml", tree)
    began, most = time.monotonic(), 0
    with subprocess.Popen(
        [sys.executable, "-m", "flask", *command],
        cwd=ROOT,
        env=os.environ | {"BANKE_CONFIG": str(config), "FLASK_APP": "wsgi:app"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            most = max(most, watched.memory_info().rss)
            time.sleep(LOOKS_EVERY)
        said = process.communicate()[0]
    return _Done(process.returncode, time.monotonic() - began, most / 2**20, said)

"""P12: the time from `flask demo` to its READY, on a prepared checkout."""

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.bench.figures import Figure, Report
from tests.deployment import ROOT, free_port

BUDGET_SECONDS = 10.0
PATIENCE = 40.0
# That everything starts, and that history passes.
LINES_BEFORE = 2


def measure_start(report: Report, folder: Path) -> None:
    """Start the demo in a folder of its own, so that one that runs here is not disturbed."""
    if not report.has_time_for(15, "cold start"):
        return
    report.section("Cold start of the demo")
    folder.mkdir()
    environment = os.environ | {"PYTHONPATH": str(ROOT), "FLASK_APP": f"{ROOT / 'wsgi.py'}:app"}
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "flask", "demo", "--port", str(free_port())],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            said = _read_until_ready(process)
            took = time.monotonic() - began
        finally:
            process.terminate()
            process.wait(PATIENCE)
    report.add(
        Figure(
            measure="P12",
            what="flask demo until READY",
            value=f"{took:.1f} s",
            budget=f"< {BUDGET_SECONDS:.0f} s",
            met=took < BUDGET_SECONDS,
            invalid="" if said[-1:] == ["READY"] else f"it said: {' '.join(said)}",
        )
    )


def _read_until_ready(process: subprocess.Popen[str]) -> list[str]:
    """Return what the demo says up to READY, which is cut to that word; all of it if it never is.

    A past with a hole in it, which it tells before READY, is no start that may be measured.
    """
    said: list[str] = []
    for line in process.stdout or ():
        if line.startswith("READY"):
            return [*said, "READY"] if len(said) == LINES_BEFORE else said
        said.append(line.strip())
    return said

"""`make bench`: run everything, print the table, write `var/bench/<time>.json`."""

import argparse
import os
import tempfile
from pathlib import Path

from tests import settings
from tests.bench.backlog import measure_backlog
from tests.bench.backup import measure_backup
from tests.bench.cold_start import measure_start
from tests.bench.customers import measure_customers
from tests.bench.door import measure_door
from tests.bench.edits import measure_edits
from tests.bench.figures import Report, print_head
from tests.bench.paint import measure_paint
from tests.bench.round_trips import measure_round_trips
from tests.bench.sidebar import measure_sidebar
from tests.bench.sync import measure_sync
from tests.bench.upgrade import measure_upgrade
from tests.bench.welcomes import measure_welcomes

USUAL_SIZE = 100_000
USUAL_LIMIT, LONG_LIMIT = 290.0, 3600.0
BACKLOG_SHARE = 5
EDITS_SECONDS = 30.0
BACKLOG_SECONDS, LONG_BACKLOG_SECONDS = 20.0, 900.0
PARTS = (
    "welcomes",
    "backlog",
    "edits",
    "start",
    "door",
    "sidebar",
    "customers",
    "sync",
    "backup",
    "paint",
    "round_trips",
)
# Only when they are asked for by name.
LONG_PARTS = ("upgrade",)

HEAD = """\
Banke's benchmark. The load generator, the sandbox and the servers share {cpus} CPUs: read the
ratios, which are of one run; absolute figures move with the machine. Web alone: `flask web`. Whole
tree: `flask serve`, whose worker and relay work the same callbacks meanwhile. Databases: {kinds}.
"""


def main() -> None:
    """Run the parts that were asked for."""
    options = _options()
    servers = [kind for kind, name in settings.SERVERS.items() if os.environ.get(name)]
    kinds = options.only or ["sqlite", *servers]
    long = options.size > USUAL_SIZE
    report = Report(limit=LONG_LIMIT if long else USUAL_LIMIT)
    print_head(HEAD.format(cpus=os.cpu_count(), kinds=", ".join(kinds)))
    with tempfile.TemporaryDirectory(prefix="banke-bench-") as name:
        folder = Path(name)
        if "welcomes" in options.parts:
            for kind in kinds:
                measure_welcomes(report, kind, folder / f"{kind}-welcomes")
        if "backlog" in options.parts:
            measure_backlog(
                report,
                "postgresql" if "postgresql" in kinds else kinds[0],
                folder / "backlog",
                events=max(1000, options.size // BACKLOG_SHARE),
                seconds=LONG_BACKLOG_SECONDS if long else BACKLOG_SECONDS,
            )
        if "edits" in options.parts:
            for kind in kinds:
                measure_edits(report, kind, folder / f"{kind}-edits", seconds=EDITS_SECONDS)
        if "start" in options.parts:
            measure_start(report, folder / "start")
        if "door" in options.parts:
            measure_door(report, kinds, folder)
        _measure_whole(report, options, kinds, folder)
        _measure_sidebar(report, options, kinds, folder)
    report.section(f"End; written to {report.write()}")


def _measure_whole(
    report: Report, options: argparse.Namespace, kinds: list[str], folder: Path
) -> None:
    """Measure what goes through everything that there is."""
    for part, measure in (("sync", measure_sync), ("backup", measure_backup)):
        if part in options.parts:
            for kind in kinds:
                measure(report, kind, folder / f"{kind}-{part}", customers=options.size)
    if "upgrade" in options.parts:
        for kind in kinds:
            measure_upgrade(report, kind, folder / f"{kind}-upgrade", rows=options.size)


def _measure_sidebar(
    report: Report, options: argparse.Namespace, kinds: list[str], folder: Path
) -> None:
    """Measure what a member or an admin waits for: the server's answer, its first sight, a tap."""
    if "sidebar" in options.parts:
        for kind in kinds:
            measure_sidebar(report, kind, folder / f"{kind}-sidebar", customers=options.size)
    if "customers" in options.parts:
        for kind in kinds:
            measure_customers(report, kind, folder / f"{kind}-customers", customers=options.size)
    if "paint" in options.parts:
        measure_paint(report, folder / "paint")
    if "round_trips" in options.parts:
        measure_round_trips(report, folder / "round_trips")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--size", type=int, default=USUAL_SIZE, help="the customers; a fifth of it: P6's events"
    )
    parser.add_argument("--parts", nargs="+", choices=(*PARTS, *LONG_PARTS), default=PARTS)
    parser.add_argument(
        "--only", nargs="+", choices=["sqlite", *settings.SERVERS], help="databases"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()

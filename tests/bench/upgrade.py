"""`flask upgrade` of a full database: every migration over tables of 100,000 rows each.

Also for how long at most a callback could not be stored meanwhile, as where a web process of the
version before still runs.
"""

import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.db import Database
from tests import settings
from tests.bench.figures import Figure, Report
from tests.old_schema import VERSIONS, OldDatabase

# A migration below it is not told of by itself.
WORTH_SECONDS = 0.5
PATIENCE = 900.0
PAUSE_SECONDS = 0.02
STORE = "UPDATE inbox_events SET duplicates = duplicates WHERE id = 1000000"


def measure_upgrade(report: Report, kind: str, folder: Path, *, rows: int) -> None:
    """Raise a database from nothing to now; after each migration the new tables are filled."""
    report.section(f"flask upgrade on {kind}, {rows} rows in every table")
    folder.mkdir()
    with settings.fresh_database(kind, folder) as url:
        db = settings.keyed(Database(url, lock_wait=PATIENCE))
        old = OldDatabase(db, rows)
        total, held_up = 0.0, 0.0
        with Probe(url) as probe:
            for step in old.rise(before=probe.begin):
                stall = probe.longest()
                total, held_up = total + step.seconds, max(held_up, stall)
                if step.seconds >= WORTH_SECONDS:
                    value = f"{step.seconds:.1f} s"
                    raw = {"stall": stall}
                    what = f"{step.revision}; a callback waits {stall:.1f} s"
                    report.add(Figure(measure="", what=what, value=value, raw=raw))
        lost = old.count_lost()
        report.add(
            Figure(
                measure="",
                what=f"all {len(VERSIONS)} migrations; a callback waits at most {held_up:.1f} s",
                value=f"{total:.1f} s",
                invalid=f"rows are missing: {lost}" if lost else "",
            )
        )
        db.close()


class Probe:
    """Writes to the inbox again and again, and tells how long the slowest try took."""

    def __init__(self, url: str) -> None:
        self._db = Database(url, lock_wait=PATIENCE)
        self._tried = threading.Condition()
        self._longest, self._tries = 0.0, 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._db.close()

    def begin(self) -> None:
        """Forget what was before."""
        with self._tried:
            self._longest = 0.0

    def longest(self) -> float:
        """Return the seconds of the slowest try since `begin`, those of one under way too."""
        with self._tried:
            after = self._tries + 1
            self._tried.wait_for(lambda: self._tries >= after, PATIENCE)
            return self._longest

    def _run(self) -> None:
        while not self._stop.wait(PAUSE_SECONDS):
            began = time.perf_counter()
            try:
                with self._db.write() as session:
                    session.execute(text(STORE))
            except SQLAlchemyError:
                # There is no inbox yet.
                began = time.perf_counter()
            with self._tried:
                self._longest = max(self._longest, time.perf_counter() - began)
                self._tries += 1
                self._tried.notify_all()

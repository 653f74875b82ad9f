"""Noting who knocked: what came to a receiver's address and how it was answered.

From a thread of its own: nobody's answer waits for the note, and a flood of strangers writes no
more than once a second, into rows that are there already.
"""

import threading
from functools import partial
from typing import TYPE_CHECKING

from app import clock
from app.arrivals import Came, record_arrivals
from app.db import Database
from app.log import get_logger

if TYPE_CHECKING:
    from datetime import datetime

REST_SECONDS = 1.0

log = get_logger(__name__)


class Knocks:
    """The one writer of arrivals in this process. The thread starts with the first note."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._came: dict[Came, datetime] = {}
        self._changed = threading.Condition()
        self._rest = threading.Event()
        self._thread: threading.Thread | None = None

    def note(self, came: Came) -> None:
        """Have it written down soon; of several alike the last one counts."""
        with self._changed:
            self._came[came] = clock.utcnow()
            self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="knocks", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._came)
                came, self._came = self._came, {}
            try:
                self._db.commit(partial(record_arrivals, came=came))
            except Exception as error:  # noqa: BLE001 -- a note that is lost must not end the noting
                log.warning("arrivals_not_noted", error_name=type(error).__name__)
            self._rest.wait(REST_SECONDS)

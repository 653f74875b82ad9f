"""Storing callbacks by the group: one thread a process commits whatever has come in meanwhile.

One durable commit serves many callbacks, and one writer never fights itself for SQLite's lock.
Nobody is answered before the commit that holds his callback is through.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime

from app import clock
from app.db import Database
from app.errors import BankeError
from app.inbox.actions import Received, record_received
from app.log import get_logger

WAIT_SECONDS = 4.0
GROUP = 200

log = get_logger(__name__)


class NotStored(BankeError):
    """The database did not take the callback in time; WeCom must send it again."""


class Store:
    """The one writer of callbacks in this process."""

    def __init__(self, db: Database, *, ring: Callable[[Sequence[str]], None]) -> None:
        self._db = db
        self._ring = ring
        self._waiting: list[tuple[Received, Future[None]]] = []
        self._changed = threading.Condition()
        self._busy_since: float | None = None
        threading.Thread(target=self._run, name="store", daemon=True).start()

    def put(self, callback: Received) -> None:
        """Store this callback durably before returning, in four seconds at most.

        Raises:
            NotStored: it may yet be stored, and is then a duplicate when WeCom sends it again.
        """
        future: Future[None] = Future()
        with self._changed:
            if self._stuck():
                raise NotStored("the database has not answered for four seconds")
            self._waiting.append((callback, future))
            self._changed.notify()
        try:
            future.result(timeout=WAIT_SECONDS)
        except NotInTime:
            raise NotStored("the database did not answer in four seconds") from None

    def _stuck(self) -> bool:
        since = self._busy_since
        return since is not None and clock.monotonic() - since > WAIT_SECONDS

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
                self._busy_since = clock.monotonic()
            self._commit(group)
            self._busy_since = None

    def _commit(self, group: list[tuple[Received, Future[None]]]) -> None:
        try:
            self._write([callback for callback, _ in group])
        except Exception as error:  # noqa: BLE001 -- whatever the driver raises, nobody is acknowledged
            log.warning("callbacks_not_stored", count=len(group), error_name=type(error).__name__)
            self._commit_singly(group)
            return
        for _, future in group:
            future.set_result(None)
        self._ring(sorted({callback.lane for callback, _ in group if callback.fate is None}))

    def _commit_singly(self, group: list[tuple[Received, Future[None]]]) -> None:
        """One callback that the database refuses must not take its neighbours with it."""
        if len(group) > 1 and not self._stuck():
            for one in group:
                self._commit([one])
            return
        for _, future in group:
            future.set_exception(NotStored("the database refused"))

    def _write(self, callbacks: list[Received]) -> None:
        # In one order everywhere, so that two machines storing the same events cannot deadlock.
        callbacks.sort(key=lambda callback: callback.dedupe_key)
        with self._db.write() as session:
            record_received(session, callbacks)

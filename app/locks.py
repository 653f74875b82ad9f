"""What writers wait for: SQLite's one turn, and how to tell a wait in vain from other errors."""

import fcntl
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.errors import BankeError

SQLITE_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class TooBusy(BankeError):
    """A work had no turn at the database in time: nothing of it was done, and nothing will be."""


class Turn:
    """SQLite has one writer at a time, and this is the queue for it.

    Its own waiting is a lottery that starves some for seconds; a lock in the process and a lock on
    a file between processes let everybody in by turns.
    """

    def __init__(self, url: URL) -> None:
        self._lock = threading.Lock()
        self._path: Path | None = None
        if url.get_backend_name() == "sqlite" and url.database not in {None, "", ":memory:"}:
            self._path = Path(f"{url.database}-turn")

    @property
    def matters(self) -> bool:
        """Tell whether there is a queue at all."""
        return self._path is not None

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold the turn; wait for it as long as it takes."""
        if self._path is None:
            yield
            return
        with self._lock, self._path.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def is_busy(error: BaseException) -> bool:
    """Tell whether a write failed because another one held its lock, or no connection was free."""
    if isinstance(error, TooBusy | PoolTimeout):
        return True
    if not isinstance(error, DBAPIError) or error.orig is None:
        return False
    locked = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in SQLITE_LOCKED
    no_turn = getattr(error.orig, "sqlstate", None) == "55P03" or error.orig.args[:1] == (1205,)
    return locked or no_turn or is_deadlock(error)


def is_deadlock(error: DBAPIError) -> bool:
    """Tell whether the server rolled this transaction back to let another one through."""
    sqlstate = getattr(error.orig, "sqlstate", None)
    return sqlstate == "40P01" or (error.orig is not None and error.orig.args[:1] == (1213,))

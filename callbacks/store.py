"""Storing callbacks: nobody is answered before the commit that holds his callback is through."""

from collections.abc import Sequence

from app.db import Database
from app.errors import BankeError
from app.group_commit import GroupCommit
from app.inbox.actions import Received, record_received
from app.log import get_logger

WAIT_SECONDS = 4.0
GROUP = 200
# A lone callback waits this long for nothing; a busy minute stores a half more for it.
LINGER_SECONDS = 0.003

log = get_logger(__name__)


class NotStored(BankeError):
    """The database did not take the callback in time; WeCom must send it again."""


class Store:
    """The one writer of callbacks in this process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._group: GroupCommit[Received, None] = GroupCommit(
            self._commit, name="store", most=GROUP, linger=LINGER_SECONDS
        )

    def put(self, callback: Received) -> None:
        """Store this callback durably before returning, in four seconds at most.

        Raises:
            NotStored: it may yet be stored, and is then a duplicate when WeCom sends it again.
        """
        if self._stuck:
            raise NotStored("the database has not answered for four seconds")
        try:
            self._group.put(callback, timeout=WAIT_SECONDS)
        except TimeoutError:
            raise NotStored("the database did not answer in four seconds") from None

    @property
    def _stuck(self) -> bool:
        return self._group.busy_seconds > WAIT_SECONDS

    def _commit(self, callbacks: Sequence[Received]) -> list[Exception | None]:
        try:
            self._write(callbacks)
        except Exception as error:  # noqa: BLE001 -- whatever the driver raises, nobody is acknowledged
            log.warning("not_stored", count=len(callbacks), error_name=type(error).__name__)
            return self._singly(callbacks)
        return [None] * len(callbacks)

    def _singly(self, callbacks: Sequence[Received]) -> list[Exception | None]:
        """One callback that the database refuses must not take its neighbours with it."""
        if len(callbacks) == 1 or self._stuck:
            return [NotStored("the database refused")] * len(callbacks)
        return [answer for one in callbacks for answer in self._commit([one])]

    def _write(self, callbacks: Sequence[Received]) -> None:
        # In one order everywhere, so that two machines storing the same events cannot deadlock.
        with self._db.write() as session:
            record_received(session, sorted(callbacks, key=lambda callback: callback.dedupe_key))

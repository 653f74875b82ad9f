"""Group commit: one thread commits together what many threads want committed.

A commit costs the same for one as for a hundred, and a thread that is alone at the database never
waits for its turn there. Whoever puts something in gets his answer after the commit that holds it.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

from app import clock

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class GroupCommit(Generic[Item, Answer]):
    """Hands groups of up to `most` items to `commit`, which answers each with a value or an error.

    The thread starts with the first item, so that this may be made before a fork.
    """

    def __init__(
        self,
        commit: Callable[[Sequence[Item]], Sequence[Answer | Exception]],
        *,
        name: str,
        most: int,
        linger: float = 0.0,
    ) -> None:
        """`linger`: seconds that the first of a group waits for others to join him."""
        self._commit = commit
        self._name = name
        self._most = most
        self._linger = linger
        self._pause = threading.Event()
        self._waiting: list[tuple[Item, Future[Answer]]] = []
        self._changed = threading.Condition()
        self._busy_since: float | None = None
        self._thread: threading.Thread | None = None

    @property
    def busy_seconds(self) -> float:
        """How long the commit under way has taken so far, 0 when there is none."""
        since = self._busy_since
        return 0.0 if since is None else clock.monotonic() - since

    def put(self, item: Item, *, timeout: float | None = None) -> Answer:
        """Have the item committed, and return or raise its answer.

        Raises:
            TimeoutError: not within `timeout` seconds; it may be committed yet.
        """
        return self.submit(item).result(timeout)

    def submit(self, item: Item) -> "Future[Answer]":
        """Have the item committed; its answer will be in what this returns."""
        future: Future[Answer] = Future()
        with self._changed:
            self._waiting.append((item, future))
            self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
        return future

    def withdraw(self, item: Item) -> None:
        """Take an item out of the queue, if no group has it yet: it is not committed then."""
        with self._changed:
            self._waiting = [waiting for waiting in self._waiting if waiting[0] is not item]

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
            if self._linger:
                self._pause.wait(self._linger)
            with self._changed:
                group, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            self._busy_since = clock.monotonic()
            self._answer(group)
            self._busy_since = None

    def _answer(self, group: list[tuple[Item, Future[Answer]]]) -> None:
        try:
            answers = self._commit([item for item, _future in group])
        except Exception as error:  # noqa: BLE001 -- whatever it is, everybody who waits must hear it
            answers = [error] * len(group)
        for (_item, future), answer in zip(group, answers, strict=True):
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)

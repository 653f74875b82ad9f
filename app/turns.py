"""How much of the server some of its pages may hold at a time, so that callbacks find a thread.

Who finds no turn is told so at once: waiting for one would hold a thread as well. Only where a
turn is short, or whoever has it does the same work, somebody waits for it, a few seconds at most.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from app import clock
from app.locks import TooBusy
from app.wecom.errors import too_busy

RETRY_SECONDS = 3.0

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class NoTurn(TooBusy):
    """Somebody waited for a turn in vain: nothing was done."""


class Turns:
    """So many at a time and no more."""

    def __init__(self, most: int) -> None:
        self._free = threading.BoundedSemaphore(most)

    def take(self) -> bool:
        """Take a turn; False: there is none."""
        return self._free.acquire(blocking=False)

    def give_back(self) -> None:
        """Leave the turn to the next one."""
        self._free.release()

    @contextmanager
    def taken(self, api: str) -> Iterator[None]:
        """Hold a turn for a call of `api`.

        Raises:
            TryAgainLater: there is none.
        """
        if not self.take():
            raise too_busy(api, RETRY_SECONDS)
        try:
            yield
        finally:
            self.give_back()

    @contextmanager
    def awaited(self, until: float) -> Iterator[None]:
        """Hold a turn, and wait for it until then, by `clock.monotonic`.

        Raises:
            NoTurn: there was none.
        """
        if not self._free.acquire(timeout=max(0.0, until - clock.monotonic())):
            raise NoTurn
        try:
            yield
        finally:
            self.give_back()


@dataclass
class Pace:
    """So many a second, and at most `burst` at once after a quiet time."""

    rate: float
    burst: float
    _level: float = field(init=False)
    _filled_at: float = field(init=False)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._level = self.burst
        self._filled_at = clock.monotonic()

    def take(self, amount: float = 1) -> bool:
        """Take one, or so much; False: too much was taken lately."""
        with self._lock:
            now = clock.monotonic()
            self._level = min(self.burst, self._level + (now - self._filled_at) * self.rate)
            self._filled_at = now
            if self._level < amount:
                return False
            self._level -= amount
            return True


class Recent(Generic[Key, Value]):
    """The values of the keys that were used last, `most` of them; a new key gets a new value."""

    def __init__(self, make: Callable[[], Value], *, most: int) -> None:
        self._make = make
        self._most = most
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Count the keys that are remembered."""
        return len(self._values)

    def of(self, key: Key) -> Value:
        """Return the key's value."""
        with self._lock:
            if key not in self._values:
                self._values[key] = self._make()
            self._values.move_to_end(key)
            while len(self._values) > self._most:
                self._values.popitem(last=False)
            return self._values[key]

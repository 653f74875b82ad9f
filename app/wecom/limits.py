"""Staying inside WeCom's limits (频率限制), per API: calls in flight, calls a minute and an hour.

What is counted here is this process's own: of several processes each keeps to these figures, which
leave room for that, and 45009 and 45033 correct whoever was too quick.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Condition, Lock

from app import clock
from app.wecom.errors import too_busy

# Calls in flight. WeCom publishes no figures; its staff speak of 5 for data APIs.
CAPS = {
    "externalcontact/send_welcome_msg": 32,
    "message/send": 10,
    # A corp may have five under way, and our worker and our relay may both be at it.
    "externalcontact/mark_tag": 2,
    "media/upload": 2,
    "media/uploadimg": 2,
}
DEFAULT_CAP = 5

# WeCom allows a corp 10,000 calls a minute and 150,000 an hour of one API; 80 % of each, where the
# bursts that a bucket lets through still fit under the whole.
PER_MINUTE = (8_000 / 60, 1_000.0)
PER_HOUR = (120_000 / 3600, 20_000.0)

CROWDED_SECONDS = 30.0
WINDOW_SECONDS = 60.0
SLOT_RETRY_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True)
class GateState:
    """How an API stands in one process at this moment.

    `left`: what the emptier of its two buckets still holds, between 0 and 1. `shut_seconds`: WeCom
    said 45009 and nothing goes out for so long; `halved_seconds`: 45033, half as many at once.
    """

    api: str
    in_flight: int
    cap: int
    left: float
    shut_seconds: float
    halved_seconds: float


def cap_of(api: str) -> int:
    """Return how many calls of `api` may be in flight at once."""
    return CAPS.get(api, DEFAULT_CAP)


class Limits:
    """All the gates of one corp, one for each API."""

    def __init__(self, now: Callable[[], float] = clock.monotonic) -> None:
        self._now = now
        self._gates: dict[str, _Gate] = {}
        self._lock = Lock()

    @contextmanager
    def slot(self, api: str, *, within: float, bulk: bool = False) -> Iterator[None]:
        """Hold a place among the calls of `api`, waiting at most `within` seconds for it.

        `bulk` work gets at most half of everything.

        Raises:
            TryAgainLater: no place in time, or WeCom has shut this API; nothing was called.
        """
        gate = self._gate(api)
        gate.enter(within=within, bulk=bulk)
        try:
            yield
        finally:
            gate.leave(bulk=bulk)

    def shut(self, api: str, seconds: float = WINDOW_SECONDS) -> None:
        """Let nothing of `api` out for `seconds`: WeCom said 45009 and counts on."""
        self._gate(api).shut(seconds)

    def crowded(self, api: str) -> None:
        """Halve the calls in flight of `api` for a while: WeCom said 45033."""
        self._gate(api).halve(CROWDED_SECONDS)

    def states(self) -> list[GateState]:
        """Tell how every API stands that was called so far, by its name."""
        with self._lock:
            gates = sorted(self._gates.items())
        return [gate.state() for _api, gate in gates]

    def _gate(self, api: str) -> "_Gate":
        with self._lock:
            if api not in self._gates:
                self._gates[api] = _Gate(api, self._now)
            return self._gates[api]


@dataclass
class _Bucket:
    """So many calls a second, and at most `burst` at once after a quiet time."""

    rate: float
    burst: float
    filled_at: float
    level: float = field(init=False)

    def __post_init__(self) -> None:
        self.level = self.burst

    def fill(self, now: float) -> None:
        self.level = min(self.burst, self.level + (now - self.filled_at) * self.rate)
        self.filled_at = now

    def seconds_to_one(self) -> float:
        return max(0.0, (1.0 - self.level) / self.rate)


class _Gate:
    """The calls of one API in this process."""

    def __init__(self, api: str, now: Callable[[], float]) -> None:
        self._api = api
        self._now = now
        self._lock = Lock()
        self._in_flight = 0
        self._bulk_in_flight = 0
        # Who waits, first come first served: people's calls, and bulk work.
        self._lines: tuple[deque[Condition], deque[Condition]] = deque(), deque()
        self._shut_until = 0.0
        self._halved_until = 0.0
        start = now()
        self._all = [_Bucket(rate, burst, start) for rate, burst in (PER_MINUTE, PER_HOUR)]
        self._bulk = [_Bucket(rate / 2, burst / 2, start) for rate, burst in (PER_MINUTE, PER_HOUR)]

    def enter(self, *, within: float, bulk: bool) -> None:
        give_up_at = self._now() + within
        # Whoever leaves and comes again at once would otherwise always be before those who wait.
        place, line = Condition(self._lock), self._lines[bulk]
        with self._lock:
            line.append(place)
            try:
                while (pause := self._pause(bulk=bulk)) > 0 or line[0] is not place:
                    left = give_up_at - self._now()
                    if left <= 0 or self._is_hopeless(pause, left, bulk=bulk):
                        raise too_busy(self._api, pause or SLOT_RETRY_SECONDS)
                    place.wait(min(pause or SLOT_RETRY_SECONDS, left))
                self._take(bulk=bulk)
            finally:
                line.remove(place)
                self._call_next()

    def leave(self, *, bulk: bool) -> None:
        with self._lock:
            self._in_flight -= 1
            self._bulk_in_flight -= bulk
            self._call_next()

    def shut(self, seconds: float) -> None:
        with self._lock:
            self._shut_until = max(self._shut_until, self._now() + seconds)
            for place in (*self._lines[False], *self._lines[True]):
                place.notify()

    def halve(self, seconds: float) -> None:
        with self._lock:
            self._halved_until = self._now() + seconds

    def state(self) -> GateState:
        with self._lock:
            now = self._now()
            for bucket in self._all:
                bucket.fill(now)
            return GateState(
                api=self._api,
                in_flight=self._in_flight,
                cap=self._cap(),
                left=max(0.0, min(bucket.level / bucket.burst for bucket in self._all)),
                shut_seconds=max(0.0, self._shut_until - now),
                halved_seconds=max(0.0, self._halved_until - now),
            )

    def _call_next(self) -> None:
        """Wake the first of each line; whoever stands behind him has nothing to look at yet."""
        for line in self._lines:
            if line:
                line[0].notify()

    def _pause(self, *, bulk: bool) -> float:
        """Seconds until it is worth looking again; 0: now."""
        now = self._now()
        if now < self._shut_until:
            return self._shut_until - now
        if self._is_full(bulk=bulk):
            return SLOT_RETRY_SECONDS
        for bucket in self._buckets(bulk=bulk):
            bucket.fill(now)
        return max(bucket.seconds_to_one() for bucket in self._buckets(bulk=bulk))

    def _is_hopeless(self, pause: float, left: float, *, bulk: bool) -> bool:
        """Whether waiting is no use: the API is shut, or the bucket fills too late."""
        if self._now() < self._shut_until:
            return True
        # A slot may come free at any moment, whatever the pause says.
        return pause > left and not self._is_full(bulk=bulk)

    def _is_full(self, *, bulk: bool) -> bool:
        cap = self._cap()
        if bulk and self._bulk_in_flight >= max(1, cap // 2):
            return True
        return self._in_flight >= cap

    def _cap(self) -> int:
        cap = cap_of(self._api)
        return max(1, cap // 2) if self._now() < self._halved_until else cap

    def _take(self, *, bulk: bool) -> None:
        self._in_flight += 1
        self._bulk_in_flight += bulk
        for bucket in self._buckets(bulk=bulk):
            bucket.level -= 1

    def _buckets(self, *, bulk: bool) -> list[_Bucket]:
        return [*self._all, *self._bulk] if bulk else self._all

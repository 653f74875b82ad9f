"""Working a lane: a thread that claims what is due and keeps a pool of calls in flight.

The worker is woken by the doorbell, the relay by the clock; both drain in this same way. What is
claimed is renewed while it is being worked and given back when the process stops.
"""

import heapq
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from app import clock
from app.claims import Claim, Later
from app.log import get_logger
from app.queue import Doorbell

STOP_SECONDS = 10.0
FEW_HANDS_SECONDS = 0.1

log = get_logger(__name__)


@dataclass(frozen=True)
class Lane:
    """What a lane is: how to claim its work, and how to do one piece of it.

    `work` returns when the piece wants to be looked at again, None if never. `claim` may raise
    `Later` when there is something to claim and it is not its turn yet. `longest`: seconds after
    which work does not count as work any more; its lease ends then, and it is tried elsewhere.
    """

    name: str
    pool: int
    lease: float
    claim: Callable[[int, float], list[Claim]]
    work: Callable[[Claim], datetime | None]
    renew: Callable[[Sequence[Claim]], None]
    release: Callable[[Sequence[Claim]], None]
    longest: float | None = None


class Drainer:
    """Drains one lane in this process until it is stopped."""

    def __init__(self, lane: Lane, *, bell: Doorbell, look_every: float, overdue: float) -> None:
        self._lane = lane
        self._bell = bell
        self._look_every = look_every
        self._overdue = overdue
        self._pool = ThreadPoolExecutor(lane.pool, thread_name_prefix=lane.name)
        self._changed = threading.Condition()
        self._in_flight: dict[Claim, Future[None]] = {}
        self._began: dict[Claim, float] = {}
        self._woken = True
        self._stopping = False
        # When the pieces that were put off want to be looked at: a heap.
        self._wake_times: list[float] = []
        self._threads = [
            threading.Thread(target=self._run, name=f"drain-{lane.name}", daemon=True),
            threading.Thread(target=self._renew, name=f"renew-{lane.name}", daemon=True),
        ]

    def start(self) -> None:
        """Begin, with a look at once."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Look now."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def stop(self, *, within: float = STOP_SECONDS) -> None:
        """Claim nothing more, let what runs end `within` seconds, give the rest back."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        until = clock.monotonic() + within
        # A claim that is under way still comes in, and must be among what is given back.
        self._threads[0].join(within)
        with self._changed:
            left_seconds = max(0.0, until - clock.monotonic())
            self._changed.wait_for(lambda: not self._in_flight, timeout=left_seconds)
            left = list(self._in_flight)
        self._pool.shutdown(wait=False, cancel_futures=True)
        if left:
            _guarded(self._lane.release)(left)

    def _run(self) -> None:
        while not self._stopping:
            self._wait_for_a_reason()
            try:
                self._drain()
            except Later as later:
                self._wake_later(later.at)
            except Exception as error:  # noqa: BLE001 -- a lane that stops would lose everything after
                log.warning("lane_stumbled", lane=self._lane.name, error_name=type(error).__name__)

    def _wait_for_a_reason(self) -> None:
        """Wait for a ring, for the time of a piece that was put off, or for the next look."""
        look_at = clock.monotonic() + self._look_every
        with self._changed:
            while not (self._woken or self._stopping):
                # A piece may be put off while we wait, to a time before the one we wait for.
                left = min([look_at, *self._wake_times[:1]]) - clock.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            self._woken = False
            while self._wake_times and self._wake_times[0] <= clock.monotonic():
                heapq.heappop(self._wake_times)

    def _drain(self) -> None:
        """Claim and start work until nothing is due. Clears the ring first, then looks."""
        self._bell.clear(self._lane.name)
        while not self._stopping:
            free = self._wait_for_room()
            claims = self._lane.claim(free, self._overdue) if free else []
            if not claims:
                return
            if self._stopping:
                _guarded(self._lane.release)(claims)
                return
            for claim in claims:
                self._begin(claim)

    def _wait_for_room(self) -> int:
        with self._changed:
            if len(self._in_flight) >= self._lane.pool:
                self._bell.ring(self._lane.name)  # another machine may have hands free
            # A claim is a transaction: better one for several than one for each hand that is free.
            enough = max(1, self._lane.pool // 4)
            self._changed.wait_for(
                lambda: len(self._in_flight) <= self._lane.pool - enough or self._stopping,
                FEW_HANDS_SECONDS,
            )
            self._changed.wait_for(lambda: len(self._in_flight) < self._lane.pool or self._stopping)
            return 0 if self._stopping else self._lane.pool - len(self._in_flight)

    def _begin(self, claim: Claim) -> None:
        with self._changed:
            self._began[claim] = clock.monotonic()
            future = self._pool.submit(self._work, claim)
            self._in_flight[claim] = future
        future.add_done_callback(lambda _done: self._ended(claim))

    def _work(self, claim: Claim) -> None:
        again_at = self._lane.work(claim)
        if again_at is not None:
            self._wake_later(again_at)

    def _ended(self, claim: Claim) -> None:
        with self._changed:
            future = self._in_flight.pop(claim, None)
            self._began.pop(claim, None)
            self._changed.notify_all()
        error = future.exception() if future and not future.cancelled() else None
        if error is not None:
            log.warning("work_failed", lane=self._lane.name, error_name=type(error).__name__)

    def _wake_later(self, at: datetime) -> None:
        seconds = max(0.0, (at - clock.utcnow()).total_seconds()) + self._overdue
        with self._changed:
            heapq.heappush(self._wake_times, clock.monotonic() + seconds)
            self._changed.notify_all()

    def _renew(self) -> None:
        """Renew the leases of what is in flight, three times a lease."""
        renew = _guarded(self._lane.renew)
        while not self._stopping or self._in_flight:
            with self._changed:
                self._changed.wait_for(self._is_over, self._lane.lease / 3)
                held = [claim for claim in self._in_flight if not self._takes_too_long(claim)]
            if held:
                renew(held)

    def _takes_too_long(self, claim: Claim) -> bool:
        longest = self._lane.longest
        return longest is not None and clock.monotonic() - self._began[claim] > longest

    def _is_over(self) -> bool:
        return self._stopping and not self._in_flight


def _guarded(call: Callable[[Sequence[Claim]], None]) -> Callable[[Sequence[Claim]], None]:
    def guarded(claims: Sequence[Claim]) -> None:
        try:
            call(claims)
        except Exception as error:  # noqa: BLE001 -- the lease ends by itself; the next try may hold
            log.warning("lease_not_changed", error_name=type(error).__name__)

    return guarded

"""The load generator: one process, one thread, raw sockets; bounded in count and in time.

Without a rate it keeps every connection busy; with one it sends when it is time, on as many
connections as that takes, and counts latency from the moment at which a callback was due.
"""

import json
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path

from tests.bench.pool import ADDS, build_requests

CONNECTIONS = 16
MOST_CONNECTIONS = 256
PATIENCE = 8.0
# So many requests are made before the clock starts; what is beyond them is made on the way.
AHEAD = 20_000
OK = 200
ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True, kw_only=True)
class Load:
    """What to send: callbacks `first` and on, at most `count` of them in at most `seconds`.

    `rate`: callbacks a second; 0: as many as come through. `what`: see `pool`.
    """

    port: int
    first: int
    count: int
    seconds: float
    rate: float = 0.0
    what: str = ADDS


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of it. `answers` counts by status, "none" without one; times in milliseconds."""

    sent: int
    seconds: float
    answers: dict[str, int]
    p50: float
    p99: float
    longest: float

    @property
    def acked(self) -> int:
        """How many callbacks were acknowledged."""
        return self.answers.get(str(OK), 0)

    @property
    def per_second(self) -> float:
        """Acknowledged callbacks a second."""
        return self.acked / self.seconds if self.seconds else 0.0


def run_load(load: Load) -> Outcome:
    """Generate this load from a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.load", json.dumps(asdict(load))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=load.seconds + 60,
        check=True,
    )
    return Outcome(**json.loads(done.stdout))


def percentile(sorted_values: list[float], share: float) -> float:
    """Return the value that `share` of the sorted values do not exceed; 0 when there are none."""
    if not sorted_values:
        return 0.0
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * share))]


@dataclass(eq=False)
class _Line:
    """One connection, kept open as long as the server keeps it open."""

    port: int
    selector: selectors.BaseSelector
    wire: socket.socket | None = None
    request: bytes = b""
    began: float = 0.0
    heard: bytearray = field(default_factory=bytearray)
    reused: bool = False
    asking: bool = False

    def ask(self, request: bytes, began: float) -> None:
        self.request, self.began, self.asking = request, began, True
        self.reused = self.wire is not None
        try:
            self._send()
        except OSError:
            # The server closed the kept connection at the very moment: once more on a new one.
            self.close()
            self.reused = False
            self._send()

    def hear(self) -> str | None:
        """Read; return the status when the answer is complete, "none" when there will be none."""
        status = self._heard_now()
        self.asking = self.asking and status is None
        return status

    def close(self) -> None:
        if self.wire is not None:
            self.selector.unregister(self.wire)
            self.wire.close()
            self.wire = None

    def _heard_now(self) -> str | None:
        data = self._received()
        if data:
            self.heard += data
            return self._status()
        self.close()
        if not self.asking:
            return None  # the server has closed a connection that nobody needed
        if self.reused and not self.heard:
            self.reused = False
            self._send()
            return None
        return "none"

    def _send(self) -> None:
        if self.wire is None:
            self.wire = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
            self.wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.selector.register(self.wire, selectors.EVENT_READ, self)
        self.heard.clear()
        self.wire.sendall(self.request)

    def _received(self) -> bytes:
        try:
            return self.wire.recv(65536) if self.wire else b""
        except OSError:
            return b""

    def _status(self) -> str | None:
        head, end, body = bytes(self.heard).partition(b"\r\n\r\n")
        if not end:
            return None
        lines = head.lower().split(b"\r\n")
        lengths = [int(line[15:]) for line in lines if line.startswith(b"content-length:")]
        if lengths and len(body) < lengths[0]:
            return None
        if b"connection: close" in lines:
            self.close()
        return head[9:12].decode()


class _Run:
    def __init__(self, load: Load) -> None:
        self._load = load
        self._more = build_requests(load.first, load.count, load.what)
        self._requests = deque(islice(self._more, AHEAD))
        self._selector = selectors.DefaultSelector()
        self._idle = [_Line(load.port, self._selector) for _ in range(CONNECTIONS)]
        self._lines = len(self._idle)
        self._answers: Counter[str] = Counter()
        self._latencies: list[float] = []
        self._sent = 0

    def run(self) -> Outcome:
        began = time.perf_counter()
        end = began + self._load.seconds
        while (now := time.perf_counter()) < end + PATIENCE:
            wait = self._start_what_is_due(began, now) if now < end else PATIENCE
            if not self._in_flight() and (now >= end or not self._requests):
                break
            self._hear(min(wait, max(0.0, end - now) if now < end else PATIENCE))
        seconds = time.perf_counter() - began
        self._answers["none"] += self._in_flight()
        return self._outcome(seconds)

    def _in_flight(self) -> int:
        return self._sent - len(self._latencies)

    def _start_what_is_due(self, began: float, now: float) -> float:
        """Send what is due; return the seconds until the next is."""
        rate = self._load.rate
        while self._requests:
            due = began + self._sent / rate if rate else now
            if due > now:
                return due - now
            if not self._idle and (not rate or self._lines >= MOST_CONNECTIONS):
                return PATIENCE
            self._lines += not self._idle
            line = self._idle.pop() if self._idle else _Line(self._load.port, self._selector)
            line.ask(self._requests.popleft(), due if rate else time.perf_counter())
            self._sent += 1
            self._requests.extend(islice(self._more, 1))
        return PATIENCE

    def _hear(self, wait: float) -> None:
        for key, _ in self._selector.select(wait):
            line: _Line = key.data
            if status := line.hear():
                self._answers[status] += 1
                self._latencies.append((time.perf_counter() - line.began) * 1000)
                self._idle.append(line)

    def _outcome(self, seconds: float) -> Outcome:
        latencies = sorted(self._latencies)
        return Outcome(
            sent=self._sent,
            seconds=seconds,
            answers={status: count for status, count in self._answers.items() if count},
            p50=percentile(latencies, 0.5),
            p99=percentile(latencies, 0.99),
            longest=percentile(latencies, 1.0),
        )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(_Run(Load(**json.loads(sys.argv[1]))).run())))

"""The time. Everything asks here, so that a sandbox may move it; nothing else reads the clock.

Wall-clock time (`utcnow`) is for what is stored and compared between processes; `monotonic` is for
waiting inside one process and is never moved.
"""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

monotonic = time.monotonic

REREAD_SECONDS = 0.05


class _Offset:
    """Seconds between our clock and the moved one, read from a file that the sandbox writes."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self._seconds = 0.0
        self._read_at = -1.0

    def start(self, path: Path | None) -> None:
        self.path = path
        self._seconds, self._read_at = 0.0, -1.0

    def seconds(self) -> float:
        if self.path is None:
            return 0.0
        now = monotonic()
        if self._read_at < 0 or now - self._read_at >= REREAD_SECONDS:
            self._read_at = now
            self._seconds = self._read()
        return self._seconds

    def _read(self) -> float:
        try:
            return float(self.path.read_text()) if self.path else 0.0
        except (OSError, ValueError):
            return self._seconds


_offset = _Offset()


def follow(path: Path | None) -> None:
    """Take the offset (seconds, a decimal number) from `path` from now on; None: the real time."""
    _offset.start(path)


def utcnow() -> datetime:
    """Return the time now, aware, in UTC."""
    return datetime.now(UTC) + timedelta(seconds=_offset.seconds())


def later(seconds: float) -> datetime:
    """Return the time `seconds` from now."""
    return utcnow() + timedelta(seconds=seconds)


def from_unix(seconds: int) -> datetime:
    """Turn WeCom's unix seconds into an aware datetime."""
    return datetime.fromtimestamp(seconds, UTC)

"""The time. Everything asks here, so that a sandbox may move it; nothing else reads the clock.

Wall-clock time (`utcnow`) is for what is stored and compared between processes; `monotonic` is for
waiting inside one process and is never moved.
"""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

monotonic = time.monotonic

REREAD_SECONDS = 0.002


class _Offset:
    """Seconds between our clock and the moved one, read from a file that the sandbox writes."""

    def __init__(self) -> None:
        self.path: Path | None = None
        # When we looked, and what stood there: one value, so that no thread takes a half-new one.
        self._seen = (-1.0, 0.0)

    def start(self, path: Path | None) -> None:
        self.path = path
        self._seen = (-1.0, 0.0)

    def seconds(self) -> float:
        """Return the offset as it stood at most `REREAD_SECONDS` ago."""
        if self.path is None:
            return 0.0
        looked_at, seconds = self._seen
        now = monotonic()
        if looked_at < 0 or now - looked_at >= REREAD_SECONDS:
            # Only then noted: who asks meanwhile looks for himself and takes no old one.
            seconds = self._read()
            self._seen = (now, seconds)
        return seconds

    def _read(self) -> float:
        try:
            return float(self.path.read_text()) if self.path else 0.0
        except (OSError, ValueError):
            return self._seen[1]


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

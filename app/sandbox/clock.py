"""The sandbox's clock: real time plus an offset that can be moved, and told to the server.

The offset goes into a file as a decimal number of seconds, replaced atomically, so that a server
in another process can follow it. Waiting inside the sandbox (retries, timeouts) is real time.
"""

import os
import threading
import time
from pathlib import Path

monotonic = time.monotonic


class Clock:
    """Wall-clock time that can be moved. `offset` is in seconds."""

    def __init__(self, file: Path | str | None = None) -> None:
        self.file = Path(file) if file else None
        self._lock = threading.Lock()
        self._offset = 0.0
        self._write()

    @property
    def offset(self) -> float:
        """Seconds that this clock is ahead of the real one."""
        return self._offset

    def time(self) -> float:
        """Return the time now in unix seconds, as the sandbox sees it."""
        return time.time() + self._offset

    def unix(self) -> int:
        """Return the time now in whole unix seconds, as WeCom writes it."""
        return int(self.time())

    def move(self, seconds: float) -> float:
        """Move the clock by `seconds` (negative: back); return the new offset."""
        with self._lock:
            self._offset += seconds
            self._write()
            return self._offset

    def set_offset(self, seconds: float) -> None:
        """Set the clock `seconds` ahead of the real one; 0 puts it right."""
        with self._lock:
            self._offset = float(seconds)
            self._write()

    def _write(self) -> None:
        """Replace the file in one step: a reader sees the old number or the new one."""
        if self.file is None:
            return
        draft = self.file.with_name(f".{self.file.name}.{os.getpid()}")
        draft.write_text(f"{self._offset:.6f}\n")
        draft.replace(self.file)

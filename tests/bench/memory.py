"""The memory of a process, looked at as often as one likes."""

import psutil


class Memory:
    """The megabytes of a process: at most, and since it was looked at first."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self._seen: list[float] = []

    def look(self) -> None:
        """Look at it now."""
        self._seen.append(self._process.memory_info().rss / 2**20)

    @property
    def most(self) -> float:
        """The largest that was seen."""
        return max(self._seen)

    @property
    def grown(self) -> float:
        """How much larger than the first."""
        return self.most - self._seen[0]

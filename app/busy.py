"""What is being done in this process right now, so that nobody begins the same beside it."""

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager


class Busy:
    """Names of what is under way; safe to use from many threads."""

    def __init__(self) -> None:
        self._names: set[Hashable] = set()
        self._lock = threading.Lock()

    @contextmanager
    def held(self, name: Hashable) -> Iterator[bool]:
        """Hold a name; False: somebody else holds it, who is not waited for."""
        with self._lock:
            is_ours = name not in self._names
            self._names.add(name)
        try:
            yield is_ours
        finally:
            if is_ours:
                with self._lock:
                    self._names.discard(name)

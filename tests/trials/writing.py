"""What a trial says: a line to whoever looks on, the same as JSON to a file."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

FOLDER = Path("var") / "trials"


class Log:
    """The log of one trial; threads may write to it."""

    def __init__(self, name: str) -> None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        self.path = FOLDER / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{name}.jsonl"
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        self._file = self.path.open("w", encoding="utf-8", buffering=1)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def note(self, line: str, **values: Any) -> None:
        """Write a line to the file alone."""
        seconds = round(time.monotonic() - self._began, 3)
        self._file.write(json.dumps({"at": seconds, "line": line, **values}) + "\n")

    def say(self, line: str, **values: Any) -> None:
        """Write a line, and print it."""
        self.note(line, **values)
        words = ", ".join(f"{name} {value}" for name, value in values.items())
        print(f"{time.monotonic() - self._began:7.0f} s  {line}: {words}", flush=True)  # noqa: T201 -- it talks

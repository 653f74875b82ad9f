"""The processes of the demo: each in a group of its own, ended in order whatever happens."""

import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from app import forks

END_SECONDS = 20


class Children:
    """What was started here; leaving the `with` ends it, the last one first."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._processes: list[forks.Fork] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in reversed(self._processes):
            process.terminate()
            process.join(END_SECONDS)
            if process.is_alive():
                process.kill()
                process.join()

    def start(self, name: str, run: Callable[..., object], *arguments: object) -> forks.Fork:
        """Start `run(*arguments)`; what it says goes into <name>.log."""
        log = self._home / f"{name}.log"
        process = forks.start(f"banke {name}", _live, log, run, arguments)
        self._processes.append(process)
        return process


def _live(log: Path, run: Callable[..., object], arguments: tuple[object, ...]) -> None:
    # A group of its own, so that Ctrl-C reaches the demo alone and it ends the others in order.
    os.setsid()
    with log.open("ab") as file:
        for standard in (1, 2):
            os.dup2(file.fileno(), standard)
    run(*arguments)

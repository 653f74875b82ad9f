"""The processes of the demo: each in a group of its own, ended in order whatever happens."""

import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

END_SECONDS = 20

Child = subprocess.Popen[bytes]


class Children:
    """What was started here; leaving the `with` ends it, the last one first."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._processes: list[Child] = []

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
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, name: str, *module_and_options: str) -> Child:
        """Start `python -m …`; what it says goes into <name>.log."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("BANKE_")}
        environment["BANKE_CONFIG"] = str(self._home / "config.toml")
        # A group of its own, so that Ctrl-C reaches us alone and we end the others in order.
        with (self._home / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 -- our own interpreter and our own modules
                [sys.executable, "-m", *module_and_options],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

"""What `flask doctor` said, for the tests to look at."""

from collections.abc import Callable
from dataclasses import dataclass

Diagnose = Callable[..., "Diagnosis"]


@dataclass
class Diagnosis:
    """What the command said."""

    exit_code: int
    text: str

    def line(self, name: str) -> str:
        """Return the one line of this check."""
        lines = [line for line in self.text.splitlines() if line[2:].startswith(name)]
        assert len(lines) == 1, self.text
        return lines[0]

    def faults(self) -> int:
        """Count the checks that failed."""
        return sum(line.startswith("✗") for line in self.text.splitlines())

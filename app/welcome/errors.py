"""What may be wrong with a welcome script."""

from collections.abc import Sequence

from app.errors import Refused


class ScriptRefused(Refused):
    """A script, or a whole file of them, cannot be saved; `faults` says everything at once."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)

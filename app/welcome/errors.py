"""What may be wrong with a welcome script."""

from collections.abc import Sequence

from app.errors import Refused
from app.i18n import _


class ScriptRefused(Refused):
    """A script, or a whole file of them, cannot be saved; `faults` says everything at once."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class DraftChanged(Refused):
    """Somebody else saved the draft since its writer last saw it; `by` is his userid."""

    def __init__(self, by: str) -> None:
        super().__init__(_("这份草稿刚被别人改过：先看看他的，再决定用谁的。"))
        self.by = by

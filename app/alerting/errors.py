"""What may be wrong with a change to the settings of alerts."""

from collections.abc import Mapping

from app.errors import Refused
from app.i18n import _


class AlertsRefused(Refused):
    """Nothing was changed; `faults` says of each setting why it cannot be so.

    `changed`: those that somebody else changed since they were looked at.
    """

    def __init__(self, faults: Mapping[str, str], *, changed: frozenset[str] = frozenset()) -> None:
        super().__init__(_("还没有保存，请看标出来的地方"))
        self.faults = dict(faults)
        self.changed = changed

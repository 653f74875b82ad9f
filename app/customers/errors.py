"""What may be wrong with a change to a customer."""

from typing import TYPE_CHECKING

from app.errors import Refused
from app.i18n import _

if TYPE_CHECKING:
    from app.customers.queries.stages import StageNow


class StageConflict(Refused):
    """Somebody else moved the customer meanwhile; `current` says where to, who and when.

    `wanted`: the stage that was asked for.
    """

    def __init__(self, current: "StageNow", wanted: int) -> None:
        super().__init__(_("客户阶段刚刚被别人修改了"))
        self.current = current
        self.wanted = wanted

"""What may be wrong with what is put down about a loss."""

from app.errors import Refused
from app.i18n import _


class ReasonChanged(Refused):
    """Somebody else put down another reason meanwhile: `reason`, and `userid` who did."""

    def __init__(self, reason: str, userid: str) -> None:
        super().__init__(_("流失原因刚刚被别人改过"))
        self.reason = reason
        self.userid = userid

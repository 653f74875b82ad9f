"""What may be wrong with a change to roles."""

from app.errors import Refused
from app.i18n import _


class LastOwner(Refused):
    """Nobody would be left who can give roles."""

    def __init__(self) -> None:
        super().__init__(_("至少要留一位所有者：先把另一位成员设为所有者，再改这一位。"))


class NotOwner(Refused):
    """Whoever gives or takes a role is no owner, or is one no longer."""

    def __init__(self) -> None:
        super().__init__(_("只有所有者能给予和收回角色；你现在已经不是。"))

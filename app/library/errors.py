"""What may be wrong with a change to the library, or with sending from it."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.errors import Refused
from app.i18n import _


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with an item, in words, and where.

    `n` is the part, from 1, `of` so many; 0: the item itself. `field` "": all of it.
    """

    words: str
    n: int = 0
    field: str = ""
    of: int = 1

    def __str__(self) -> str:
        """Name the part too, where there are several."""
        return _("第 {n} 条：{fault}", n=self.n, fault=self.words) if self.of > 1 else self.words


class ItemRefused(Refused):
    """An item cannot be kept so; `faults` says every reason."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


class ItemConflict(Refused):
    """The item was changed meanwhile, in another window."""


class Unfilled(Refused):
    """Variables of a text have no value here; `names` says which."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        super().__init__(_("还没有填写：{names}", names=_("、").join(self.names)))


class TooLong(Refused):
    """A text has more bytes, when it is filled, than WeCom takes: its end would be cut off."""

    def __init__(self, size: int, most: int) -> None:
        super().__init__(
            _(
                "填好变量后有 {size} 字节，最多 {most} 字节，不能直接发送；请改短后再发",
                size=size,
                most=most,
            )
        )


class NotReady(Refused):
    """WeCom does not have a file yet that belongs to the message; the text says why."""

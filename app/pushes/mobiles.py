"""What a push about a customer's numbers (备注手机) carries: those we knew, and those wanted.

Told apart at the time of telling from what WeCom has by then, so that a number that was noted there
meanwhile is not lost: no event tells of one.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Mobiles:
    """The numbers that WeCom had when the change was begun, and those that it is to have."""

    was: tuple[str, ...]
    wanted: tuple[str, ...]

    def merged(self, now: Sequence[str]) -> list[str]:
        """Return what WeCom is to have that has `now`: our change, and what came there since."""
        gone, new = set(self.was) - set(self.wanted), set(self.wanted) - set(self.was)
        kept = [one for one in now if one not in gone]
        return kept + [one for one in self.wanted if one in new and one not in kept]


def pack_mobiles(mobiles: Mobiles) -> str:
    """Write it as the value of a push."""
    return json.dumps(asdict(mobiles), ensure_ascii=False, separators=(",", ":"))


def unpack_mobiles(value: str) -> Mobiles:
    """Read the value of a push."""
    kept = json.loads(value)
    return Mobiles(tuple(kept["was"]), tuple(kept["wanted"]))

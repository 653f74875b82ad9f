"""A great many customers that take no memory: each is computed from his number when asked for.

They are spread evenly over some members and stand first in their lists. One who is touched by a
person or by the API becomes an ordinary row of the world (`World.find_relation`).
"""

from collections.abc import Sequence

from .world import Customer, Greeting, Relation

PREFIX = "wmCrowd"
DIGITS = 32 - len(PREFIX)
FAMILY = "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高梁"
GIVEN = (
    "知夏",
    "远山",
    "一诺",
    "清和",
    "长风",
    "念慈",
    "拾光",
    "若水",
    "小舟",
    "砚秋",
    "望北",
    "佳期",
)
DAY = 86400
DAYS = 1000
STATES = 20


class Crowd:
    """`size` customers of `userids`; `now` in unix seconds; `tag_ids` are dealt out in turn."""

    def __init__(
        self, size: int, userids: Sequence[str], *, now: int, tag_ids: Sequence[str] = ()
    ) -> None:
        self.size = size
        self._userids = tuple(userids)
        self._places = {userid: place for place, userid in enumerate(self._userids)}
        self._now = now
        self._tag_ids = tuple(tag_ids)

    def length(self, userid: str) -> int:
        """Return how many of them a member has."""
        place = self._places.get(userid)
        members = len(self._userids)
        return 0 if place is None else (self.size - place + members - 1) // members

    def number_of(self, external_userid: str) -> int | None:
        """Return the number of a customer of the crowd; None for anybody else."""
        digits = external_userid.removeprefix(PREFIX)
        if len(digits) != DIGITS or not digits.isdigit() or int(digits) >= self.size:
            return None
        return int(digits)

    def customer(self, external_userid: str) -> Customer | None:
        """Return a customer of the crowd; None for anybody else."""
        number = self.number_of(external_userid)
        if number is None:
            return None
        name = FAMILY[number % len(FAMILY)] + GIVEN[number // len(FAMILY) % len(GIVEN)]
        return Customer(external_userid, name, gender=number % 3)

    def relation(self, external_userid: str) -> Relation | None:
        """Return what the member of a customer of the crowd holds about him."""
        number = self.number_of(external_userid)
        return None if number is None else self._relation(number)

    def relation_at(self, userid: str, position: int) -> Relation:
        """Return the relation at a place in a member's list, below `length`."""
        return self._relation(position * len(self._userids) + self._places[userid])

    def _relation(self, number: int) -> Relation:
        external_userid = f"{PREFIX}{number:0{DIGITS}d}"
        return Relation(
            userid=self._userids[number % len(self._userids)],
            external_userid=external_userid,
            bond="both",
            createtime=self._now - number * 7919 % (DAYS * DAY),
            position=number // len(self._userids),
            tag_ids=[self._tag_ids[number % len(self._tag_ids)]] if self._tag_ids else [],
            state=f"store-{number % STATES}" if number % 2 else "",
            oper_userid=external_userid,
            chatted=True,
            greeting=Greeting("done"),
        )

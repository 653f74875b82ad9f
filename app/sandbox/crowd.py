"""A great many customers that take no memory: each is computed from his number when asked for.

They are spread evenly over some members and stand first in their lists. Every fifth has a second
member, whose list shows him behind those of his own. One who is touched by a person or by the API
becomes an ordinary row of the world (`World.find_relation`).
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
SHARED_BY = 5
TAGS = (2, 3)
# Odd: each of the numbers below 2**64 stands for one other, and back.
MIX = 0x9E3779B97F4A7C15
MASK = 2**64 - 1
UNMIX = pow(MIX, -1, MASK + 1)


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
        return 0 if place is None else self._own(place) + self._shared(place)

    def number_of(self, external_userid: str) -> int | None:
        """Return the number of a customer of the crowd; None for anybody else."""
        digits = external_userid.removeprefix(PREFIX)
        if len(digits) != DIGITS or not digits.isdigit() or int(digits) > MASK:
            return None
        number = _unmix(int(digits))
        return number if number < self.size else None

    def customer(self, external_userid: str) -> Customer | None:
        """Return a customer of the crowd; None for anybody else."""
        number = self.number_of(external_userid)
        if number is None:
            return None
        name = FAMILY[number % len(FAMILY)] + GIVEN[number // len(FAMILY) % len(GIVEN)]
        return Customer(external_userid, name, gender=number % 3)

    def relations(self, external_userid: str) -> list[Relation]:
        """Return what the members of a customer of the crowd hold about him."""
        number = self.number_of(external_userid)
        if number is None:
            return []
        row, place = divmod(number, len(self._userids))
        found = [self._relation(number, place, row)]
        if self._is_shared(row, place):
            second = self._after(place)
            found.append(self._relation(number, second, self._own(second) + row // SHARED_BY))
        return found

    def relation_at(self, userid: str, position: int) -> Relation:
        """Return the relation at a place in a member's list, below `length`."""
        place, members = self._places[userid], len(self._userids)
        own = self._own(place)
        if position < own:
            return self._relation(position * members + place, place, position)
        before = self._before(place)
        row = (position - own) * SHARED_BY + self._first_shared(before)
        return self._relation(row * members + before, place, position)

    def _own(self, place: int) -> int:
        """Count those whose first member is at this place: one in each row, but for the last."""
        members = len(self._userids)
        return (self.size - place + members - 1) // members

    def _shared(self, place: int) -> int:
        """Count those whose second member is at this place: some of the one's before him."""
        if len(self._userids) == 1:
            return 0
        before = self._before(place)
        rows = self._own(before) - self._first_shared(before)
        return max(0, rows + SHARED_BY - 1) // SHARED_BY

    def _before(self, place: int) -> int:
        return (place - 1) % len(self._userids)

    def _after(self, place: int) -> int:
        return (place + 1) % len(self._userids)

    def _first_shared(self, place: int) -> int:
        return -place % SHARED_BY

    def _is_shared(self, row: int, place: int) -> bool:
        return len(self._userids) > 1 and row % SHARED_BY == self._first_shared(place)

    def _relation(self, number: int, place: int, position: int) -> Relation:
        external_userid = f"{PREFIX}{_mix(number):0{DIGITS}d}"
        drawn = _mix(number * len(self._userids) + place)
        return Relation(
            userid=self._userids[place],
            external_userid=external_userid,
            bond="both",
            createtime=self._now - drawn % (DAYS * DAY),
            position=position,
            remark=f"老客户{number}" if drawn % 3 == 0 else "",
            tag_ids=self._draw_tags(drawn),
            state=f"store-{drawn % STATES}" if drawn % 2 else "",
            oper_userid=external_userid,
            chatted=True,
            greeting=Greeting("done"),
        )

    def _draw_tags(self, drawn: int) -> list[str]:
        if not self._tag_ids:
            return []
        first = drawn % len(self._tag_ids)
        row = self._tag_ids[first:] + self._tag_ids[:first]
        return list(row[: TAGS[drawn >> 60 & 1]])


def _mix(number: int) -> int:
    """Return the number that stands for this one: they look drawn by lot, and none comes twice."""
    mixed = number * MIX & MASK
    return (mixed ^ mixed >> 32) * MIX & MASK


def _unmix(mixed: int) -> int:
    number = mixed * UNMIX & MASK
    return (number ^ number >> 32) * UNMIX & MASK

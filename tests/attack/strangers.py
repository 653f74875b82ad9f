"""Requests that somebody's pages offer him, with what is others' put in the place of what is his.

Every id is exchanged: the customer and the group in the path, and each value in the address and in
the form, for those that the other's own pages hold, and for the numbers beside them.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter

from sqlalchemy import select

from app.tables import metadata
from tests.admin.house import CUSTOMER, FOREIGN, KEPT, OWN
from tests.attack.offers import Asking, said_by
from tests.attack.town import ADMIN, MARK, SIDEBAR, Seat, Town, Walk
from tests.sidebar.browser import problem_in

NUMBERS = range(1, 17)
# So often everything is put back: what was posted may have ended what the next one is about.
PUT_BACK_EVERY = 50
REFUSED = {SIDEBAR: (404, "no_permission"), "groups": (404, "no_group")}
# What is written by looking alone, and what says who has looked.
NOT_HIS_ROWS = {"admin_sessions", "audit_log", "customers", "follow_users", "group_chats"}


@dataclass(frozen=True)
class Try:
    """One request that reaches for what is somebody else's."""

    seat: Seat
    asking: Asking
    # Whose card the path names, if it is not his who asks.
    is_foreign_path: bool
    marks: tuple[str, ...]
    # One id alone is exchanged, for one that is theirs: the likeliest to find a way in.
    is_first: bool = False


@dataclass
class Found:
    """What came of it."""

    tried: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def marks_of(userid: str) -> tuple[str, ...]:
    """Return what is in everything that is this member's and nobody else's."""
    return (MARK.format(userid=userid),)


def list_tries(town: Town) -> list[Try]:
    """List every exchange for the member, the manager, and the admin beside a chat."""
    own, foreign = town.walk((SIDEBAR, OWN), OWN), town.walk((SIDEBAR, FOREIGN), FOREIGN)
    led = town.walk((ADMIN, "manager"), OWN)
    others = Walk([], town.values_about("owner", FOREIGN))
    beside_chats = list(_exchanged(town, own, foreign))
    tries = [_at_sidebar(town, OWN, one, (FOREIGN,)) for one in beside_chats]
    # The manager leads one of them; the admin, beside a chat, is a member like any other.
    manager, admin = town.house.desks["manager"].userid, town.house.desks["admin"].userid
    tries += [_at_sidebar(town, manager, one, (FOREIGN,)) for one in beside_chats]
    whole = [(one, False) for one in (*own.askings, *foreign.askings)]
    both = [*whole, *beside_chats]
    tries += [_at_sidebar(town, admin, one, (OWN, FOREIGN)) for one in both]
    tries += [
        Try((ADMIN, "manager"), one, is_foreign_path=False, marks=marks_of(FOREIGN), is_first=first)
        for one, first in _exchanged(town, led, others)
    ]
    return list(dict.fromkeys(tries))


def _at_sidebar(
    town: Town, userid: str, exchange: tuple[Asking, bool], others: Sequence[str]
) -> Try:
    asking, is_first = exchange
    theirs = {whom for one in others for whom in town.cards[one]}
    is_foreign = any(part in theirs for part in asking.path.split("/"))
    marks = tuple(mark for one in others for mark in marks_of(one))
    return Try((SIDEBAR, userid), asking, is_foreign, marks, is_first)


def _exchanged(town: Town, own: Walk, foreign: Walk) -> Iterator[tuple[Asking, bool]]:
    """Yield every request of the one with one id of the other's, and with all of them.

    Beside it stands whether only one is exchanged, for one of theirs.
    """
    for asking in own.askings:
        moved = replace(asking, path=_moved(town, asking.path))
        if moved != asking:
            yield moved, False
        everything = moved
        for name in dict(asking.query) | dict(asking.form):
            for value in _values(name, own, foreign):
                yield asking.with_value(name, value), value in foreign.values.get(name, ())
                yield moved.with_value(name, value), False
                everything = everything.with_value(name, value)
        yield everything, False


def _moved(town: Town, path: str) -> str:
    for ours, theirs in zip(town.cards[OWN], town.cards[FOREIGN], strict=True):
        path = path.replace(ours, theirs)
    return path


def _values(name: str, own: Walk, foreign: Walk) -> list[str]:
    ours, theirs = own.values.get(name, set()), foreign.values.get(name, set())
    is_number = any(value.isdigit() for value in ours | theirs)
    beside = {str(one) for one in NUMBERS} if is_number else set()
    # A text that somebody types is shown to him again.
    texts = {value for value in theirs if MARK.partition("{")[0] in value}
    return sorted((theirs | beside) - ours - texts)


def try_all(town: Town, tries: Sequence[Try], *, seed: int, count: int) -> Found:
    """Make so many of the tries, drawn by lot, and say what was not as it must be."""
    found = Found()
    drawn = _drawn(tries, seed=seed)[:count]
    before = rows_of(town, FOREIGN)
    for number, one in enumerate(drawn):
        _try(town, one, found)
        if number % PUT_BACK_EVERY == PUT_BACK_EVERY - 1 or one is drawn[-1]:
            if changed := rows_of(town, FOREIGN) ^ before:
                found.faults.append(f"changed before {number}: {sorted(changed)[:4]}")
            town.put_back()
    return found


def _drawn(tries: Sequence[Try], *, seed: int) -> list[Try]:
    """Return them in an order drawn by lot: each request once at first, the likeliest of all."""
    shuffled = random.Random(seed).sample(tries, len(tries))
    turns: Counter[object] = Counter()
    ranked = []
    for one in shuffled:
        key = (one.seat, one.is_first, *one.asking.shape)
        ranked.append(((turns[key], not one.is_first), one))
        turns[key] += 1
    return [one for _turn, one in sorted(ranked, key=itemgetter(0))]


def _try(town: Town, one: Try, found: Found) -> None:
    answer = town.ask(one.seat, one.asking)
    found.tried += 1
    found.statuses[answer.status_code] += 1
    told = said_by(answer)
    what = f"{one.seat} {one.asking}"
    if answer.status_code >= 500:
        found.faults.append(f"{answer.status_code}: {what}")
    if any(mark in told for mark in one.marks):
        found.faults.append(f"told: {what}")
    kind = "groups" if "/groups/" in one.asking.path else SIDEBAR
    if one.is_foreign_path and (answer.status_code, problem_in(answer)) != REFUSED[kind]:
        found.faults.append(f"{answer.status_code} {problem_in(answer)}: {what}")


def rows_of(town: Town, userid: str) -> set[str]:
    """Return every row that names a member, his customers or his group."""
    his = (CUSTOMER.format(userid=userid), KEPT.format(userid=userid))
    marks = (*marks_of(userid), *his, *town.cards[userid])
    with town.house.runtime.db.read() as session:
        return {
            f"{table.name}: {said}"
            for table in metadata.sorted_tables
            if table.name not in NOT_HIS_ROWS
            for row in session.execute(select(table))
            if any(mark in (said := str(tuple(row))) for mark in marks)
        }

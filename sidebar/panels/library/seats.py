"""Seats for what takes seconds: a file that is finished here, or is on its way to WeCom.

Of the sidebar's seats, 24 in all, each kind has a part, and a member two of that: whatever somebody
uploads, the cards are there for everybody else.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from app import clock
from app.turns import Recent, Turns

MOST_OF_ONE, MOST_REMEMBERED = 2, 2000


class Seats:
    """So many for one kind of work."""

    def __init__(self, most: int) -> None:
        self._all = Turns(most)
        self._of: Recent[str, Turns] = Recent(partial(Turns, MOST_OF_ONE), most=MOST_REMEMBERED)

    @contextmanager
    def taken(self, userid: str) -> Iterator[None]:
        """Hold one of a member's seats.

        Raises:
            NoTurn: there is none now.
        """
        now = clock.monotonic()
        with self._of.of(userid).awaited(now), self._all.awaited(now):
            yield

"""How often members change things and problems are logged: never as often as a script could."""

from functools import partial

from app.turns import Pace, Recent

# More than any hand can make. A file comes in many pieces.
CHANGES, CHANGES_AT_ONCE = 5.0, 60
PIECES, PIECES_AT_ONCE = 40.0, 500
PIECE = "piece"
MOST_REMEMBERED = 2000


class Paces:
    """The paces of one process; `changes` a second and `at_once` are each member's."""

    def __init__(self, *, changes: float = CHANGES, at_once: int = CHANGES_AT_ONCE) -> None:
        self._changes: Recent[str, Pace] = Recent(
            partial(Pace, changes, at_once), most=MOST_REMEMBERED
        )
        self._pieces: Recent[str, Pace] = Recent(
            partial(Pace, PIECES, PIECES_AT_ONCE), most=MOST_REMEMBERED
        )
        # Strangers can have problems at will, and members by the thousand: a line for each, and an
        # id that leads to it, as long as there are not too many.
        self._lines_of_strangers = Pace(rate=0.5, burst=30)
        self._lines_of_members = Pace(rate=2.0, burst=100)

    def take(self, userid: str, action: str) -> bool:
        """Tell whether a member may do one more of his changes now."""
        return (self._pieces if action == PIECE else self._changes).of(userid).take()

    def take_line(self, *, is_member: bool) -> bool:
        """Tell whether one more problem gets a line in the log."""
        return (self._lines_of_members if is_member else self._lines_of_strangers).take()

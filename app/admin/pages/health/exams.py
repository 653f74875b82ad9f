"""The examinations that are under way in this process: one for each press of the button.

Their checks come as requests of their own, and share what WeCom answered. A request that another
process gets is examined there anew.
"""

from functools import partial

from app.doctor.exam import Exam
from app.runtime import Runtime
from app.turns import Pace, Recent

# What one press may take in all; the browser gives up on one check after fifteen.
SECONDS = 30.0
MOST_REMEMBERED = 8
# Of one admin. Each examination asks WeCom for a token, and too many lock us out for an hour.
A_SECOND, AT_ONCE = 0.1, 6
CHECKS_A_SECOND, CHECKS_AT_ONCE = 2.0, 150
ADMINS_REMEMBERED = 100


class Exams:
    """Remembers the last few, and how often each admin pressed."""

    def __init__(self, runtime: Runtime) -> None:
        self._new = partial(Exam, runtime.config, db=runtime.db, seconds=SECONDS)
        self._running: Recent[str, Exam] = Recent(self._new, most=MOST_REMEMBERED)
        self._whole: Recent[str, Pace] = Recent(
            partial(Pace, A_SECOND, burst=AT_ONCE), most=ADMINS_REMEMBERED
        )
        self._checks: Recent[str, Pace] = Recent(
            partial(Pace, CHECKS_A_SECOND, burst=CHECKS_AT_ONCE), most=ADMINS_REMEMBERED
        )

    def may_begin(self, userid: str) -> bool:
        """Tell whether he may have everything examined once more."""
        return self._whole.of(userid).take()

    def may_check(self, userid: str) -> bool:
        """Tell whether he may have one thing checked now."""
        return self._checks.of(userid).take()

    def of(self, number: str) -> Exam:
        """Return the examination of this number."""
        return self._running.of(number)

    def new(self) -> Exam:
        """Begin one that nobody shares."""
        return self._new()

"""A week of time windows, as people look at it: what is covered, twice covered, left open. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.welcome.queries.windows import DAYS, Window, minutes

DAY_MINUTES = 24 * 60
WEEK_MINUTES = len(DAYS) * DAY_MINUTES


@dataclass(frozen=True)
class Stretch:
    """A stretch of one day, in minutes from its midnight; `count` windows cover it."""

    day: str
    start: int
    end: int
    count: int

    @property
    def worded(self) -> str:
        """As people write it: "22:00–24:00"."""
        return f"{_clock(self.start)}–{_clock(self.end)}"


def build_week(windows: Sequence[Window]) -> dict[str, list[Stretch]]:
    """Cut every day where something begins or ends; without windows all is covered once."""
    counts = [0] * WEEK_MINUTES if windows else [1] * WEEK_MINUTES
    for window in windows:
        for minute in _covered(window):
            counts[minute] += 1
    return {
        day: list(_stretches(day, counts[n * DAY_MINUTES : (n + 1) * DAY_MINUTES]))
        for n, day in enumerate(DAYS)
    }


def list_doubles(week: dict[str, list[Stretch]]) -> list[Stretch]:
    """List what several windows cover."""
    return [one for stretches in week.values() for one in stretches if one.count > 1]


def list_gaps(week: dict[str, list[Stretch]]) -> list[Stretch]:
    """List what no window covers."""
    return [one for stretches in week.values() for one in stretches if not one.count]


def _covered(window: Window) -> Iterator[int]:
    """Yield the minutes of the week, from Monday's first; Sunday's night ends on Monday."""
    start, end = minutes(window.start), minutes(window.end)
    length = end - start if start < end else end - start + DAY_MINUTES
    for day in window.days:
        begin = DAYS.index(day) * DAY_MINUTES + start
        for minute in range(begin, begin + length):
            yield minute % WEEK_MINUTES


def _stretches(day: str, counts: Sequence[int]) -> Iterator[Stretch]:
    start = 0
    for minute in range(1, DAY_MINUTES + 1):
        if minute == DAY_MINUTES or counts[minute] != counts[start]:
            yield Stretch(day, start, minute, counts[start])
            start = minute


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"

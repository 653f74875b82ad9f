"""A time window covers its hours on its days, and past midnight it belongs to the day it began."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.welcome.queries.windows import (
    DAYS,
    Window,
    covers,
    dump_windows,
    find_faults,
    load_windows,
    minutes,
    open_at,
    word_windows,
)
from tests.welcome.world import ZONE

MONDAY = datetime(2026, 1, 5, tzinfo=ZONE)
TIMES = st.builds(lambda h, m: f"{h:02}:{m:02}", st.integers(0, 23), st.integers(0, 59))
WINDOWS = st.builds(
    lambda days, start, end: Window(days=tuple(sorted(days)), start=start, end=end),
    st.sets(st.sampled_from(DAYS), min_size=1),
    TIMES,
    TIMES | st.just("24:00"),
).filter(lambda window: window.start != window.end)


@given(window=WINDOWS, minute=st.integers(0, 7 * 24 * 60 - 1))
def test_a_window_covers_what_it_covers_when_laid_out_minute_by_minute(
    window: Window, minute: int
) -> None:
    length = (minutes(window.end) - minutes(window.start)) % (24 * 60) or 24 * 60
    begins = [DAYS.index(day) * 24 * 60 + minutes(window.start) for day in window.days]
    covered = any((minute - begin) % (7 * 24 * 60) < length for begin in begins)
    assert covers(window, MONDAY + timedelta(minutes=minute), zone=ZONE) is covered


@pytest.mark.parametrize(
    ("hours_from_monday", "covered"),
    [(21.9, False), (22, True), (31.9, True), (32, False), (46, False), (7 * 24 - 1, False)],
)
def test_mondays_night_runs_into_tuesday_and_no_further(
    *, hours_from_monday: float, covered: bool
) -> None:
    window = Window(days=("mon",), start="22:00", end="08:00")
    assert covers(window, MONDAY + timedelta(hours=hours_from_monday), zone=ZONE) is covered


def test_sundays_night_runs_into_monday() -> None:
    window = Window(days=("sun",), start="22:00", end="08:00")
    assert covers(window, MONDAY + timedelta(hours=7), zone=ZONE)


def test_the_corps_wall_clock_counts() -> None:
    window = Window(days=("mon",), start="00:00", end="01:00")
    assert covers(window, datetime(2026, 1, 4, 16, 30, tzinfo=UTC), zone=ZONE)


def test_without_windows_a_rule_always_holds() -> None:
    assert open_at((), MONDAY, zone=ZONE)


@given(windows=st.lists(WINDOWS, max_size=3))
def test_windows_come_back_from_the_row_as_they_were(windows: list[Window]) -> None:
    assert load_windows(dump_windows(windows)) == tuple(windows)


@pytest.mark.parametrize(
    ("window", "words"),
    [
        (Window(start="8:00", end="09:00"), "不是时间"),
        (Window(start="24:00", end="09:00"), "不是时间"),
        (Window(start="08:00", end="24:30"), "不是时间"),
        (Window(start="08:00", end="08:00"), "开始和结束相同"),
        (Window(days=("monday",), start="08:00", end="09:00"), "不是星期"),
        (Window(days=(), start="08:00", end="09:00"), "没有写星期"),
    ],
)
def test_a_wrong_window_is_told_in_words(window: Window, words: str) -> None:
    assert words in "".join(find_faults(window))


def test_a_whole_day_may_be_written() -> None:
    assert find_faults(Window(start="00:00", end="24:00")) == []


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (DAYS, "22:00–08:00"),
        (("mon", "tue", "wed", "thu", "fri"), "周一至周五 22:00–08:00"),
        (("sat", "sun"), "周六、周日 22:00–08:00"),
        (("mon", "wed", "fri"), "周一、周三、周五 22:00–08:00"),
    ],
)
def test_a_window_is_said_shortly(days: tuple[str, ...], words: str) -> None:
    assert word_windows([Window(days=days, start="22:00", end="08:00")]) == words

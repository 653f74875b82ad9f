"""Weekly time windows (时间段): when a rule holds. Pure.

A window that runs past midnight belongs to the day on which it began: Friday 22:00–08:00 covers
Saturday morning. Times are the corp's wall clock, so a day of 23 or 25 hours needs no care.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.i18n import N_, _

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_WORDS = dict(
    zip(
        DAYS,
        (N_("周一"), N_("周二"), N_("周三"), N_("周四"), N_("周五"), N_("周六"), N_("周日")),
        strict=True,
    )
)
TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
END_OF_DAY = "24:00"


@dataclass(frozen=True, kw_only=True)
class Window:
    """From `start` to before `end` ("22:00", "08:00") on each of `days`; `end` may be "24:00"."""

    days: tuple[str, ...] = DAYS
    start: str
    end: str


def covers(window: Window, at: datetime, *, zone: ZoneInfo) -> bool:
    """Tell whether the moment `at` lies in the window."""
    local = at.astimezone(zone)
    minute = local.hour * 60 + local.minute
    today, yesterday = DAYS[local.weekday()], DAYS[local.weekday() - 1]
    start, end = minutes(window.start), minutes(window.end)
    if start < end:
        return today in window.days and start <= minute < end
    return (today in window.days and minute >= start) or (yesterday in window.days and minute < end)


def open_at(windows: Sequence[Window], at: datetime, *, zone: ZoneInfo) -> bool:
    """Tell whether `at` lies in any of them; without windows a rule always holds."""
    return not windows or any(covers(window, at, zone=zone) for window in windows)


def minutes(time: str) -> int:
    """Count the minutes from midnight to "HH:MM"."""
    return int(time[:2]) * 60 + int(time[3:])


def find_faults(window: Window) -> list[str]:
    """Say what is wrong with a window."""
    faults = [
        _("「{day}」不是星期，请写 {days}", day=day, days=" ".join(DAYS))
        for day in window.days
        if day not in DAYS
    ]
    if not window.days:
        faults.append(_("时间段没有写星期"))
    faults += [
        _("「{time}」不是时间，请写成 22:00 这样", time=time)
        for time, allowed in ((window.start, ()), (window.end, (END_OF_DAY,)))
        if not TIME.fullmatch(time) and time not in allowed
    ]
    if not faults and window.start == window.end:
        faults.append(_("时间段的开始和结束相同；整天请写 00:00 到 24:00"))
    return faults


def word_windows(windows: Sequence[Window]) -> str:
    """Say when: "22:00–08:00", "周一至周五 09:00–18:00"."""
    return _("、").join(_word_window(window) for window in windows)


def dump_windows(windows: Sequence[Window]) -> dict[str, Any]:
    """Make what the rule's row keeps."""
    if not windows:
        return {}
    return {"any": [{"days": list(w.days), "from": w.start, "to": w.end} for w in windows]}


def load_windows(kept: Mapping[str, Any]) -> tuple[Window, ...]:
    """Read what the rule's row keeps."""
    return tuple(
        Window(days=tuple(one["days"]), start=one["from"], end=one["to"])
        for one in kept.get("any", ())
    )


def _word_window(window: Window) -> str:
    hours = f"{window.start}–{window.end}"
    days = _word_days(window.days)
    return f"{days} {hours}" if days else hours


def _word_days(days: Iterable[str]) -> str:
    numbers = sorted({DAYS.index(day) for day in days})
    if len(numbers) == len(DAYS):
        return ""
    words = [_(DAY_WORDS[DAYS[number]]) for number in numbers]
    in_a_row = numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    if in_a_row and len(numbers) > 2:  # noqa: PLR2004 -- two days are named both
        return _("{first}至{last}", first=words[0], last=words[-1])
    return _("、").join(words)

"""How the reports are shown: figures, rows and the measures of the pictures."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from app.deliveries.queries import word_reason
from app.i18n import N_, _
from app.words import clean

UNITS = {"day": N_("按天"), "week": N_("按周"), "month": N_("按月")}
WEEKDAYS = (
    N_("周一"),
    N_("周二"),
    N_("周三"),
    N_("周四"),
    N_("周五"),
    N_("周六"),
    N_("周日"),
)
# How dark a cell of the heat map can be, besides empty.
LEVELS = 5


def show_totals(totals: Mapping[str, Sequence[int]]) -> list[tuple[str, str, str]]:
    """Show the figures, each as (what, how many, what it is beside)."""
    tiles = [
        (_("客户总数（去重）"), "customers"),
        (_("跟进关系"), "relations"),
    ]
    shown = [
        (words, f"{totals[name][0]:,}", _("比昨天 {change}", change=_signed(*totals[name])))
        for words, name in tiles
    ]
    days = [(_("今日新增"), "new"), (_("今日流失"), "lost"), (_("今日净增"), "net")]
    return shown + [
        (words, _number(totals[name][0]), _("昨天 {count}", count=_number(totals[name][1])))
        for words, name in days
    ]


def show_growth(growth: Mapping[str, Sequence[Mapping[str, Any]]], unit: str) -> dict[str, Any]:
    """Show it by this unit."""
    return {
        "unit": unit,
        "units": [(name, _(words)) for name, words in UNITS.items()],
        "rows": [
            {
                "label": _label(date.fromisoformat(row["begins"]), unit),
                **row,
                "net": row["new"] - row["lost"] - row["deleted"] - row["moved"],
            }
            for row in growth[unit]
        ],
    }


def show_funnel(funnel: Mapping[str, Any]) -> dict[str, Any]:
    """Show the stages, with the share of each and the length of its bar."""
    rows = funnel["rows"]
    total, most = sum(row["count"] for row in rows), max((row["count"] for row in rows), default=0)
    return {
        "days": funnel["days"],
        "total": total,
        "rows": [
            {
                "name": clean(row["name"]),
                # One that was kept before there were colours has none.
                "color": row.get("color", ""),
                "count": row["count"],
                "share": _share(row["count"], total),
                "bar": _bar(row["count"], most),
                "median": _days(row["median_days"]),
                "moves": row["moves"],
            }
            for row in rows
        ],
    }


def show_welcomes(welcomes: Mapping[str, Any]) -> dict[str, Any]:
    """Show how many arrived, and why the others did not."""
    return {
        "days": welcomes["days"],
        "due": welcomes["due"],
        "sent": welcomes["sent"],
        "not_due": welcomes["not_due"],
        "rate": _share(welcomes["sent"], welcomes["due"]),
        "missed": [
            (word_reason(row["reason"]) or _("没有说明"), row["count"])
            for row in welcomes["missed"]
        ],
    }


def show_hours(busy: Mapping[str, Any]) -> dict[str, Any]:
    """Show when customers come: a row a weekday, each hour with how dark it is."""
    hours = busy["hours"]
    most = max(max(row) for row in hours)
    peak = next(
        ((day, hour) for day, row in enumerate(hours) for hour, n in enumerate(row) if n == most),
        (0, 0),
    )
    return {
        "weeks": busy["weeks"],
        "total": sum(map(sum, hours)),
        "peak": _(
            "最忙的是{day} {hour} 点，{count} 次",
            day=_(WEEKDAYS[peak[0]]),
            hour=peak[1],
            count=most,
        ),
        "rows": [
            {
                "day": _(day),
                "cells": [(hour, count, _level(count, most)) for hour, count in enumerate(row)],
            }
            for day, row in zip(WEEKDAYS, hours, strict=True)
        ],
    }


def _label(begins: date, unit: str) -> str:
    if unit == "month":
        return f"{begins:%Y-%m}"
    return _("{day} 起", day=f"{begins:%m-%d}") if unit == "week" else f"{begins:%m-%d}"


def _signed(now: int, before: int) -> str:
    return f"{now - before:+,}" if now != before else _("持平")


def _number(number: int) -> str:
    return f"{number:,}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "–"


def _bar(count: int, most: int) -> float:
    return round(100 * count / most, 1) if most else 0


def _days(days: float | None) -> str:
    return "–" if days is None else _("{days} 天", days=f"{days:g}")


def _level(count: int, most: int) -> int:
    return -(-count * LEVELS // most) if most else 0

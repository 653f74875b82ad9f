"""How every panel shows what happened: by days, each line with its sign, worded and clean."""

from collections.abc import Callable, Iterable
from datetime import date
from itertools import groupby
from typing import Any

from app.customers.queries import TimelineLine, word_line
from app.i18n import _
from app.words import clean
from sidebar.panels.showing import Times, visible

ICONS = {
    "added": "plus",
    "added_half": "plus",
    "removed_by_customer": "minus",
    "removed_by_member": "minus",
    "removed_by_transfer": "swap",
    "transfer_failed": "swap",
    "group_joined": "group",
    "group_left": "group",
    "group_dismissed": "group",
    "stage_changed": "flag",
    "loss_reason": "flag",
    "consent_changed": "flag",
    "remark_changed": "pen",
    "tags_changed": "tag",
    "noted": "pen",
    "imported": "pen",
    "import_undone": "pen",
    "reminder_done": "clock",
    "reminder_reopened": "clock",
}


def by_days(
    lines: Iterable[Any],
    times: Times,
    *,
    show: Callable[[Any], dict[str, Any]],
    shown: date | None,
) -> list[dict[str, Any]]:
    """Divide lines with a time `at`, newest first, by days; `shown`: the day that has its title."""
    days = []
    for day, group in groupby(lines, lambda line: line.at.astimezone(times.zone).date()):
        title = "" if day == shown else times.title(day)
        days.append({"title": title, "lines": [show(line) for line in group]})
    return days


def show_entry(line: TimelineLine, times: Times) -> dict[str, Any]:
    """Word an entry of the timeline; a note is its own text."""
    entry, note = line.entry, line.note
    shown: dict[str, Any] = {
        "icon": ICONS.get(entry.kind, "dot"),
        "kind": entry.kind,
        "text": clean(word_line(line)),
        "member": visible(line.member),
        "time": times.clock(entry.at),
        "at": entry.at.isoformat(timespec="seconds"),
    }
    if entry.kind == "imported":
        # The note is a part of what the row said.
        if note is not None and note.removed_at is None:
            shown["text"] += f"\n{visible(note.text, lines=True)}"
            shown["is_long"] = True
        return shown
    if note is not None and note.removed_at is not None:
        shown |= {"text": _("删除了一条跟进"), "faded": True}
    elif note is not None:
        shown |= {"text": visible(note.text, lines=True), "is_long": True}
        shown["also"] = _("已修改") if note.edited_at else ""
    return shown

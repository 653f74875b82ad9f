"""Stays: folding the facts about one person in one group. Pure.

WeCom repeats, reorders and loses events, and its API lags behind them: the same facts give the same
stays, in whatever order they were learned.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.groups.models import GroupChange

# Facts of one second, which is all that WeCom's clock tells apart, in the order people act in.
ORDER = {"joined": 0, "seen": 1, "left": 2, "gone": 3}
BEGINNINGS = frozenset({"joined", "seen"})
# An event and the join_time that the API shows later are this close when they mean the same.
SAME = timedelta(seconds=60)
# The event's JoinScene knows "invited" (0) and "by QR" (3), the API's join_scene 1, 2 (link) and 3.
EVENT_SCENES = {0: 1}


@dataclass
class Stay:
    """From joining to leaving. `begin` and `end`: the facts that say so, which may be none."""

    joined_at: datetime
    begin: list[GroupChange] = field(default_factory=list)
    left_at: datetime | None = None
    end: list[GroupChange] = field(default_factory=list)
    dismissed: bool = False

    @property
    def seen(self) -> GroupChange | None:
        """What the API says about the beginning: it knows more than an event."""
        return next((fact for fact in self.begin if fact.kind == "seen"), None)

    @property
    def join_scene(self) -> int | None:
        """1 invited, 2 by a link, 3 by a QR code; None: nobody told."""
        if self.seen:
            return self.seen.scene
        scene = self.begin[0].scene if self.begin else None
        return None if scene is None else EVENT_SCENES.get(scene, scene)

    @property
    def quit_scene(self) -> int | None:
        """0 left by himself, 1 was removed; None: nobody told."""
        return next((fact.scene for fact in self.end if fact.kind == "left"), None)


def fold(facts: Iterable[GroupChange], *, dismissed_at: datetime | None = None) -> list[Stay]:
    """Turn the facts about one person into his stays, oldest first."""
    stays: list[Stay] = []
    for fact in sorted(facts, key=lambda fact: (fact.at, ORDER[fact.kind])):
        if fact.kind in BEGINNINGS:
            _begin(stays, fact)
        else:
            _end(stays, fact)
    if dismissed_at and stays and stays[-1].left_at is None:
        stays[-1].left_at = max(dismissed_at, stays[-1].joined_at)
        stays[-1].dismissed = True
    return stays


def _begin(stays: list[Stay], fact: GroupChange) -> None:
    last = stays[-1] if stays else None
    if last is None or last.left_at is not None:
        stays.append(Stay(fact.at, [fact]))
    elif _is_same(last, fact):
        last.begin.append(fact)
        last.joined_at = last.seen.at if last.seen else last.joined_at
    else:
        # He left in between and no event told; his join_time starts again when he comes back.
        last.left_at = fact.at
        stays.append(Stay(fact.at, [fact]))


def _is_same(stay: Stay, fact: GroupChange) -> bool:
    return fact.at - stay.joined_at <= SAME and not (stay.seen and fact.kind == "seen")


def _end(stays: list[Stay], fact: GroupChange) -> None:
    last = stays[-1] if stays else None
    if last is None or (last.left_at is not None and not _refines(last, fact)):
        # He came before we listened, or an event was lost.
        last = Stay(fact.at)
        stays.append(last)
    if last.left_at is None or fact.kind == "left":
        last.left_at = fact.at
    last.end.append(fact)


def _refines(stay: Stay, fact: GroupChange) -> bool:
    """Tell whether `fact` only says again, or more exactly, that this stay is over."""
    return fact.kind == "gone" or all(known.kind == "gone" for known in stay.end)

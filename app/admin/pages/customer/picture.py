"""The picture of a customer's relations: a line for each member, a bar for each time together."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from app.admin.reading import Times
from app.customers.models import FollowUser
from app.customers.queries import ENDINGS, Follower
from app.i18n import _
from app.words import visible

ROWS = 8
# In the picture's own units: where the lines begin and how long they are, their height, a bar's.
LEFT, LENGTH, STEP, BAR = 118, 592, 28, 12
LEAST = 3.0
NAME_LENGTH = 8


def show_picture(
    followers: Sequence[Follower], periods: Sequence[FollowUser], now: Times
) -> dict[str, Any] | None:
    """Draw when each of these members and the customer were together; None: they never were."""
    if not periods:
        return None
    begun = min(one.added_at for one in periods)
    span = max(now.now - begun, timedelta(hours=1))
    rows: list[dict[str, Any]] = []
    for place, follower in enumerate(followers[:ROWS]):
        own = [one for one in periods if one.userid == follower.follow.userid]
        name = visible(follower.name) or follower.follow.userid
        rows.append(
            {
                "name": name if len(name) <= NAME_LENGTH else f"{name[:NAME_LENGTH]}…",
                "y": place * STEP,
                "bars": [_bar(one, begun, span, now) for one in reversed(own)],
                "told": _("{member}：{periods}", member=name, periods=_word(own, now)),
            }
        )
    drawn = {bar["ending"] for row in rows for bar in row["bars"]}
    return {
        "rows": rows,
        "left": LEFT,
        "right": LEFT + LENGTH,
        "height": len(rows) * STEP,
        "bar": BAR,
        "begun": now.short_day(begun),
        "told": _("；").join(row["told"] for row in rows),
        "legend": [(ending, _word_ending(ending)) for ending in ("", *ENDINGS) if ending in drawn],
    }


def word_period(period: FollowUser, now: Times) -> str:
    """Say from when to when, and who ended it."""
    begin = now.short_day(period.added_at)
    if period.removed_at is None or period.removed_by is None:
        return _("{begin} 至今", begin=begin)
    end, ending = now.short_day(period.removed_at), ENDINGS.get(period.removed_by)
    ending_words = _(ending) if ending else period.removed_by
    return _("{begin} 至 {end}，{ending}", begin=begin, end=end, ending=ending_words)


def _word(periods: Sequence[FollowUser], now: Times) -> str:
    return _("、").join(word_period(one, now) for one in periods)


def _word_ending(ending: str) -> str:
    return _("止于{ending}", ending=_(ENDINGS[ending])) if ending else _("跟进中")


def _bar(period: FollowUser, begun: datetime, span: timedelta, now: Times) -> dict[str, Any]:
    start = LENGTH * ((period.added_at - begun) / span)
    end = LENGTH * (((period.removed_at or now.now) - begun) / span)
    width = max(end - start, LEAST)
    return {
        # A bar that begins at the very end is still within the picture.
        "x": round(LEFT + min(start, LENGTH - width), 1),
        "width": round(width, 1),
        "ending": period.removed_by or "",
        "told": word_period(period, now),
    }

"""The plan of the demo's sixty days: what happens when, counted back from now. Pure."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from app.cli.demo.people import (
    GROUP_DAYS,
    NEWCOMERS,
    OLD_FRIENDS,
    REGULARS,
    GroupDay,
    Life,
    Newcomer,
)
from app.sandbox.seed import seeded_id

DAY_MINUTES = (10 * 60 + 30, 19 * 60 + 30)
EVENING, NIGHT = time(20, 30), time(22, 40)
# Members look after remarks, tags and stages every fifth evening, the last time yesterday.
DESK_EVERY, DESK_LAST = 5, 1
TODAY_HOURS = 3
SATURDAY = 5


@dataclass(frozen=True)
class Act:
    """Something that people do, as the sandbox calls it."""

    verb: str
    details: dict[str, Any]


@dataclass(frozen=True)
class Move:
    """A member moves a customer to a stage, in the sidebar."""

    userid: str
    external_userid: str
    stage: str


@dataclass(frozen=True)
class Talk:
    """What a member and a customer write to each other; a line with ">" is the member's."""

    userid: str
    external_userid: str
    lines: tuple[str, ...]


@dataclass
class Tick:
    """A moment of history: first the acts, then stages, then talk."""

    at: datetime
    acts: list[Act] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    talks: list[Talk] = field(default_factory=list)


def customer_id(number: int) -> str:
    """Return the external_userid of a customer: those of the seed first, then the newcomers."""
    return seeded_id("wm", "Customer", number)


def plan_history(now: datetime) -> list[Tick]:
    """Return the ticks that lead up to `now`, whose zone is the shop's; oldest first."""
    calendar = _Calendar(now)
    for number, newcomer in enumerate(NEWCOMERS, start=REGULARS):
        _plan_newcomer(calendar, customer_id(number), newcomer)
    for friend in OLD_FRIENDS:
        _plan_life(calendar, friend.userid, customer_id(friend.number), friend.life, since=None)
    for group_day in GROUP_DAYS:
        calendar.evening(group_day.ago).acts.append(_group_act(group_day))
    return calendar.ticks()


class _Calendar:
    """The ticks by day and time of day, counted back from `now`."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._ticks: dict[datetime, Tick] = {}

    def ticks(self) -> list[Tick]:
        return [tick for _, tick in sorted(self._ticks.items())]

    def weekend_near(self, ago: int) -> int:
        """Return the day of a weekend that is nearest to so many days ago."""
        return next(
            ago + shift
            for shift in (0, 1, -1, 2, -2, 3)
            if self._date(ago + shift).weekday() >= SATURDAY
        )

    def day(self, ago: int) -> Tick:
        """Return that day's tick in the opening hours."""
        if ago == 0:
            return self._today()
        first, last = DAY_MINUTES
        minutes = first + ago * 97 % (last - first)
        return self._tick(ago, time(minutes // 60, minutes % 60))

    def night(self, ago: int) -> Tick:
        return self._tick(ago, NIGHT)

    def evening(self, ago: int) -> Tick:
        """Return the tick of the next evening on which members see to their customers."""
        later = (ago - DESK_LAST) // DESK_EVERY * DESK_EVERY + DESK_LAST
        return self._tick(max(later, DESK_LAST), EVENING)

    def _today(self) -> Tick:
        """Return a tick of the hours that today has had, and of yesterday right after midnight."""
        midnight = self._now.replace(hour=0, minute=0, second=0, microsecond=0)
        passed = min(self._now - midnight, timedelta(hours=TODAY_HOURS))
        return self._at(self._now - max(passed / 2, timedelta(minutes=2)))

    def _date(self, ago: int) -> date:
        return self._now.date() - timedelta(days=ago)

    def _tick(self, ago: int, at: time) -> Tick:
        return self._at(datetime.combine(self._date(ago), at, self._now.tzinfo))

    def _at(self, at: datetime) -> Tick:
        return self._ticks.setdefault(at, Tick(at))


def _plan_newcomer(calendar: _Calendar, who: str, newcomer: Newcomer) -> None:
    pair = {"userid": newcomer.userid, "external_userid": who}
    came = calendar.weekend_near(newcomer.ago) if newcomer.weekend else newcomer.ago
    scan = pair | {"state": newcomer.state} if newcomer.state else pair
    first = scan | {"name": newcomer.name} | ({"half": True} if newcomer.half else {})
    arrival = calendar.night(came) if newcomer.late else calendar.day(came)
    arrival.acts.append(Act("customer_scans", first))
    if newcomer.lost is not None:
        tick = calendar.day(came - newcomer.lost)
        tick.acts.append(Act("customer_deletes_member", pair))
    if newcomer.back is not None:
        calendar.day(came - newcomer.back).acts.append(Act("customer_scans", scan))
    _plan_life(calendar, newcomer.userid, who, newcomer.life, since=came)
    if newcomer.moved is not None:
        after, takeover = newcomer.moved
        handed = {"handover_userid": newcomer.userid, "takeover_userid": takeover}
        act = Act("transfer_done", handed | {"external_userid": who})
        calendar.evening(came - after).acts.append(act)


def _plan_life(
    calendar: _Calendar, userid: str, who: str, life: Life, *, since: int | None
) -> None:
    """Plan the days of a life; they count from `since` days ago on, or are days ago themselves."""

    def evening(day: int) -> Tick:
        return calendar.evening(day if since is None else since - day)

    pair = {"userid": userid, "external_userid": who}
    if life.remark:
        day, remark = life.remark
        evening(day).acts.append(Act("member_edits_remark", pair | {"remark": remark}))
    if life.tags:
        day, numbers = life.tags
        tags = [seeded_id("et", "Tag", number) for number in numbers]
        evening(day).acts.append(Act("member_marks_tags", pair | {"add": tags}))
    for day, stage in life.stages:
        evening(day).moves.append(Move(userid, who, stage))
    if life.talk:
        day, lines = life.talk
        evening(day).talks.append(Talk(userid, who, lines))


def _group_act(group_day: GroupDay) -> Act:
    chat_id = seeded_id("wr", "Group", group_day.group)
    verb = "group_joined" if group_day.joined else "group_left"
    who = [customer_id(number) for number in group_day.joined or group_day.left]
    return Act(verb, {"chat_id": chat_id, "who": who})

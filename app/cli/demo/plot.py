"""The plan of the demo's sixty days: what happens when, counted back from now. Pure."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from app.cli.demo.notebook import NOTEBOOK, Note, Page
from app.cli.demo.people import (
    GROUP_DAYS,
    NEWCOMERS,
    OLD_FRIENDS,
    REGULARS,
    GroupDay,
    Life,
    Newcomer,
)
from app.cli.demo.visit import Move, Visit, Written
from app.reminders import MORNING
from app.sandbox.seed import CUSTOMERS, seeded_id

DAY_MINUTES = (10 * 60 + 30, 19 * 60 + 30)
EVENING, NIGHT = time(20, 30), time(22, 40)
# Members look after remarks, tags and stages every fifth evening, the last time yesterday.
DESK_EVERY, DESK_LAST = 5, 1
TODAY_HOURS = 3
# History ends so long ago at the latest.
JUST_NOW = timedelta(minutes=2)
SATURDAY = 5


@dataclass(frozen=True)
class Act:
    """Something that people do, as the sandbox calls it."""

    verb: str
    details: dict[str, Any]


@dataclass(frozen=True)
class Talk:
    """What a member and a customer write to each other; a line with ">" is the member's."""

    userid: str
    external_userid: str
    lines: tuple[str, ...]


@dataclass
class Tick:
    """A moment of history: first the acts, then visits to cards, then talk."""

    at: datetime
    acts: list[Act] = field(default_factory=list)
    visits: dict[tuple[str, str], Visit] = field(default_factory=dict)
    talks: list[Talk] = field(default_factory=list)

    def visit(self, userid: str, external_userid: str) -> Visit:
        """Return the member's visit at this card, of which there is one."""
        pair = userid, external_userid
        return self.visits.setdefault(pair, Visit(*pair))


def customer_id(number: int) -> str:
    """Return the external_userid of a customer: those of the seed first, then the newcomers."""
    return seeded_id("wm", "Customer", number)


def plan_history(now: datetime) -> list[Tick]:
    """Return the ticks that lead up to `now`, whose zone is the shop's; oldest first."""
    calendar = _Calendar(now)
    for number, newcomer in enumerate(NEWCOMERS, start=REGULARS):
        _plan_newcomer(calendar, customer_id(number), newcomer)
    for number, newcomer in enumerate(NEWCOMERS, start=REGULARS):
        _plan_leaving(calendar, customer_id(number), newcomer)
    for friend in OLD_FRIENDS:
        name, _gender = CUSTOMERS[friend.number]
        days = _Days(calendar, friend.userid, customer_id(friend.number))
        _plan_life(days, friend.life, NOTEBOOK.get(name, Page()))
    for group_day in GROUP_DAYS:
        when = calendar.day if group_day.notice else calendar.evening
        when(group_day.ago).acts.append(_group_act(group_day))
    return calendar.ticks()


class _Calendar:
    """The ticks by day and time of day, counted back from `now`."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._ticks: dict[datetime, Tick] = {}

    def ticks(self) -> list[Tick]:
        return [tick for _, tick in sorted(self._ticks.items())]

    def arrival(self, newcomer: Newcomer) -> int:
        """Return how many days ago he came."""
        return self._weekend_near(newcomer.ago) if newcomer.weekend else newcomer.ago

    def _weekend_near(self, ago: int) -> int:
        """Return the day of a weekend that is nearest to so many days ago."""
        return next(
            ago + shift
            for shift in (0, 1, -1, 2, -2, 3)
            if self._date(ago + shift).weekday() >= SATURDAY
        )

    def day(self, ago: int) -> Tick:
        """Return that day's tick in the opening hours."""
        return self._at(self._day_minute(ago)) if ago else self._today()

    def day_near(self, ago: int, *, after: int) -> Tick:
        """Return the tick of a day near that one on which somebody comes anyway, else of that one.

        `after`: so many days ago is too early.
        """
        shifts = (0, 1, -1) if ago + 1 < after else (0, -1)
        days = (self._day_minute(ago + shift) for shift in shifts if ago + shift > 0)
        return next((self._ticks[at] for at in days if at in self._ticks), None) or self.day(ago)

    def night(self, ago: int) -> Tick:
        return self._tick(ago, NIGHT)

    def evening(self, ago: int) -> Tick:
        """Return the tick of the next evening on which members see to their customers."""
        return self._tick(self.desk_day(ago), EVENING)

    def desk_day(self, ago: int) -> int:
        """Return the day of that evening."""
        later = (ago - DESK_LAST) // DESK_EVERY * DESK_EVERY + DESK_LAST
        return max(later, DESK_LAST)

    def morning(self, ago: int) -> datetime:
        """Return when reminders of that day come, and stop there if it has been."""
        at = self._moment(ago, MORNING)
        if at <= self._now - JUST_NOW:
            self._at(at)
        return at

    def _day_minute(self, ago: int) -> datetime:
        first, last = DAY_MINUTES
        minutes = first + ago * 97 % (last - first)
        return self._moment(ago, time(minutes // 60, minutes % 60))

    def _today(self) -> Tick:
        """Return a tick of the hours that today has had, and of yesterday right after midnight."""
        midnight = self._now.replace(hour=0, minute=0, second=0, microsecond=0)
        passed = min(self._now - midnight, timedelta(hours=TODAY_HOURS))
        return self._at(self._now - max(passed / 2, JUST_NOW))

    def _date(self, ago: int) -> date:
        return self._now.date() - timedelta(days=ago)

    def _tick(self, ago: int, at: time) -> Tick:
        return self._at(self._moment(ago, at))

    def _moment(self, ago: int, at: time) -> datetime:
        return datetime.combine(self._date(ago), at, self._now.tzinfo)

    def _at(self, at: datetime) -> Tick:
        return self._ticks.setdefault(at, Tick(at))


@dataclass(frozen=True)
class _Days:
    """The evenings of a member with a customer; days count from `since` days ago, or back."""

    calendar: _Calendar
    userid: str
    external_userid: str
    since: int | None = None

    @property
    def pair(self) -> dict[str, str]:
        return {"userid": self.userid, "external_userid": self.external_userid}

    def ago(self, day: int) -> int:
        """Return how many days ago that evening is."""
        return self.calendar.desk_day(day if self.since is None else self.since - day)

    def evening(self, day: int) -> Tick:
        return self.calendar.evening(self.ago(day))

    def visit(self, day: int, *, by: str = "") -> Visit:
        return self.evening(day).visit(by or self.userid, self.external_userid)


def _plan_newcomer(calendar: _Calendar, who: str, newcomer: Newcomer) -> None:
    pair = {"userid": newcomer.userid, "external_userid": who}
    came = calendar.arrival(newcomer)
    first = _scan(pair, newcomer) | {"name": newcomer.name}
    first |= {"half": True} if newcomer.half else {}
    arrival = calendar.night(came) if newcomer.late else calendar.day(came)
    arrival.acts.append(Act("customer_scans", first))
    if newcomer.also is not None:
        day, colleague = newcomer.also
        calendar.evening(came - day).acts.append(
            Act("customer_scans", {"userid": colleague, "external_userid": who})
        )
    page = NOTEBOOK.get(newcomer.name, Page())
    _plan_life(_Days(calendar, newcomer.userid, who, came), newcomer.life, page)
    if newcomer.moved is not None:
        after, takeover = newcomer.moved
        handed = {"handover_userid": newcomer.userid, "takeover_userid": takeover}
        act = Act("transfer_done", handed | {"external_userid": who})
        calendar.evening(came - after).acts.append(act)


def _plan_leaving(calendar: _Calendar, who: str, newcomer: Newcomer) -> None:
    """Plan the days on which he goes and comes again: each beside somebody who comes, if it can."""
    pair, came = {"userid": newcomer.userid, "external_userid": who}, calendar.arrival(newcomer)
    if newcomer.lost is not None:
        tick = calendar.day_near(came - newcomer.lost, after=came)
        tick.acts.append(Act("customer_deletes_member", pair))
    if newcomer.back is not None:
        tick = calendar.day_near(came - newcomer.back, after=came)
        tick.acts.append(Act("customer_scans", _scan(pair, newcomer)))


def _scan(pair: dict[str, str], newcomer: Newcomer) -> dict[str, Any]:
    return pair | ({"state": newcomer.state} if newcomer.state else {})


def _plan_life(days: _Days, life: Life, page: Page) -> None:
    if life.remark:
        day, remark = life.remark
        days.evening(day).acts.append(Act("member_edits_remark", days.pair | {"remark": remark}))
    if life.tags:
        day, numbers = life.tags
        tags = [seeded_id("et", "Tag", number) for number in numbers]
        days.evening(day).acts.append(Act("member_marks_tags", days.pair | {"add": tags}))
    for day, stage in life.stages:
        days.visit(day).moves.append(Move(stage, page.said.get(stage, {})))
    if life.talk:
        day, lines = life.talk
        days.evening(day).talks.append(Talk(days.userid, days.external_userid, lines))
    _plan_page(days, page)


def _plan_page(days: _Days, page: Page) -> None:
    for day, stage, by in page.service:
        days.visit(day, by=by).moves.append(Move(stage))
    for day, fields in page.fields:
        days.visit(day).fields |= fields
    for day, shelf, title in page.sent:
        days.visit(day).sent.append((shelf, title))
    if page.lost:
        day, lost = page.lost
        days.visit(day).lost = lost
    if page.consent:
        day, said = page.consent
        days.visit(day).consent = said
    for note in page.notes:
        _plan_note(days, note)


def _plan_note(days: _Days, note: Note) -> None:
    written = days.visit(note.day, by=note.by)
    if not note.remind:
        written.notes.append(Written(note.text))
        return
    due = days.ago(note.day) - note.remind
    written.notes.append(Written(note.text, days.calendar.morning(due)))
    if due >= DESK_LAST:
        evening = days.calendar.evening(due)
        evening.visit(written.userid, days.external_userid).done = True


def _group_act(group_day: GroupDay) -> Act:
    chat_id = seeded_id("wr", "Group", group_day.group)
    if group_day.notice:
        return Act("group_notice_changed", {"chat_id": chat_id, "notice": group_day.notice})
    verb = "group_joined" if group_day.joined else "group_left"
    who = [customer_id(number) for number in group_day.joined or group_day.left]
    return Act(verb, {"chat_id": chat_id, "who": who})

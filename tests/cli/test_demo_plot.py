"""The plan of the demo's sixty days, whatever day and hour it is today."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.cli.demo.notebook import NOTEBOOK, Page
from app.cli.demo.people import NEWCOMERS, OLD_FRIENDS, REGULARS, Life
from app.cli.demo.plot import Tick, customer_id, plan_history
from app.cli.demo.visit import Visit
from app.sandbox.seed import CUSTOMERS
from sidebar.paces import CHANGES_AT_ONCE

ZONE = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)
# Every weekday, at hours of which each leaves today in another state.
NOWS = [
    datetime(2026, 3, day, hour, minute, tzinfo=ZONE)
    for day in range(2, 9)
    for hour, minute in ((0, 0), (0, 4), (2, 30), (11, 0), (20, 30), (23, 59))
]


@pytest.fixture(params=NOWS, ids=lambda now: f"{now:%a-%H%M}")
def now(request: pytest.FixtureRequest) -> datetime:
    """Give a moment at which somebody starts the demo."""
    moment: datetime = request.param
    return moment


def test_ticks_go_forward_and_end_before_now(now: datetime) -> None:
    times = [tick.at for tick in plan_history(now)]
    assert times == sorted(set(times))
    assert now - 64 * DAY < times[0] < now - 56 * DAY
    assert now - 4 * timedelta(hours=1) < times[-1] <= now - timedelta(minutes=2)
    assert len(times) <= 42


def test_everybody_has_come_before_anything_else_happens_to_him(now: datetime) -> None:
    come = {customer_id(number) for number in range(REGULARS)}
    heard_of: set[str] = set()
    for tick in plan_history(now):
        for act in tick.acts:
            if act.verb == "customer_scans":
                come.add(act.details["external_userid"])
        assert set(_others(tick)) <= come
        # The sidebar shows a regular when Banke has heard of him, at an earlier tick.
        assert {who for _userid, who in tick.visits} <= heard_of
        heard_of |= {act.details.get("external_userid", "") for act in tick.acts}
    assert come == {customer_id(number) for number in range(REGULARS + len(NEWCOMERS))}


def test_moves_of_one_customer_keep_their_order(now: datetime) -> None:
    wanted: dict[str, list[str]] = {}
    for number, name, life in lives():
        service = [stage for _day, stage, _by in NOTEBOOK.get(name, Page()).service]
        if moves := [stage for _day, stage in life.stages] + service:
            wanted[customer_id(number)] = moves
    planned: dict[str, list[str]] = {}
    for _at, visit in visits(now):
        for move in visit.moves:
            planned.setdefault(visit.external_userid, []).append(move.stage)
    assert planned == wanted


def test_why_somebody_has_left_is_said_after_he_has(now: datetime) -> None:
    left = {
        act.details["external_userid"]: tick.at
        for tick in plan_history(now)
        for act in tick.acts
        if act.verb == "customer_deletes_member"
    }
    said = [(visit.external_userid, at) for at, visit in visits(now) if visit.lost]
    assert len(said) == 3
    assert all(left[who] < at for who, at in said)


def test_everything_in_the_notebook_is_written_down(now: datetime) -> None:
    planned = [note.text for _at, visit in visits(now) for note in visit.notes]
    filled = [name for _at, visit in visits(now) for name in visit.fields]
    names = {name for _number, name, _life in lives()}
    assert set(NOTEBOOK) <= names
    assert Counter(planned) == Counter(n.text for page in NOTEBOOK.values() for n in page.notes)
    assert len(filled) == sum(len(f) for page in NOTEBOOK.values() for _day, f in page.fields)


def test_one_is_to_be_reminded_today_one_tomorrow_and_the_others_were(now: datetime) -> None:
    days = [(due.date() - now.date()).days for _at, _visit, due in reminders(now)]
    assert sorted(days)[-2:] == [0, 1]
    assert len(days) >= 4


def test_who_was_reminded_saw_to_it_on_an_evening_after_that_morning(now: datetime) -> None:
    seen_to = {(visit.userid, visit.external_userid): at for at, visit in visits(now) if visit.done}
    past = [(visit, due) for _at, visit, due in reminders(now) if due.date() < now.date()]
    assert len(past) == len(seen_to)
    for visit, due in past:
        assert due.date() == seen_to[visit.userid, visit.external_userid].date()


def test_history_stops_when_a_reminder_comes(now: datetime) -> None:
    stops = {tick.at for tick in plan_history(now)}
    for at, _visit, due in reminders(now):
        assert at < due
        assert due in stops or due > now - timedelta(minutes=2)


def test_nobody_writes_more_than_the_sidebar_takes_at_once(now: datetime) -> None:
    written = Counter[str]()
    for _at, visit in visits(now):
        said = sum(bool(move.said) for move in visit.moves)
        things = (visit.moves, visit.fields, visit.notes, visit.sent)
        written[visit.userid] += said + sum(map(len, things)) + visit.done + bool(visit.lost)
    assert max(written.values()) <= CHANGES_AT_ONCE


def test_weekends_bring_more_customers_than_other_days(now: datetime) -> None:
    weekdays = [
        tick.at.weekday()
        for tick in plan_history(now)
        for act in tick.acts
        if act.verb == "customer_scans"
    ]
    at_weekends = sum(day >= 5 for day in weekdays)
    assert at_weekends / 2 > (len(weekdays) - at_weekends) / 5


def lives() -> Iterator[tuple[int, str, Life]]:
    """Yield everybody's number, name and life."""
    for friend in OLD_FRIENDS:
        yield friend.number, CUSTOMERS[friend.number][0], friend.life
    for number, one in enumerate(NEWCOMERS, start=REGULARS):
        yield number, one.name, one.life


def visits(now: datetime) -> Iterator[tuple[datetime, Visit]]:
    """Yield every visit, and when."""
    for tick in plan_history(now):
        for visit in tick.visits.values():
            yield tick.at, visit


def reminders(now: datetime) -> Iterator[tuple[datetime, Visit, datetime]]:
    """Yield when a reminder was set, on which visit, and for when."""
    for at, visit in visits(now):
        for note in visit.notes:
            if note.remind_at:
                yield at, visit, note.remind_at


def _others(tick: Tick) -> Iterator[str]:
    """Yield whom the tick's acts other than arrivals, its visits and its talk are about."""
    for act in tick.acts:
        if "external_userid" in act.details:
            yield act.details["external_userid"]
        yield from act.details.get("who", ())
    yield from (who for _userid, who in tick.visits)
    yield from (talk.external_userid for talk in tick.talks)

"""The plan of the demo's sixty days, whatever day and hour it is today."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.cli.demo.people import NEWCOMERS, OLD_FRIENDS, REGULARS
from app.cli.demo.plot import Tick, customer_id, plan_history

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
    assert len(times) <= 45


def test_everybody_has_come_before_anything_else_happens_to_him(now: datetime) -> None:
    come = {customer_id(number) for number in range(REGULARS)}
    heard_of: set[str] = set()
    for tick in plan_history(now):
        for act in tick.acts:
            if act.verb == "customer_scans":
                come.add(act.details["external_userid"])
        assert set(_others(tick)) <= come
        # The sidebar shows a regular when Banke has heard of him, at an earlier tick.
        assert {move.external_userid for move in tick.moves} <= heard_of
        heard_of |= {act.details.get("external_userid", "") for act in tick.acts}
    assert come == {customer_id(number) for number in range(REGULARS + len(NEWCOMERS))}


def test_moves_of_one_customer_keep_their_order(now: datetime) -> None:
    wanted = {
        customer_id(number): [stage for _, stage in life.stages]
        for number, life in (
            *((friend.number, friend.life) for friend in OLD_FRIENDS),
            *((REGULARS + number, one.life) for number, one in enumerate(NEWCOMERS)),
        )
        if life.stages
    }
    planned: dict[str, list[str]] = {}
    for tick in plan_history(now):
        for move in tick.moves:
            planned.setdefault(move.external_userid, []).append(move.stage)
    assert planned == wanted


def test_weekends_bring_more_customers_than_other_days(now: datetime) -> None:
    weekdays = [
        tick.at.weekday()
        for tick in plan_history(now)
        for act in tick.acts
        if act.verb == "customer_scans"
    ]
    at_weekends = sum(day >= 5 for day in weekdays)
    assert at_weekends / 2 > (len(weekdays) - at_weekends) / 5


def _others(tick: Tick) -> Iterator[str]:
    """Yield whom the tick's acts other than arrivals, its moves and its talk are about."""
    for act in tick.acts:
        if "external_userid" in act.details:
            yield act.details["external_userid"]
        yield from act.details.get("who", ())
    yield from (move.external_userid for move in tick.moves)
    yield from (talk.external_userid for talk in tick.talks)

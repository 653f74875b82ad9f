"""Many customers gone at once: noticed in any order, and told once of a member and day."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from itertools import permutations
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select

from app import clock
from app.churn.actions import note_mass_loss_seen, record_losses, record_mass_losses
from app.churn.actions.mass_losses import Mass, find_masses
from app.churn.models import Loss, MassLoss
from app.churn.queries import list_mass_losses
from app.config import Config
from app.customers.actions import Change, record_change
from app.db import Database
from app.deliveries.models import Delivery
from app.errors import NotFound
from app.members.queries import WHOLE_CORP, find_scope
from tests.churn.people import at, make_corp
from tests.settings import make_config

ZONE = ZoneInfo("Asia/Shanghai")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Give a configuration in which more than three an hour are too many."""
    alerts = {"admins": ["qianer"], "mass_loss_above": 3, "grace_seconds": 0}
    return make_config(tmp_path, alerts=alerts)


def lose(
    db: Database,
    config: Config,
    number: int,
    when: datetime,
    *,
    kind: str = "member",
    userid: str = "zhaoyi",
) -> None:
    """Work the event of a customer who is gone, as the handler does."""
    customer = f"wm{number}"
    with db.write() as session:
        change = Change(userid=userid, external_userid=customer, kind=kind, at=when)
        record_change(session, change)
        losses = record_losses(session, userid, customer)
        record_mass_losses(session, losses, config.alerts, config.server.zone)


def noted(db: Database) -> list[tuple[str, date, int]]:
    with db.read() as session:
        rows = session.scalars(select(MassLoss).order_by(MassLoss.day, MassLoss.userid))
        return [(row.userid, row.day, row.count) for row in rows]


def told(db: Database) -> list[str]:
    with db.read() as session:
        rows = session.scalars(select(Delivery).where(Delivery.kind == "mass_loss"))
        return [row.recipient for row in rows]


def lately() -> datetime:
    """Return noon of yesterday, where the corp is: all around it is one day, and news."""
    noon = clock.utcnow().astimezone(ZONE) - timedelta(days=1)
    return noon.replace(hour=12, minute=0, second=0, microsecond=0)


def test_as_many_as_allowed_are_no_alarm_and_one_more_is(any_db: Database, config: Config) -> None:
    noon = lately()
    for number in range(3):
        lose(any_db, config, number, noon + number * MINUTE)
    assert noted(any_db) == []
    lose(any_db, config, 3, noon + 3 * MINUTE)
    assert noted(any_db) == [("zhaoyi", noon.date(), 4)]
    assert told(any_db) == ["qianer"]


def test_more_on_the_same_day_are_counted_and_not_told_again(db: Database, config: Config) -> None:
    noon = lately()
    for number in range(9):
        lose(db, config, number, noon + number * MINUTE)
    assert noted(db) == [("zhaoyi", noon.date(), 9)]
    assert told(db) == ["qianer"]


def test_customers_who_leave_count_with_those_who_are_deleted_and_transfers_do_not(
    db: Database, config: Config
) -> None:
    noon = lately()
    for number, kind in enumerate(("member", "customer", "member", "transfer", "transfer")):
        lose(db, config, number, noon, kind=kind)
    assert noted(db) == []
    lose(db, config, 9, noon, kind="customer")
    assert noted(db) == [("zhaoyi", noon.date(), 4)]


def test_spread_over_more_than_the_time_they_are_no_alarm(db: Database, config: Config) -> None:
    for number in range(8):
        lose(db, config, number, lately() + number * 21 * MINUTE)
    assert noted(db) == []


def test_each_member_is_counted_by_himself(db: Database, config: Config) -> None:
    for number in range(6):
        lose(db, config, number, lately(), userid=("zhaoyi", "lisi")[number % 2])
    assert noted(db) == []


@pytest.mark.parametrize("order", list(permutations(range(5)))[::7])
def test_the_order_in_which_they_become_known_does_not_matter(
    db: Database, config: Config, order: Iterable[int]
) -> None:
    # Around midnight in the corp: three before it and two after.
    times = [at(f"2026-03-01 23:{50 + 3 * n}") for n in range(3)]
    times += [at("2026-03-02 00:20"), at("2026-03-02 00:30")]
    for number in order:
        lose(db, config, number, times[number])
    assert noted(db) == [("zhaoyi", date(2026, 3, 2), 5)]


def test_an_event_that_comes_again_changes_nothing(db: Database, config: Config) -> None:
    noon = lately()
    for _time in range(3):
        for number in range(4):
            lose(db, config, number, noon)
    assert (noted(db), told(db)) == ([("zhaoyi", noon.date(), 4)], ["qianer"])


def test_what_became_known_days_later_is_noted_and_is_no_news(db: Database, config: Config) -> None:
    for number in range(5):
        lose(db, config, number, at("2026-03-02 10:00"))
    assert noted(db) == [("zhaoyi", date(2026, 3, 2), 5)]
    assert told(db) == []


def test_workers_at_once_do_not_overlook_the_one_that_was_too_many(
    any_db: Database, config: Config
) -> None:
    noon = lately()
    with any_db.write() as session:
        make_corp(session)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: lose(any_db, config, number, noon), range(4)))
    assert noted(any_db) == [("zhaoyi", noon.date(), 4)]
    assert told(any_db) == ["qianer"]


def test_whoever_takes_note_of_it_ends_it_for_all_and_only_in_his_scope(
    db: Database, config: Config
) -> None:
    with db.write() as session:
        make_corp(session)
    for number in range(4):
        lose(db, config, number, lately(), userid="lisi")
    with db.write() as session:
        south, since = find_scope(session, "sunsan"), lately().date()
        [mass] = list_mass_losses(session, WHOLE_CORP, since=since)
        assert list_mass_losses(session, south, since=since) == []
        with pytest.raises(NotFound):
            note_mass_loss_seen(session, mass.id, scope=south, userid="sunsan")
        note_mass_loss_seen(session, mass.id, scope=WHOLE_CORP, userid="qianer")
        note_mass_loss_seen(session, mass.id, scope=WHOLE_CORP, userid="sunsan")
        assert mass.seen_by == "qianer"
        assert list_mass_losses(session, WHOLE_CORP, since=since) == []


@given(st.lists(st.integers(0, 600), max_size=30), st.integers(1, 6))
def test_a_plain_count_comes_to_the_same(minutes: list[int], above: int) -> None:
    begin = at("2026-03-01 19:00")
    times = sorted(begin + MINUTE * minute for minute in minutes)
    found = find_masses(times, above=above, within=HOUR, zone=ZONE)
    plain: dict[date, Mass] = {}
    for place, end in enumerate(times):
        count = sum(1 for one in times[: place + 1] if one >= end - HOUR)
        if count > above:
            day = end.astimezone(ZONE).date()
            most = max(count, plain[day].count if day in plain else 0)
            plain[day] = Mass(most, end)
    assert found == plain


def test_losses_of_a_customer_who_is_erased_leave_the_note(db: Database, config: Config) -> None:
    for number in range(4):
        lose(db, config, number, lately())
    with db.write() as session:
        session.execute(delete(Loss))
    assert len(noted(db)) == 1

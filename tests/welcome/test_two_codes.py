"""WeCom may hand out several codes for one friendship: the customer is greeted once."""

import threading
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.db import Database
from app.deliveries.models import Delivery
from app.runtime import Runtime
from app.sandbox.records import EventRecord
from app.sandbox.server import Sandbox
from app.welcome.actions import Greeting
from app.welcome.actions.intents import Turn, Verdict, end_turn, take_turn
from tests.welcome.world import (
    EVERYWHERE,
    add_script,
    deliveries,
    greeting_of,
    the_delivery,
    try_once,
)

API = "externalcontact/send_welcome_msg"


@pytest.fixture(autouse=True)
def _script(runtime: Runtime) -> None:
    with runtime.db.write() as session:
        add_script(session, "默认", EVERYWHERE)


@pytest.fixture
def half(box: Sandbox) -> EventRecord:
    return box.people.customer_scans("zhaoyi", half=True)


@pytest.fixture
def full(box: Sandbox, half: EventRecord) -> EventRecord:
    return box.people.member_adds_back("zhaoyi", half.external_userid)


def test_the_second_code_finds_the_customer_greeted(
    runtime: Runtime, box: Sandbox, half: EventRecord, full: EventRecord
) -> None:
    try_once(runtime, greeting_of(half, 1))
    assert try_once(runtime, greeting_of(full, 2)) is None
    assert the_delivery(runtime).detail["later_codes"] == 1
    assert len(box.ledger.welcome_posts()) == 1


def test_the_second_code_waits_while_the_first_is_at_it(
    runtime: Runtime, half: EventRecord, full: EventRecord, box: Sandbox
) -> None:
    box.faults.errcode(API, 45033)
    first, second = greeting_of(half, 1), greeting_of(full, 2, welcome_code="WC_other")
    assert try_once(runtime, first) is not None
    later = try_once(runtime, second)
    assert later is not None
    assert (later.at - clock.utcnow()).total_seconds() == pytest.approx(1, abs=0.2)
    assert try_once(runtime, first) is None
    assert try_once(runtime, second) is None
    assert the_delivery(runtime).outcome == "sent"


def test_the_second_code_waits_no_longer_than_its_own_deadline(
    runtime: Runtime, half: EventRecord, box: Sandbox
) -> None:
    box.faults.errcode(API, 45033)
    assert try_once(runtime, greeting_of(half, 1)) is not None
    received_at = clock.utcnow() - timedelta(seconds=17.5)
    assert try_once(runtime, greeting_of(half, 2, received_at=received_at)) is None
    assert the_delivery(runtime).outcome is None


def test_the_second_code_takes_over_what_failed(
    runtime: Runtime, box: Sandbox, half: EventRecord
) -> None:
    try_once(runtime, greeting_of(half, 1, welcome_code="WC_wrong"))
    assert the_delivery(runtime).reason == "expired"
    assert try_once(runtime, greeting_of(half, 2)) is None
    row = the_delivery(runtime)
    assert (row.outcome, row.event_id, row.attempts) == ("sent", 2, 1)
    assert row.detail["earlier_events"] == [1]
    assert len(box.ledger.accepted_welcomes(external_userid=half.external_userid)) == 1


def test_the_second_code_is_not_used_when_the_first_may_have_greeted(
    runtime: Runtime, box: Sandbox, half: EventRecord
) -> None:
    box.faults.drop_reply(API, times=2)
    while try_once(runtime, greeting_of(half, 1)) is not None:
        continue
    assert the_delivery(runtime).outcome == "unknown"
    posts = len(box.ledger.welcome_posts())
    assert try_once(runtime, greeting_of(half, 2, welcome_code="WC_other")) is None
    assert len(box.ledger.welcome_posts()) == posts
    assert (the_delivery(runtime).outcome, the_delivery(runtime).event_id) == ("unknown", 1)


def test_who_was_taken_over_does_not_come_back(
    runtime: Runtime, box: Sandbox, half: EventRecord
) -> None:
    first = greeting_of(half, 1, welcome_code="WC_wrong")
    try_once(runtime, first)
    try_once(runtime, greeting_of(half, 2, welcome_code="WC_wrong_too"))
    posts = len(box.ledger.welcome_posts())
    assert try_once(runtime, first) is None
    assert len(box.ledger.welcome_posts()) == posts


def test_an_add_without_a_code_leaves_the_first_ones_row_alone(
    runtime: Runtime, half: EventRecord, full: EventRecord
) -> None:
    try_once(runtime, greeting_of(half, 1))
    try_once(runtime, greeting_of(full, 2, welcome_code=""))
    assert the_delivery(runtime).outcome == "sent"


def test_a_code_after_one_event_had_none_is_used(runtime: Runtime, half: EventRecord) -> None:
    try_once(runtime, greeting_of(half, 1, welcome_code=""))
    assert the_delivery(runtime).outcome == "skipped"
    try_once(runtime, greeting_of(half, 2))
    assert the_delivery(runtime).outcome == "sent"


def test_after_ten_minutes_it_is_a_new_friendship(runtime: Runtime, box: Sandbox) -> None:
    first = box.people.customer_scans("zhaoyi")
    try_once(runtime, greeting_of(first, 1))
    _make_older(runtime, minutes=11)
    box.people.customer_deletes_member("zhaoyi", first.external_userid)
    again = box.people.customer_scans("zhaoyi", first.external_userid)
    try_once(runtime, greeting_of(again, 2, returning=True))
    keys = [row.dedupe_key for row in deliveries(runtime)]
    pair = f"welcome:zhaoyi:{first.external_userid}"
    assert keys == [f"{pair}:1", f"{pair}:2"]


def test_a_replay_after_ten_minutes_still_finds_its_row(
    runtime: Runtime, box: Sandbox, half: EventRecord
) -> None:
    try_once(runtime, greeting_of(half, 1))
    _make_older(runtime, minutes=60)
    try_once(runtime, greeting_of(half, 1))
    assert the_delivery(runtime).outcome == "sent"
    assert len(box.ledger.welcome_posts()) == 1


def test_of_many_workers_that_race_one_gets_the_turn(any_db: Database) -> None:
    results: list[object] = []
    barrier = threading.Barrier(6)

    def race(event_id: int) -> None:
        barrier.wait()
        try:
            results.append(_take(any_db, _greeting(event_id)))
        except Exception as error:  # noqa: BLE001 -- the kind is what is asked below
            results.append(type(error).__name__)

    threads = [threading.Thread(target=race, args=(n,)) for n in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(result, Turn) for result in results) == 1
    assert results.count("Later") == 5


def test_a_worker_that_lost_its_row_cannot_end_it(any_db: Database) -> None:
    first = _take(any_db, _greeting(1))
    assert isinstance(first, Turn)
    with any_db.write() as session:
        end_turn(session, _greeting(1), first, Verdict(outcome="failed", reason="refused"))
    second = _take(any_db, _greeting(2))
    assert isinstance(second, Turn)
    with any_db.write() as session:
        end_turn(session, _greeting(1), first, Verdict(outcome="failed", reason="refused"))
        end_turn(session, _greeting(2), second, Verdict(outcome="sent"))
    with any_db.read() as session:
        row = session.get_one(Delivery, second.delivery_id)
    assert (row.outcome, row.event_id) == ("sent", 2)


def _greeting(event_id: int) -> Greeting:
    return Greeting(
        event_id=event_id,
        userid="zhaoyi",
        external_userid="wmA",
        state="",
        welcome_code=f"WC_{event_id}",
        received_at=clock.utcnow(),
        create_time=None,
        stale=False,
        returning=False,
    )


def _take(db: Database, greeting: Greeting) -> Any:
    deadline = greeting.received_at + timedelta(seconds=18)
    with db.write() as session:
        return take_turn(session, greeting, verdict=None, version_id=1, deadline=deadline)


def _make_older(runtime: Runtime, *, minutes: float) -> None:
    with runtime.db.write() as session:
        for row in session.query(Delivery):
            row.created_at -= timedelta(minutes=minutes)

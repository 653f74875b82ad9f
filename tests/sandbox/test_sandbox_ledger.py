"""The ledger answers in sets, wakes those who wait, and can be read page by page."""

import threading
import time

import pytest

from app.sandbox.clock import Clock
from app.sandbox.ledger import Ledger
from app.sandbox.server import Sandbox


def test_waiting_ends_with_the_change_that_was_awaited() -> None:
    ledger = Ledger(Clock())
    timer = threading.Timer(0.05, ledger.act, ["something"])
    began = time.monotonic()
    timer.start()
    assert ledger.wait_for(lambda one: one.acts(), timeout=5)[0].name == "something"
    assert time.monotonic() - began < 2
    timer.join()


def test_waiting_in_vain_raises() -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        Ledger(Clock()).wait_for(lambda ledger: ledger.acts(), timeout=0.05)
    assert time.monotonic() - began < 2


def test_pages_follow_one_another_and_repeat_what_changed() -> None:
    ledger = Ledger(Clock())
    acts = [ledger.act(f"act {number}") for number in range(5)]
    first, following = ledger.page(0, limit=3)
    rest, end = ledger.page(following, limit=10)
    assert [*first, *rest] == acts
    ledger.change(acts[0], name="changed")
    assert ledger.page(end) == ([acts[0]], end + 1)


def test_an_event_without_a_receiver_is_unsent(box: Sandbox) -> None:
    event = box.people.customer_scans("zhaoyi")
    assert box.ledger.event_ids("unsent") == {event.event_id}


def test_events_are_found_by_what_they_say(box: Sandbox) -> None:
    event = box.people.customer_scans("zhaoyi", half=True)
    box.people.customer_scans("lisi")
    found = box.ledger.events(change_type="add_half_external_contact", userid="zhaoyi")
    assert found == [event]
    assert box.ledger.event(event.event_id) is event


def test_twins_of_one_second_stay_two(box: Sandbox) -> None:
    events = box.people.customers_scan(3, "zhaoyi", create_time=1700000000)
    assert {event.create_time for event in events} == {1700000000}
    assert len({event.welcome_code for event in events}) == 3

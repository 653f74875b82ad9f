"""The database is locked: three seconds nobody notices, thirty are answered with 503."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from app import clock
from tests.deployment import Deployment
from tests.faults import invariants


@contextmanager
def locked(shop: Deployment) -> Iterator[None]:
    """Hold SQLite's write lock from outside."""
    connection = sqlite3.connect(str(shop.db.url.database), timeout=10, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def test_locked_for_three_seconds_every_callback_is_200(shop: Deployment) -> None:
    with locked(shop):
        for number in range(10):
            shop.box.people.customer_scans("zhaoyi", name=f"客户{number}")
        threading.Event().wait(3)
    shop.box.delivery.wait_idle()
    assert [attempt.status for attempt in shop.box.ledger.attempts()] == [200] * 10
    invariants.check(shop)


def test_locked_for_thirty_seconds_callbacks_are_503_and_come_again(shop: Deployment) -> None:
    shop.box.delivery.retry_seconds = 1.0
    began = clock.monotonic()
    with locked(shop):
        early = [shop.box.people.customer_scans("zhaoyi", name=f"早{n}") for n in range(5)]
        shop.box.ledger.wait_for(lambda ledger: ledger.event_ids("given_up"), timeout=40)
        threading.Event().wait(max(0.0, 28 - (clock.monotonic() - began)))
        late = [shop.box.people.customer_scans("zhaoyi", name=f"晚{n}") for n in range(5)]
        shop.box.ledger.wait_for(
            lambda ledger: all(ledger.attempts(event.event_id) for event in late), timeout=10
        )
        threading.Event().wait(max(0.0, 30 - (clock.monotonic() - began)))
    shop.box.delivery.wait_idle()
    statuses = {a.status for e in early for a in shop.box.ledger.attempts(e.event_id)}
    assert statuses == {503}
    stored = {row.external_userid for row in shop.wait_worked()}
    assert {event.external_userid for event in late} <= stored
    given_up = shop.box.ledger.event_ids("given_up")
    assert given_up <= {event.event_id for event in early}
    invariants.check(shop)

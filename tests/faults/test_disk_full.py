"""No room on the disk: callbacks are 503 until there is some, and nobody restarts anything."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from tests.deployment import Deployment
from tests.faults import invariants

PARTS = ("web", "worker", "relay")


@contextmanager
def without_room(shop: Deployment) -> Iterator[None]:
    """Have no process of the tree be able to write a byte to a file, the log included."""
    tree = [process for part in PARTS for process in shop.children(part)]
    limit(tree, 0)
    try:
        yield
    finally:
        limit(tree, resource.RLIM_INFINITY)


def limit(tree: list[psutil.Process], size: int) -> None:
    for process in tree:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_with_no_room_callbacks_are_503_and_come_again(shop: Deployment) -> None:
    before = [process.pid for part in PARTS for process in shop.children(part)]
    first = shop.box.people.customer_scans("zhaoyi", name="赵先")
    shop.box.ledger.wait_for(
        lambda ledger: ledger.accepted_welcomes(external_userid=first.external_userid)
    )
    shop.box.delivery.retry_seconds = 2.0
    with without_room(shop):
        events = [shop.box.people.customer_scans("zhaoyi", name=f"客户{n}") for n in range(5)]
        shop.box.ledger.wait_for(
            lambda ledger: all(ledger.attempts(event.event_id) for event in events)
        )
    invariants.check(shop)
    tries = [shop.box.ledger.attempts(event.event_id) for event in events]
    assert [(one[0].status, one[-1].status) for one in tries] == [(503, 200)] * len(events)
    assert len(shop.box.ledger.welcome_counts()) == len(events) + 1
    assert [process.pid for part in PARTS for process in shop.children(part)] == before

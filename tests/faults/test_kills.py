"""Processes are killed with -9 at the worst moments: one welcome, and nothing lost."""

import random
import threading
from functools import partial

import pytest
from sqlalchemy import select

from app import clock
from app.customers.models import FollowUser
from app.sandbox.records import EventRecord
from tests.deployment import Deployment, wait_until
from tests.faults import invariants
from tests.soak import seeds

WELCOME = "externalcontact/send_welcome_msg"


def greeted(shop: Deployment, event: EventRecord, timeout: float = 18) -> int:
    """Wait until this customer is greeted; return how often."""

    def find(ledger: object) -> int:
        del ledger
        return len(shop.box.ledger.accepted_welcomes(external_userid=event.external_userid))

    return int(shop.box.ledger.wait_for(find, timeout=timeout))


def kill_workers(shop: Deployment) -> None:
    """Kill worker and relay together: whoever holds the claim is dead."""
    shop.kill("worker")
    shop.kill("relay")


def test_killed_after_the_claim_before_anything_was_asked(shop: Deployment) -> None:
    shop.box.revoke_tokens()
    hold = shop.box.faults.hold("gettoken", "before")
    event = shop.box.people.customer_scans("zhaoyi", name="钱多")
    hold.wait_reached(10)
    kill_workers(shop)
    hold.abandon()
    assert greeted(shop, event) == 1
    invariants.check(shop)


def test_killed_before_the_post_reached_wecom(shop: Deployment) -> None:
    hold = shop.box.faults.hold(WELCOME, "before")
    event = shop.box.people.customer_scans("zhaoyi", name="孙悦")
    hold.wait_reached(10)
    kill_workers(shop)
    hold.abandon()
    assert greeted(shop, event) == 1
    invariants.check(shop)


def test_killed_after_the_post_before_the_record(shop: Deployment) -> None:
    hold = shop.box.faults.hold(WELCOME, "after")
    event = shop.box.people.customer_scans("zhaoyi", name="李想")
    hold.wait_reached(10)
    kill_workers(shop)
    hold.abandon()
    assert greeted(shop, event) == 1
    invariants.check(shop)


def test_killed_between_two_reactions_the_rest_is_made_up_for(shop: Deployment) -> None:
    hold = shop.box.faults.hold("externalcontact/get", "before")
    event = shop.box.people.customer_scans("zhaoyi", name="周正")
    hold.wait_reached(10)
    kill_workers(shop)
    hold.abandon()
    shop.box.clock.move(120)
    (row,) = shop.wait_worked()
    assert (row.fate, len(row.ticked)) == ("done", 4)
    assert greeted(shop, event) == 1


def test_killed_while_one_reading_serves_many_edits_none_of_them_is_lost(shop: Deployment) -> None:
    customer = shop.box.people.customer_scans("zhaoyi", name="郑和").external_userid
    shop.wait_worked()
    hold = shop.box.faults.hold("externalcontact/get", "after")
    now = shop.box.clock.unix()
    for number in range(4):
        shop.box.people.member_edits_remark(
            "zhaoyi", customer, remark=f"备注{number}", create_time=now + number
        )
    hold.wait_reached(10)
    kill_workers(shop)
    hold.abandon()
    shop.box.clock.move(120)
    rows = shop.wait_worked()
    with shop.db.read() as session:
        remark = session.scalars(select(FollowUser.remark)).one()
    assert ([row.fate for row in rows], remark) == (["done"] * 5, "备注3")


@pytest.mark.parametrize("seed", seeds([1, 2]))
def test_killed_at_random_under_load_nothing_is_lost(shop: Deployment, seed: int) -> None:
    chance = random.Random(seed)
    # As long as WeCom itself keeps trying, or nearly: a web process needs a second to come back.
    shop.box.delivery.retry_seconds = 3.0
    for number in range(60):
        shop.box.people.customer_scans("zhaoyi", name=f"客户{number}")
        if number % 10 == 5:
            shop.kill(chance.choice(["web", "worker", "relay", "redis"]))
        threading.Event().wait(0.02)
    invariants.check(shop)
    assert len(shop.box.ledger.welcome_counts()) == 60


def successors(shop: Deployment, part: str, pids: set[int]) -> set[int]:
    """Return the processes of a part that are none of these."""
    return {process.pid for process in shop.children(part)} - pids


def test_what_was_killed_is_started_again(shop: Deployment) -> None:
    before = {part: {p.pid for p in shop.children(part)} for part in ("web", "worker", "relay")}
    for part in before:
        shop.kill(part)
    for part, pids in before.items():
        wait_until(partial(successors, shop, part, pids))
    shop.wait_ready()


def test_a_told_to_stop_tree_ends_and_leaves_no_lease(shop: Deployment) -> None:
    hold = shop.box.faults.hold("externalcontact/get", "before", times=10)
    shop.box.people.customer_scans("zhaoyi", name="吴越")
    hold.wait_reached(10)
    children = [p for part in ("web", "worker", "relay", "redis") for p in shop.children(part)]
    serve = shop.processes["serve"]
    serve.terminate()
    assert serve.wait(20) == 0
    hold.abandon()
    assert [p for p in children if p.is_running()] == []
    (row,) = shop.events()
    assert row.due_at is not None
    assert row.due_at <= clock.utcnow()


def test_a_killed_serve_leaves_no_process_behind(shop: Deployment) -> None:
    children = [p for part in ("web", "worker", "relay") for p in shop.children(part)]
    shop.processes["serve"].kill()
    shop.processes["serve"].wait()
    wait_until(lambda: not [p for p in children if p.is_running()], 15)
    shop.serve()

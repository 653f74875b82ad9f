"""Half-add, add, edit and delete of one customer, delivered in any order: the same end state."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.churn.models import Loss
from app.customers.queries import find_follow, find_stage_name, list_timeline
from tests.deployment import Deployment

# The greeting, the edit's re-read and the loss of every order must come out as in this one.
WANTED = {
    "remark": "王-南山店",
    "removed_by": "customer",
    "is_mutual": True,
    "stage": "新客户",
    "timeline": ["added", "added_half", "removed_by_customer"],
    "losses": ["customer"],
    "welcomes": 1,
}


def live_through(shop: Deployment, *, seed: int, copies: int) -> str:
    """Have it all happen while nothing is delivered, then deliver it shuffled."""
    people = shop.box.people
    shop.box.delivery.pause()
    shop.box.faults.callbacks.copies = copies
    try:
        event = people.customer_scans("zhaoyi", name="王女士", half=True)
        customer = event.external_userid
        people.member_adds_back("zhaoyi", customer)
        people.member_edits_remark("zhaoyi", customer, remark="王-南山店")
        people.customer_deletes_member("zhaoyi", customer)
    finally:
        shop.box.delivery.resume(shuffle_seed=seed)
        shop.box.delivery.wait_idle()
        shop.box.faults.reset_callbacks()
    shop.wait_worked()
    return customer


def end_state(shop: Deployment, customer: str) -> dict[str, Any]:
    with shop.db.read() as session:
        follow = find_follow(session, "zhaoyi", customer)
        losses = session.scalars(select(Loss.kind).where(Loss.external_userid == customer)).all()
        timeline = [entry.kind for entry in list_timeline(session, customer)]
        stage = find_stage_name(session, customer)
    assert follow is not None
    return {
        "remark": follow.remark,
        "removed_by": follow.removed_by,
        "is_mutual": follow.mutual_at is not None,
        "stage": stage,
        "timeline": sorted(timeline),
        "losses": losses,
        "welcomes": len(shop.box.ledger.accepted_welcomes(external_userid=customer)),
    }


@pytest.mark.timeout(300)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(seed=st.integers(0, 10_000), copies=st.integers(1, 3))
def test_every_order_ends_in_the_same_state(shop: Deployment, seed: int, copies: int) -> None:
    assert end_state(shop, live_through(shop, seed=seed, copies=copies)) == WANTED

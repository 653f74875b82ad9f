"""A clock that jumps ten minutes: nothing is lost, nobody is greeted twice or too late."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from app.customers.models import FollowUser
from app.db import Database
from app.deliveries.models import Delivery
from app.inbox.models import InboxEvent
from app.sandbox.server import Sandbox
from tests.callbacks.test_jobs import receive, work
from tests.deployment import Deployment
from tests.faults import invariants
from tests.faults.lives import running
from tests.faults.shop import configured

TEN_MINUTES = 600.0
WELCOME = "externalcontact/send_welcome_msg"
# Beyond 32 bits, and the hours in which summer time begins and ends (in New York).
TIMES = {
    "the last of 2038": datetime(2038, 1, 19, 3, 14, 7, tzinfo=UTC),
    "the first beyond": datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    "sixty years on": datetime(2086, 3, 1, tzinfo=UTC),
    "an hour that is left out": datetime(2026, 3, 8, 7, 30, tzinfo=UTC),
    "an hour that comes twice": datetime(2026, 11, 1, 6, 30, tzinfo=UTC),
}


@pytest.mark.parametrize("seconds", [TEN_MINUTES, -TEN_MINUTES])
def test_stepped_while_a_welcome_is_under_way(shop: Deployment, seconds: float) -> None:
    hold = shop.box.faults.hold(WELCOME, "before")
    event = shop.box.people.customer_scans("zhaoyi", name="钱多")
    hold.wait_reached(10)
    # Ours alone: WeCom's clock is right.
    shop.clock_file.write_text(f"{seconds}")
    hold.release()
    shop.box.ledger.wait_for(
        lambda ledger: ledger.accepted_welcomes(external_userid=event.external_userid)
    )
    shop.clock_file.write_text("0")
    later = shop.box.people.customer_scans("zhaoyi", name="孙悦")
    shop.box.ledger.wait_for(
        lambda ledger: ledger.accepted_welcomes(external_userid=later.external_userid)
    )
    # What was put off by a clock that was ahead waits until ours is there.
    shop.box.clock.move(TEN_MINUTES)
    invariants.check(shop)


def test_times_of_any_year_and_hour_are_stored_and_worked(
    tmp_path: Path, any_db: Database, box: Sandbox
) -> None:
    url = any_db.url.render_as_string(hide_password=False)
    with configured(tmp_path, url, box) as config, running(config) as runtime:
        for number, at in enumerate(TIMES.values()):
            fields = {"ExternalUserID": f"wm{number}", "CreateTime": f"{at.timestamp():.0f}"}
            receive(runtime, lane="urgent", **fields)
        work(runtime)
        work(runtime)
        with runtime.db.read() as session:
            events = select(InboxEvent.create_time).order_by(InboxEvent.id)
            follows = select(FollowUser.added_at).order_by(FollowUser.external_userid)
            assert list(session.scalars(events)) == list(TIMES.values())
            assert list(session.scalars(follows)) == list(TIMES.values())
            assert set(session.scalars(select(Delivery.reason))) == {"stale_event"}

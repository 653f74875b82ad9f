"""A night with quiet hours, lived through by real processes: all of it is told at eight."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from app.deliveries.models import Delivery
from tests.deployment import Deployment, deployed, wait_until

ZONE = ZoneInfo("Asia/Shanghai")
MANY = 24


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Deployment]:
    """Give a served deployment at eleven in the evening."""
    alerts = {"admins": ["qianer"], "grace_seconds": 0, "quiet_hours": "22:00-08:00"}
    with deployed(tmp_path, alerts=alerts) as deployment:
        deployment.greet_with("您好")
        go_to(deployment, 23)
        yield deployment


def go_to(shop: Deployment, hour: int) -> None:
    """Let time pass until this hour strikes next where the corp is."""
    now = datetime.fromtimestamp(shop.box.clock.time(), UTC).astimezone(ZONE)
    strikes = now.replace(hour=hour, minute=0, second=1, microsecond=0)
    shop.box.clock.move(((strikes - now) % timedelta(days=1)).total_seconds())


def put_off(shop: Deployment) -> int:
    """Count the messages that wait for the morning, none of them claimed."""
    with shop.db.read() as session:
        waiting = select(func.count()).where(
            Delivery.kind == "loss", Delivery.due_at.is_not(None), Delivery.claimed_by.is_(None)
        )
        return session.scalar(waiting) or 0


def titles(shop: Deployment, userid: str) -> list[str]:
    rows = shop.box.ledger.messages(userid)
    return [row.body["template_card"]["main_title"]["title"] for row in rows]


def test_a_nights_losses_are_one_digest_in_the_morning(night: Deployment) -> None:
    events = night.box.people.customers_scan(MANY, "lisi")
    night.box.delivery.wait_idle()
    night.wait_worked()
    for event in events:
        night.box.people.customer_deletes_member("lisi", event.external_userid)
    night.box.delivery.wait_idle()
    night.wait_worked()
    # One to the member and one to the admin, for each of them.
    wait_until(lambda: put_off(night) == 2 * MANY)
    assert (titles(night, "lisi"), titles(night, "qianer")) == ([], [])
    go_to(night, 8)

    def is_told(ledger: Any) -> bool:
        return bool(ledger.messages("lisi")) and len(ledger.messages("qianer")) >= 2

    night.box.ledger.wait_for(is_told, timeout=20)
    assert titles(night, "lisi") == [f"{MANY} 位客户流失"]
    assert sorted(titles(night, "qianer")) == [f"{MANY} 位客户流失", "客户集中流失"]

"""Quiet hours hold alerts back, and end at the minute that they say: all that waited comes then."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app import clock
from app.alerting.queries import quiet_until
from app.deliveries.models import Delivery
from tests.churn.shop import Shop

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        ("22:00-08:00", "2026-03-01 23:30", "2026-03-02 08:00"),
        ("22:00-08:00", "2026-03-01 03:00", "2026-03-01 08:00"),
        ("22:00-08:00", "2026-03-01 08:00", None),
        ("22:00-08:00", "2026-03-01 21:59", None),
        ("12:00-14:00", "2026-03-01 13:00", "2026-03-01 14:00"),
        ("12:00-14:00", "2026-03-01 14:00", None),
        (None, "2026-03-01 13:00", None),
    ],
)
def test_quiet_hours_end_when_they_say(hours: str | None, now: str, until: str | None) -> None:
    def at(text: str) -> datetime:
        return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=ZONE)

    found = quiet_until(at(now).astimezone(UTC), hours, ZONE)
    assert found == (at(until) if until else None)


class TestNight:
    """With quiet hours at night, and a clock that is moved into and through them."""

    @pytest.fixture
    def alerts(self) -> dict[str, Any]:
        return {"grace_seconds": 20, "quiet_hours": "22:00-08:00", "admins": ["qianer"]}

    @pytest.fixture
    def night(self, many: Shop) -> Shop:
        """Give the shop at eleven in the evening."""
        many.wait(seconds_until(23))
        return many

    def test_what_happens_at_night_is_told_at_eight(self, night: Shop) -> None:
        night.lose("wm1")
        night.wait(30)
        night.send()
        assert (night.titles("lisi"), night.titles("qianer")) == ([], [])
        assert due_times(night) == {"08:00:00"}
        night.wait(seconds_until(8) - 1)
        night.send()
        assert night.titles("lisi") == []
        night.wait(1)
        night.send()
        assert night.titles("lisi") == ["客户删除了你"]
        assert night.titles("qianer") == ["客户删除了员工"]

    def test_what_many_nights_losses_come_to_is_one_digest_at_eight(self, night: Shop) -> None:
        for number in range(30):
            night.lose(f"wm{number}")
            if number % 10 == 9:
                night.wait(300)
                night.send()
        assert due_times(night) == {"08:00:00"}
        night.wait(seconds_until(8))
        night.send()
        assert night.titles("lisi") == ["30 位客户流失"]
        assert sorted(night.titles("qianer")) == ["30 位客户流失", "客户集中流失"]
        assert {row.tried_at for row in night.deliveries() if row.reason == "digest"} != {None}

    def test_who_is_back_before_eight_is_in_no_digest(self, night: Shop) -> None:
        for number in range(25):
            night.lose(f"wm{number}")
        night.wait(3600)
        for number in range(3):
            night.come_back(f"wm{number}")
        night.wait(seconds_until(8))
        night.send()
        assert night.titles("lisi") == ["22 位客户流失"]


def seconds_until(hour: int) -> float:
    """Return how long it is until this hour strikes next where the corp is."""
    now = clock.utcnow().astimezone(ZONE)
    strikes = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    return ((strikes - now) % timedelta(days=1)).total_seconds()


def due_times(shop: Shop) -> set[str]:
    """Return at which times of the day what waits is to be sent."""
    with shop.runtime.db.read() as session:
        times = session.scalars(select(Delivery.due_at).where(Delivery.due_at.is_not(None)))
        return {f"{at.astimezone(ZONE):%H:%M:%S}" for at in times if at}

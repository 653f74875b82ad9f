"""Alerts of losses: who hears of what, once, late enough, and never more than WeCom delivers."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from app import clock
from app.churn.actions import record_alerts, record_losses
from app.claims import claim_due
from app.customers.actions import Change, put_into_first_stage, record_change
from app.db import Database
from app.deliveries.actions import record_intent
from app.deliveries.models import Delivery
from app.members.jobs import sync_members
from app.messages import work_message
from app.pacing import quiet_until
from app.runtime import Runtime, build_runtime
from app.sandbox.server import Sandbox, SandboxServer
from tests.settings import make_config

ZONE = ZoneInfo("Asia/Shanghai")


@dataclass
class Shop:
    """A sandbox, a runtime beside it, and the verbs of these tests."""

    box: Sandbox
    runtime: Runtime

    def lose(self, external_userid: str, *, userid: str = "lisi", kind: str = "customer") -> None:
        """Have a customer come three days ago, and go now."""
        now = clock.utcnow()
        with self.runtime.db.write() as session:
            for what, at in (("add", now - timedelta(days=3)), (kind, now)):
                record_change(
                    session,
                    Change(userid=userid, external_userid=external_userid, kind=what, at=at),
                )
            put_into_first_stage(session, external_userid)
            losses = record_losses(session, userid, external_userid)
            record_alerts(session, losses, self.runtime.config.alerts)

    def come_back(self, external_userid: str) -> None:
        again = Change(
            userid="lisi", external_userid=external_userid, kind="add", at=clock.utcnow()
        )
        with self.runtime.db.write() as session:
            record_change(session, again)
            record_losses(session, "lisi", external_userid)

    def send(self) -> list[datetime | None]:
        """Work everything that is due, as the lane does."""
        with self.runtime.db.write() as session:
            claims = claim_due(session, Delivery, limit=500, lease=60)
        return [work_message(self.runtime, claim) for claim in claims]

    def cards(self, userid: str = "lisi") -> list[dict[str, Any]]:
        return [row.body["template_card"] for row in self.box.ledger.messages(userid)]

    def titles(self, userid: str = "lisi") -> list[str]:
        return [card["main_title"]["title"] for card in self.cards(userid)]

    def outcomes(self) -> list[tuple[str | None, str]]:
        with self.runtime.db.read() as session:
            return [(d.outcome, d.reason) for d in session.query(Delivery).order_by(Delivery.id)]


@pytest.fixture
def alerts() -> dict[str, Any]:
    """Give the configuration of alerts; a test may change it before it asks for the shop."""
    return {"grace_seconds": 0}


@pytest.fixture
def shop(tmp_path: Path, db: Database, alerts: dict[str, Any]) -> Iterator[Shop]:
    with standing(tmp_path, db, alerts) as shop:
        yield shop


@pytest.fixture
def many(tmp_path: Path, any_db: Database, alerts: dict[str, Any]) -> Iterator[Shop]:
    """Give a shop on every kind of database."""
    with standing(tmp_path, any_db, alerts) as shop:
        yield shop


@contextmanager
def standing(tmp_path: Path, db: Database, alerts: dict[str, Any]) -> Iterator[Shop]:
    """Let a sandbox stand beside a runtime."""
    box = Sandbox(tmp_path / "clock", seed=True)
    clock.follow(tmp_path / "clock")
    with SandboxServer(box) as address:
        wecom = {"api_base": address, "secret": box.secret}
        config = make_config(
            tmp_path,
            database={"url": db.url.render_as_string(hide_password=False)},
            wecom=wecom,
            alerts=alerts,
        )
        runtime = build_runtime(config)
        sync_members(runtime)
        yield Shop(box, runtime)
        runtime.db.close()
    box.close()
    clock.follow(None)


def test_the_member_hears_once(shop: Shop) -> None:
    shop.lose("wm1")
    shop.send()
    shop.send()
    assert shop.titles() == ["客户删除了你"]


def test_the_card_tells_stage_and_days(shop: Shop) -> None:
    shop.lose("wm1")
    shop.send()
    (card,) = shop.cards()
    rows = {row["keyname"]: row["value"] for row in card["horizontal_content_list"]}
    assert (rows["阶段"], rows["认识"]) == ("新客户", "3 天")


def test_a_transfer_tells_nobody(shop: Shop) -> None:
    shop.lose("wm1", kind="transfer")
    shop.send()
    assert shop.outcomes() == []


def test_a_member_who_left_is_stood_in_for_by_his_manager(shop: Shop) -> None:
    shop.box.people.member_leaves("lisi")
    sync_members(shop.runtime)
    shop.lose("wm1")
    shop.send()
    assert shop.titles("sunsan") == ["客户删除了员工"]


def test_an_old_loss_is_no_news(shop: Shop) -> None:
    at = clock.utcnow() - timedelta(hours=49)
    with shop.runtime.db.write() as session:
        for what, when in (("add", at - timedelta(days=1)), ("customer", at)):
            record_change(session, Change(userid="lisi", external_userid="wm1", kind=what, at=when))
        record_alerts(session, record_losses(session, "lisi", "wm1"), shop.runtime.config.alerts)
    assert shop.outcomes() == []


class TestGrace:
    """With a grace of a minute."""

    @pytest.fixture
    def alerts(self) -> dict[str, Any]:
        return {"grace_seconds": 60}

    def test_nobody_hears_before_it_is_over(self, shop: Shop) -> None:
        shop.lose("wm1")
        shop.send()
        assert shop.titles() == []

    def test_the_member_hears_when_it_is_over(self, shop: Shop) -> None:
        shop.lose("wm1")
        shop.box.clock.move(61)
        clock.follow(shop.box.clock.file)
        shop.send()
        assert shop.titles() == ["客户删除了你"]

    def test_who_is_back_within_it_was_not_lost(self, shop: Shop) -> None:
        shop.lose("wm1")
        shop.box.clock.move(61)
        clock.follow(shop.box.clock.file)
        shop.come_back("wm1")
        shop.send()
        assert (shop.titles(), shop.outcomes()) == ([], [("cancelled", "returned")])


def test_up_to_twenty_a_minute_come_one_by_one(shop: Shop) -> None:
    for number in range(20):
        shop.lose(f"wm{number}")
    shop.send()
    assert shop.titles() == ["客户删除了你"] * 20


def test_more_become_one_digest_that_counts_them(shop: Shop) -> None:
    for number in range(25):
        shop.lose(f"wm{number}")
    shop.send()
    assert shop.titles() == ["25 位客户流失"]


def test_a_second_digest_waits_for_the_next_minute(shop: Shop) -> None:
    for round_ in ("a", "b"):
        for number in range(25):
            shop.lose(f"wm{round_}{number}")
        again = shop.send()
    soonest = min(at for at in again if at is not None)
    assert soonest > clock.utcnow() + timedelta(seconds=30)
    shop.box.clock.move(61)
    clock.follow(shop.box.clock.file)
    shop.send()
    assert shop.titles() == ["25 位客户流失", "25 位客户流失"]


def test_nothing_is_ever_dropped_by_wecom(shop: Shop) -> None:
    for number in range(80):
        shop.lose(f"wm{number}")
        if number % 7 == 0:
            shop.send()
    shop.send()
    assert shop.box.ledger.messages("lisi", outcome="dropped") == []


def test_missed_welcomes_share_the_minute_and_become_a_digest(shop: Shop) -> None:
    with shop.runtime.db.write() as session:
        for number in range(60):
            record_intent(
                session,
                kind="welcome_missed",
                dedupe_key=f"welcome_missed:{number}",
                recipient="lisi",
                userid="lisi",
                external_userid=f"wm{number}",
                due_at=clock.utcnow(),
            )
    shop.send()
    assert shop.titles() == ["60 位客户没有收到欢迎语"]


def test_admins_are_known_by_any_spelling(shop: Shop) -> None:
    config = shop.runtime.config.alerts.model_copy(update={"admins": ("LiSi",)})
    now = clock.utcnow()
    with shop.runtime.db.write() as session:
        for what, at in (("add", now - timedelta(days=1)), ("customer", now)):
            record_change(session, Change(userid="lisi", external_userid="wm1", kind=what, at=at))
        record_alerts(session, record_losses(session, "lisi", "wm1"), config)
    shop.send()
    assert len(shop.titles()) == 1


def test_a_message_never_goes_to_everybody(shop: Shop) -> None:
    shop.lose("wm1", userid="@all")
    for _ in range(8):
        shop.send()
        shop.box.clock.move(4000)
        clock.follow(shop.box.clock.file)
    assert shop.box.ledger.messages() == []
    assert shop.outcomes() == [("failed", "broken")]


def test_what_wecom_will_never_take_is_not_tried_again(shop: Shop) -> None:
    shop.box.faults.errcode("message/send", 81013, times=None)
    shop.lose("wm1")
    assert shop.send() == [None]
    assert shop.outcomes() == [("failed", "receiver_gone")]


def test_a_message_that_cannot_be_built_comes_to_an_end(shop: Shop) -> None:
    shop.lose("wm1")
    with shop.runtime.db.write() as session:
        session.execute(update(Delivery).values(ref="no number"))
    for _ in range(10):
        shop.send()
        shop.box.clock.move(4000)
        clock.follow(shop.box.clock.file)
    assert shop.outcomes() == [("failed", "broken")]


def test_many_workers_make_one_digest(many: Shop) -> None:
    for number in range(40):
        many.lose(f"wm{number}")
    with many.runtime.db.write() as session:
        claims = claim_due(session, Delivery, limit=500, lease=60)
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda claim: work_message(many.runtime, claim), claims))
    assert many.titles() == ["40 位客户流失"]


def test_a_message_that_wecom_refuses_is_tried_again_and_then_failed(shop: Shop) -> None:
    shop.box.faults.errcode("message/send", -1, times=None)
    shop.lose("wm1")
    tries = 0
    while shop.send() and tries < 20:
        tries += 1
        shop.box.clock.move(4000)
        clock.follow(shop.box.clock.file)
    assert (tries, shop.outcomes()) == (6, [("failed", "refused")])


def test_a_message_whose_answer_was_lost_is_delivered_once(shop: Shop) -> None:
    shop.box.faults.drop_reply("message/send", times=1)
    shop.lose("wm1")
    shop.send()
    shop.box.clock.move(5)
    clock.follow(shop.box.clock.file)
    shop.send()
    assert len(shop.titles()) == 1
    assert shop.outcomes() == [("sent", "")]


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


class TestQuietHours:
    """With quiet hours that hold all day but for a minute."""

    @pytest.fixture
    def alerts(self) -> dict[str, Any]:
        return {"grace_seconds": 0, "quiet_hours": "00:01-00:00"}

    def test_alerts_wait(self, shop: Shop) -> None:
        shop.lose("wm1")
        (again_at,) = shop.send()
        assert (shop.titles(), again_at is not None) == ([], True)

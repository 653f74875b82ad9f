"""Alerts of losses: who hears of what, once, late enough, and never more than WeCom delivers."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from app import clock
from app.churn.actions import record_alerts, record_losses
from app.claims import claim_due
from app.customers.actions import Change, record_change
from app.deliveries.actions import record_intent
from app.deliveries.models import Delivery
from app.members.jobs import sync_members
from app.messages import work_message
from tests.churn.shop import Shop
from tests.statements import counted

ZONE = ZoneInfo("Asia/Shanghai")


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
        shop.wait(61)
        shop.send()
        assert shop.titles() == ["客户删除了你"]

    def test_who_is_back_within_it_was_not_lost(self, shop: Shop) -> None:
        shop.lose("wm1")
        shop.wait(61)
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
    shop.wait(61)
    shop.send()
    assert shop.titles() == ["25 位客户流失", "25 位客户流失"]


def test_nothing_is_ever_dropped_by_wecom(shop: Shop) -> None:
    for number in range(80):
        shop.lose(f"wm{number}")
        if number % 7 == 0:
            shop.send()
    shop.send()
    assert shop.box.ledger.messages("lisi", outcome="dropped") == []


def miss(shop: Shop, numbers: range) -> None:
    """Have a member to be told of so many customers who got no welcome."""
    with shop.runtime.db.write() as session:
        for number in numbers:
            record_intent(
                session,
                kind="welcome_missed",
                dedupe_key=f"welcome_missed:{number}",
                recipient="lisi",
                userid="lisi",
                external_userid=f"wm{number}",
                due_at=clock.utcnow(),
            )


def test_missed_welcomes_share_the_minute_and_become_a_digest(shop: Shop) -> None:
    miss(shop, range(60))
    shop.send()
    assert shop.titles() == ["60 位客户没有收到欢迎语"]


def test_who_is_in_a_digest_is_told_of_by_it(shop: Shop) -> None:
    miss(shop, range(25))
    shop.send()
    with shop.runtime.db.read() as session:
        (digest, *others) = session.scalars(select(Delivery).order_by(Delivery.id)).all()
    assert (digest.outcome, digest.reason, digest.detail) == ("sent", "digest", {"count": 25})
    ends = [(one.outcome, one.reason, one.detail) for one in others]
    assert ends == [("cancelled", "in_digest", {"digest": digest.id})] * 24


def test_a_digest_of_many_is_written_in_as_many_statements_as_one_of_few(shop: Shop) -> None:
    counts = []
    for numbers in (range(30), range(100, 200)):
        miss(shop, numbers)
        with shop.runtime.db.write() as session:
            (claim,) = claim_due(session, Delivery, limit=1, lease=60)
        with counted(shop.runtime.db) as statements:
            work_message(shop.runtime, claim)
        counts.append(len(statements))
        shop.wait(61)
    assert counts[0] == counts[1]


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
        shop.wait(4000)
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
        shop.wait(4000)
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
        shop.wait(4000)
    assert (tries, shop.outcomes()) == (6, [("failed", "refused")])


def test_a_message_whose_answer_was_lost_is_delivered_once(shop: Shop) -> None:
    shop.box.faults.drop_reply("message/send", times=1)
    shop.lose("wm1")
    shop.send()
    shop.wait(5)
    shop.send()
    assert len(shop.titles()) == 1
    assert shop.outcomes() == [("sent", "")]


class TestMassLoss:
    """With an admin, and more than ten an hour being too many."""

    @pytest.fixture
    def alerts(self) -> dict[str, Any]:
        return {"grace_seconds": 0, "admins": ["qianer"]}

    def test_the_admins_hear_of_it_once_and_how_many_there_were(self, shop: Shop) -> None:
        for number in range(12):
            shop.lose(f"wm{number}", kind="member")
        shop.send()
        [card] = [card for card in shop.cards("qianer") if "集中" in card["main_title"]["title"]]
        assert card["main_title"]["desc"] == (
            "李思远 在 60 分钟内删除或失去了 12 位客户，请尽快核实"
        )
        assert card["card_action"]["url"].partition("#")[0].endswith("/admin/losses")
        for number in range(12, 24):
            shop.lose(f"wm{number}", kind="member")
        shop.wait(61)
        shop.send()
        assert shop.titles("qianer").count("客户集中流失") == 1
        assert "客户集中流失" not in shop.titles("lisi")

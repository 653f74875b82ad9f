"""A delivery is one row whatever races for it, ends once, and its end is worded for people."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.db import Database
from app.deliveries.actions import record_intent, record_outcome
from app.deliveries.models import Delivery
from app.deliveries.queries import (
    REASONS,
    count_outcomes,
    count_waiting,
    find_latest,
    list_of_customer,
    word_outcome,
)
from app.wecom.codes import CALLABLE_PAGE


def _intent(db: Database, key: str = "alert:1") -> Delivery | None:
    with db.write() as session:
        return record_intent(
            session, kind="alert", dedupe_key=key, recipient="zhaoyi", external_userid="wmA"
        )


def _opened(db: Database, key: str = "alert:1") -> Delivery:
    delivery = _intent(db, key)
    assert delivery is not None
    return delivery


def _intent_of(session: Session, key: str) -> Delivery:
    return session.scalars(select(Delivery).where(Delivery.dedupe_key == key)).one()


def test_a_key_is_used_once(any_db: Database) -> None:
    assert _intent(any_db) is not None
    assert _intent(any_db) is None


def test_a_taken_key_leaves_the_rest_of_the_transaction_alone(any_db: Database) -> None:
    _opened(any_db)
    with any_db.write() as session:
        record_intent(session, kind="alert", dedupe_key="before", recipient="zhaoyi")
        assert record_intent(session, kind="alert", dedupe_key="alert:1", recipient="x") is None
        record_intent(session, kind="alert", dedupe_key="after", recipient="zhaoyi")
    with any_db.read() as session:
        keys = {row.dedupe_key for row in session.query(Delivery)}
    assert keys == {"alert:1", "before", "after"}


def test_of_many_who_race_for_a_key_one_wins(any_db: Database) -> None:
    won: list[Delivery | None] = []
    threads = [threading.Thread(target=lambda: won.append(_intent(any_db))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(delivery is not None for delivery in won) == 1


def test_an_outcome_is_written_once(db: Database) -> None:
    delivery = _opened(db)
    with db.write() as session:
        assert record_outcome(session, delivery.id, outcome="sent", took_ms=412)
        assert not record_outcome(session, delivery.id, outcome="failed", reason="refused")
    with db.read() as session:
        row = session.get_one(Delivery, delivery.id)
    assert (row.outcome, row.reason, row.took_ms, row.due_at) == ("sent", "", 412, None)
    assert row.sent_at is not None


def test_another_events_row_is_left_alone(db: Database) -> None:
    delivery = _opened(db)
    with db.write() as session:
        assert not record_outcome(session, delivery.id, outcome="sent", event_id=99)


def test_an_outcome_keeps_the_payload_unless_told(db: Database) -> None:
    with db.write() as session:
        delivery = record_intent(
            session, kind="alert", dedupe_key="k", recipient="zhaoyi", payload=b"sealed"
        )
        assert delivery is not None
        record_outcome(session, delivery.id, outcome="sent")
    with db.read() as session:
        assert session.get_one(Delivery, delivery.id).payload == b"sealed"


def test_an_outcome_may_take_the_payload_away(db: Database) -> None:
    with db.write() as session:
        delivery = record_intent(
            session, kind="alert", dedupe_key="k", recipient="zhaoyi", payload=b"sealed"
        )
        assert delivery is not None
        record_outcome(session, delivery.id, outcome="sent", payload=None)
    with db.read() as session:
        assert session.get_one(Delivery, delivery.id).payload is None


def test_an_outcome_nobody_knows_is_refused(db: Database) -> None:
    delivery = _opened(db)
    with db.write() as session, pytest.raises(ValueError, match="no such outcome"):
        record_outcome(session, delivery.id, outcome="perhaps")


def test_what_is_wanted_later_waits_only_from_then_on_and_whoever_claims_it(
    any_db: Database,
) -> None:
    now = clock.utcnow()
    with any_db.write() as session:
        for key, days in (("today", 0), ("tomorrow", 1)):
            at = now + timedelta(days=days)
            record_intent(
                session,
                kind="reminder",
                dedupe_key=key,
                recipient="zhaoyi",
                due_at=at,
                wanted_at=at,
            )
        # A claim moves it to the end of its lease.
        _intent_of(session, "today").due_at = now + timedelta(minutes=1)
    with any_db.read() as session:
        counts = [count_waiting(session, until=now + timedelta(days=d)) for d in (-1, 0, 1)]
    assert counts == [0, 1, 2]


def test_the_queries_find_the_newest_and_count(db: Database) -> None:
    _opened(db, "a")
    newest = _opened(db, "b")
    with db.write() as session:
        record_outcome(session, newest.id, outcome="skipped", reason="paused")
        found = find_latest(session, kind="alert", userid="", external_userid="wmA")
        assert found is not None
        assert found.dedupe_key == "b"
        assert [row.dedupe_key for row in list_of_customer(session, "wmA")] == ["b", "a"]
        counts = count_outcomes(session, kind="alert", since=clock.utcnow() - timedelta(hours=1))
    assert counts == {("", ""): 1, ("skipped", "paused"): 1}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (Delivery(outcome=None, reason="", detail={}), "正在发送"),
        (Delivery(outcome="sent", reason="", took_ms=412, detail={}), "0.4 秒送达"),
        (
            Delivery(outcome="sent", reason="attachments_dropped", took_ms=1449, detail={}),
            "1.4 秒送达（部分附件没有发出）",
        ),
        (
            Delivery(outcome="sent", reason="", took_ms=5000, detail={"certain": False}),
            "已送达（企业微信没有及时回答，从再次发送时的回答得知）",
        ),
        (
            Delivery(outcome="skipped", reason="no_code_console", detail={}),
            "未发送：企业微信后台已配置欢迎语，或双方已开始聊天",
        ),
        (
            Delivery(outcome="failed", reason="permission", detail={"errcode": 48002}),
            f"未发送：本应用不在客户联系的“可调用接口的应用”里。请打开：{CALLABLE_PAGE}",
        ),
        (
            Delivery(outcome="failed", reason="refused", detail={"errcode": 99999}),
            "未发送：企业微信拒绝了这次请求（错误码 99999）",
        ),
        (
            Delivery(outcome="unknown", reason="unanswered", detail={}),
            "不能确定是否送达：企业微信没有及时回答",
        ),
    ],
)
def test_an_end_is_said_plainly(row: Delivery, words: str) -> None:
    assert word_outcome(row) == words


def test_every_reason_is_a_phrase_that_can_follow_a_colon() -> None:
    assert all(words and words[-1] not in "。.：" for words in REASONS.values())

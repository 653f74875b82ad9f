"""After a restore nobody knows who was greeted since the backup: no second code is used.

WeCom gives a half-add and the add that follows it a code each while no welcome was sent.
"""

from datetime import datetime, timedelta
from typing import Any

import pytest

from app import clock
from app.deliveries.queries import word_outcome
from app.messages import KINDS
from app.runtime import Runtime
from app.sandbox.records import EventRecord
from app.sandbox.server import Sandbox
from app.schedule_runs import RESTORE, ScheduleRun
from app.welcome.actions import Greeting
from tests.welcome.world import (
    EVERYWHERE,
    add_script,
    deliveries,
    greeting_of,
    the_delivery,
    try_once,
)

GET = "externalcontact/get"
SOON = timedelta(seconds=2)


@pytest.fixture(autouse=True)
def _script(runtime: Runtime) -> None:
    with runtime.db.write() as session:
        add_script(session, "默认", EVERYWHERE)


@pytest.fixture
def full(box: Sandbox) -> EventRecord:
    """Have a friendship become whole that began before."""
    half = box.people.customer_scans("zhaoyi", half=True)
    return box.people.member_adds_back("zhaoyi", half.external_userid)


def restored(runtime: Runtime, at: datetime) -> None:
    with runtime.db.write() as session:
        session.merge(ScheduleRun(name=RESTORE, started_at=at, fault=""))


def later(event: EventRecord, **changes: Any) -> Greeting:
    """Greet somebody whose event came soon after a restore of a moment ago."""
    return greeting_of(event, create_time=clock.utcnow() + SOON, **changes)


def test_who_may_have_been_greeted_before_is_not_greeted_again(
    runtime: Runtime, box: Sandbox, full: EventRecord
) -> None:
    restored(runtime, clock.utcnow() + SOON / 2)
    assert try_once(runtime, later(full)) is None
    assert box.ledger.welcome_posts() == []
    said = word_outcome(the_delivery(runtime))
    assert said.startswith("不能确定是否送达：数据库刚从备份恢复")


def test_the_member_hears_that_nobody_knows(runtime: Runtime, full: EventRecord) -> None:
    restored(runtime, clock.utcnow() + SOON / 2)
    try_once(runtime, later(full))
    (told,) = deliveries(runtime, "welcome_missed")
    with runtime.db.read() as session:
        card = KINDS["welcome_missed"].build(runtime, session, told)
        digest = KINDS["welcome_missed"].build_digest(runtime, session, [told])
    assert card.title == "不能确定客户有没有收到欢迎语"
    assert digest.title == "1 位客户可能没有收到欢迎语"


def test_who_came_after_the_restore_is_greeted(runtime: Runtime, box: Sandbox) -> None:
    restored(runtime, clock.utcnow() - timedelta(minutes=1))
    event = box.people.customer_scans("zhaoyi")
    try_once(runtime, later(event))
    assert len(box.ledger.accepted_welcomes(external_userid=event.external_userid)) == 1


def test_the_first_event_of_a_friendship_is_greeted_without_asking(
    runtime: Runtime, box: Sandbox
) -> None:
    restored(runtime, clock.utcnow() - timedelta(minutes=1))
    event = box.people.customer_scans("zhaoyi", half=True)
    try_once(runtime, later(event, is_first=True))
    assert the_delivery(runtime).outcome == "sent"
    assert box.ledger.calls(GET) == []


def test_where_wecom_does_not_say_nobody_is_greeted(runtime: Runtime, box: Sandbox) -> None:
    restored(runtime, clock.utcnow() - timedelta(minutes=1))
    box.faults.errcode(GET, 40096)
    try_once(runtime, later(box.people.customer_scans("zhaoyi")))
    assert (the_delivery(runtime).outcome, box.ledger.welcome_posts()) == ("unknown", [])


def test_ten_minutes_later_wecom_is_not_asked_any_more(
    runtime: Runtime, box: Sandbox, full: EventRecord
) -> None:
    restored(runtime, clock.utcnow() - timedelta(minutes=11))
    try_once(runtime, later(full))
    assert the_delivery(runtime).outcome == "sent"
    assert box.ledger.calls(GET) == []

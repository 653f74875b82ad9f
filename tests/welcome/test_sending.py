"""A new customer is greeted once and in time, with the right words, and the outcome is a row."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app import clock
from app.customers.models import Customer
from app.runtime import Runtime
from app.sandbox.server import Sandbox
from app.welcome.actions import Rule, pause, resume
from app.welcome.actions.intents import build_deadline
from tests.welcome.world import (
    EVERYWHERE,
    add_departments,
    add_member,
    add_script,
    deliveries,
    greeting_of,
    the_delivery,
    try_once,
    try_until_ended,
)


def _add_default(runtime: Runtime, content: str = "您好", **more: str) -> None:
    with runtime.db.write() as session:
        add_script(session, "默认", EVERYWHERE, content=content, **more)


def test_a_customer_is_greeted_and_the_row_says_how_fast(runtime: Runtime, box: Sandbox) -> None:
    _add_default(runtime)
    event = box.people.customer_scans("zhaoyi", name="王女士")
    assert try_once(runtime, greeting_of(event)) is None
    (welcome,) = box.ledger.accepted_welcomes(external_userid=event.external_userid)
    row = the_delivery(runtime)
    assert welcome.text == "您好"
    assert (row.outcome, row.reason, row.attempts) == ("sent", "", 1)
    assert row.took_ms is not None
    assert row.took_ms < 5000
    assert row.ref == str(row.detail["version"])
    assert deliveries(runtime, "welcome_missed") == []


def test_the_same_event_again_sends_nothing(runtime: Runtime, box: Sandbox) -> None:
    _add_default(runtime)
    greeting = greeting_of(box.people.customer_scans("zhaoyi"))
    try_once(runtime, greeting)
    try_once(runtime, greeting)
    assert len(box.ledger.welcome_posts()) == 1
    assert the_delivery(runtime).outcome == "sent"


def test_the_text_is_filled(runtime: Runtime, box: Sandbox) -> None:
    _add_default(
        runtime,
        "{{客户昵称}}/{{员工姓名}}/{{员工别名}}/{{部门}}/{{企业名称}}/{{渠道}}/{{添加时间}}",
    )
    with runtime.db.write() as session:
        add_departments(session, [(1, "示例企业", 0), (3, "华南门店", 1)])
        add_member(session, "zhaoyi", 3)
    event = box.people.customer_scans("zhaoyi", state="store-12", name="王{{部门}}\n女士")
    added_at = datetime(2026, 1, 2, 15, 30, tzinfo=UTC)
    try_once(runtime, greeting_of(event, received_at=clock.utcnow(), create_time=added_at))
    (row,) = deliveries(runtime)
    (welcome,) = box.ledger.accepted_welcomes()
    assert welcome.text == "王{{部门}}女士/赵一/小赵/华南门店/示例企业/store-12/2026-01-02 23:30"
    assert row.detail["name"] == "fetched"


def test_our_own_row_spares_the_call_for_the_name(runtime: Runtime, box: Sandbox) -> None:
    _add_default(runtime, "您好，{{客户称呼}}")
    event = box.people.customer_scans("zhaoyi", name="王女士")
    with runtime.db.write() as session:
        now = clock.utcnow()
        session.add(Customer(external_userid=event.external_userid, name="老王", created_at=now))
    try_once(runtime, greeting_of(event))
    assert box.ledger.accepted_welcomes()[0].text == "您好，老王"
    assert the_delivery(runtime).detail["name"] == "own"
    assert box.ledger.calls("externalcontact/get") == []


def test_no_name_is_asked_for_that_the_text_does_not_use(runtime: Runtime, box: Sandbox) -> None:
    _add_default(runtime)
    try_once(runtime, greeting_of(box.people.customer_scans("zhaoyi")))
    assert box.ledger.calls("externalcontact/get") == []
    assert "name" not in the_delivery(runtime).detail


def test_a_name_that_cannot_be_had_is_a_neutral_word(runtime: Runtime, box: Sandbox) -> None:
    _add_default(runtime, "{{客户昵称}}好")
    box.faults.errcode("externalcontact/get", 84061, times=None)
    try_once(runtime, greeting_of(box.people.customer_scans("zhaoyi", name="王女士")))
    assert box.ledger.accepted_welcomes()[0].text == "您好"
    assert the_delivery(runtime).detail["name"] == "neutral"


def test_a_slow_name_is_not_waited_for(runtime: Runtime, box: Sandbox) -> None:
    _add_default(runtime, "{{客户昵称}}好")
    box.faults.latency("externalcontact/get", 8.0)
    began = clock.monotonic()
    try_once(runtime, greeting_of(box.people.customer_scans("zhaoyi", name="王女士")))
    assert clock.monotonic() - began < 7.5
    assert box.ledger.accepted_welcomes()[0].text == "您好"


def test_a_greeting_that_is_late_asks_for_no_name(runtime: Runtime, box: Sandbox) -> None:
    _add_default(runtime, "{{客户昵称}}好")
    event = box.people.customer_scans("zhaoyi", name="王女士")
    received_at = clock.utcnow() - timedelta(seconds=5)
    try_once(runtime, greeting_of(event, received_at=received_at))
    assert box.ledger.calls("externalcontact/get") == []
    assert the_delivery(runtime).outcome == "sent"


def test_a_member_we_do_not_know_is_asked_for_once(runtime: Runtime, box: Sandbox) -> None:
    _add_default(runtime)
    with runtime.db.write() as session:
        add_departments(session, [(1, "示例企业", 0), (2, "销售部", 1), (3, "门店", 2)])
        add_script(session, "门店", Rule(scope="department", target="3"), content="门店欢迎您")
    for n in (1, 2):
        event = box.people.customer_scans("zhaoyi")
        try_once(runtime, greeting_of(event, n))
    assert [welcome.text for welcome in box.ledger.accepted_welcomes()] == ["门店欢迎您"] * 2
    assert len(box.ledger.calls("user/get")) == 1


def test_a_member_who_cannot_be_asked_for_gets_the_next_rule(
    runtime: Runtime, box: Sandbox
) -> None:
    _add_default(runtime, "我是{{员工姓名}}")
    with runtime.db.write() as session:
        add_script(session, "门店", Rule(scope="department", target="3"), content="门店")
    box.faults.errcode("user/get", 60011, times=None)
    try_once(runtime, greeting_of(box.people.customer_scans("zhaoyi")))
    assert box.ledger.accepted_welcomes()[0].text == "我是客服"
    assert the_delivery(runtime).detail["member"] == "neutral"


def test_a_member_who_cannot_be_had_is_not_asked_for_again(runtime: Runtime, box: Sandbox) -> None:
    _add_default(runtime, "我是{{员工姓名}}")
    box.faults.errcode("user/get", 60011, times=None)
    box.faults.errcode("externalcontact/send_welcome_msg", 45033)
    greeting = greeting_of(box.people.customer_scans("zhaoyi"))
    assert try_until_ended(runtime, greeting) == 2
    assert len(box.ledger.calls("user/get")) == 1


def test_a_long_name_is_cut_so_that_the_text_fits(runtime: Runtime, box: Sandbox) -> None:
    _add_default(runtime, "{{客户昵称}}" * 50)
    try_once(runtime, greeting_of(box.people.customer_scans("zhaoyi", name="很" * 60)))
    (welcome,) = box.ledger.accepted_welcomes()
    assert 3996 < len(welcome.text.encode()) <= 4000


@pytest.mark.parametrize(
    ("returning", "sent"),
    [("same", ["您好"]), ("text", ["欢迎回来"]), ("none", [])],
)
def test_who_comes_back_gets_what_the_script_says(
    runtime: Runtime, box: Sandbox, returning: str, sent: list[str]
) -> None:
    _add_default(runtime, returning=returning, returning_content="欢迎回来")
    try_once(runtime, greeting_of(box.people.customer_scans("zhaoyi"), returning=True))
    assert [welcome.text for welcome in box.ledger.accepted_welcomes()] == sent
    if not sent:
        assert the_delivery(runtime).reason == "returning_none"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"welcome_code": ""}, "no_code_console"),
        ({"welcome_code": "", "returning": True}, "no_code_chatting"),
        ({"welcome_code": "", "external_userid": "woX"}, "no_code_other_corp"),
        ({"stale": True}, "stale_event"),
    ],
)
def test_what_is_not_ours_to_greet_is_written_down(
    runtime: Runtime, box: Sandbox, changes: dict[str, Any], reason: str
) -> None:
    _add_default(runtime)
    try_once(runtime, greeting_of(box.people.customer_scans("zhaoyi"), **changes))
    row = the_delivery(runtime)
    assert (row.outcome, row.reason) == ("skipped", reason)
    assert box.ledger.welcome_posts() == []
    assert deliveries(runtime, "welcome_missed") == []


def test_without_a_script_nothing_is_sent(runtime: Runtime, box: Sandbox) -> None:
    try_once(runtime, greeting_of(box.people.customer_scans("zhaoyi")))
    assert (the_delivery(runtime).outcome, the_delivery(runtime).reason) == ("skipped", "no_script")


def test_one_switch_pauses_all_welcomes(runtime: Runtime, box: Sandbox) -> None:
    _add_default(runtime)
    with runtime.db.write() as session:
        assert pause(session)
    try_once(runtime, greeting_of(box.people.customer_scans("zhaoyi")))
    assert the_delivery(runtime).reason == "paused"
    with runtime.db.write() as session:
        assert resume(session)
    try_once(runtime, greeting_of(box.people.customer_scans("zhaoyi"), 2))
    assert len(box.ledger.accepted_welcomes()) == 1


def test_after_the_deadline_the_member_is_told(runtime: Runtime, box: Sandbox) -> None:
    _add_default(runtime)
    event = box.people.customer_scans("zhaoyi")
    received_at = clock.utcnow() - timedelta(seconds=18)
    try_once(runtime, greeting_of(event, 42, received_at=received_at))
    assert (the_delivery(runtime).outcome, the_delivery(runtime).reason) == ("missed", "missed")
    (message,) = deliveries(runtime, "welcome_missed")
    assert message.dedupe_key == "welcome_missed:42"
    assert (message.recipient, message.external_userid) == ("zhaoyi", event.external_userid)
    assert message.due_at is not None
    assert box.ledger.welcome_posts() == []


@pytest.mark.parametrize(
    ("skew", "seconds"), [(None, 18), (0.5, 12), (-1.9, 12), (2.5, 18), (-600.0, 18)]
)
def test_wecoms_own_time_counts_while_the_clocks_agree(
    box: Sandbox, skew: float | None, seconds: int
) -> None:
    now = clock.utcnow()
    greeting = greeting_of(
        box.people.customer_scans("zhaoyi"),
        received_at=now,
        create_time=now - timedelta(seconds=7),
    )
    assert build_deadline(greeting, skew=skew) == now + timedelta(seconds=seconds)


def test_the_record_holds_no_name_and_no_text(runtime: Runtime, box: Sandbox) -> None:
    _add_default(runtime, "{{客户昵称}}，欢迎")
    try_once(runtime, greeting_of(box.people.customer_scans("zhaoyi", name="王女士")))
    row = the_delivery(runtime)
    assert "王女士" not in str(row.detail)
    assert row.payload is None

"""However WeCom refuses, stalls or vanishes: the outcome is right and nobody is greeted twice."""

import threading
from datetime import timedelta

import pytest

from app import clock
from app.deliveries.models import Delivery
from app.materials.actions import store_file
from app.materials.models import Material
from app.runtime import Runtime
from app.sandbox.server import Sandbox
from app.welcome.actions import Attachment, Greeting
from app.welcome.jobs import sync_media
from tests.welcome.world import (
    EVERYWHERE,
    PNG,
    add_script,
    deliveries,
    greeting_of,
    the_delivery,
    try_once,
    try_until_ended,
)

API = "externalcontact/send_welcome_msg"
LINK = Attachment(msgtype="link", fields={"title": "新客指南", "url": "https://example.com/a"})


@pytest.fixture(autouse=True)
def _script(runtime: Runtime) -> None:
    with runtime.db.write() as session:
        add_script(session, "默认", EVERYWHERE)


def _with_image(runtime: Runtime, content: str = "您好") -> int:
    """Give the script an image, uploaded, and a link."""
    with runtime.db.write() as session:
        image = store_file(session, kind="image", filename="a.png", data=PNG)
        attachments = (Attachment(msgtype="image", material_id=image.id), LINK)
        add_script(session, "默认", EVERYWHERE, content=content, attachments=attachments)
    sync_media(runtime)
    return image.id


@pytest.mark.parametrize(
    ("errcode", "outcome", "reason", "told"),
    [
        (41051, "skipped", "already_greeted", False),
        (41050, "missed", "expired", True),
        (48002, "failed", "permission", True),
        (60020, "failed", "permission", True),
        (84061, "failed", "no_relation", True),
        (45002, "failed", "text_too_long", True),
        (41049, "failed", "refused", True),
        (99999, "failed", "refused", True),
    ],
)
def test_a_refusal_ends_it(
    *, runtime: Runtime, box: Sandbox, errcode: int, outcome: str, reason: str, told: bool
) -> None:
    box.faults.errcode(API, errcode, times=None)
    assert try_once(runtime, greeting_of(box.people.customer_scans("zhaoyi"))) is None
    row = the_delivery(runtime)
    assert (row.outcome, row.reason, row.detail["errcode"]) == (outcome, reason, errcode)
    assert row.took_ms is not None
    assert len(deliveries(runtime, "welcome_missed")) == told


@pytest.mark.parametrize("errcode", [-1, 45033, 41096])
def test_what_passes_is_tried_again_until_it_is_sent(
    runtime: Runtime, box: Sandbox, errcode: int
) -> None:
    box.faults.errcode(API, errcode, times=2)
    greeting = greeting_of(box.people.customer_scans("zhaoyi"))
    assert try_until_ended(runtime, greeting) == 3
    row = the_delivery(runtime)
    assert (row.outcome, row.attempts, row.detail.get("certain")) == ("sent", 3, None)


def test_the_pauses_grow(runtime: Runtime, box: Sandbox) -> None:
    box.faults.errcode(API, 45033, times=None)
    greeting = greeting_of(box.people.customer_scans("zhaoyi"))
    pauses = []
    for _ in range(4):
        later = try_once(runtime, greeting)
        assert later is not None
        pauses.append((later.at - clock.utcnow()).total_seconds())
    assert pauses == pytest.approx([0.5, 1.0, 2.0, 2.0], abs=0.2)


def test_a_busy_wecom_is_asked_three_times(runtime: Runtime, box: Sandbox) -> None:
    box.faults.errcode(API, -1, times=None)
    assert try_until_ended(runtime, greeting_of(box.people.customer_scans("zhaoyi"))) == 3
    assert (the_delivery(runtime).outcome, the_delivery(runtime).reason) == (
        "failed",
        "wecom_busy",
    )
    assert len(box.ledger.welcome_posts()) == 3


def test_a_limit_that_outlasts_the_deadline_ends_it_at_once(runtime: Runtime, box: Sandbox) -> None:
    box.faults.errcode(API, 45009, times=1)
    assert try_once(runtime, greeting_of(box.people.customer_scans("zhaoyi"))) is None
    row = the_delivery(runtime)
    assert (row.outcome, row.reason) == ("missed", "rate_limited")
    assert len(deliveries(runtime, "welcome_missed")) == 1


def test_a_wecom_that_cannot_be_reached_is_tried_again(runtime: Runtime, box: Sandbox) -> None:
    greeting = greeting_of(box.people.customer_scans("zhaoyi"))
    box.faults.http(API, 502, times=1)
    assert try_until_ended(runtime, greeting) == 2
    assert the_delivery(runtime).outcome == "sent"


def test_a_lost_answer_is_asked_again_and_known_to_be_sent(runtime: Runtime, box: Sandbox) -> None:
    event = box.people.customer_scans("zhaoyi")
    box.faults.drop_reply(API)
    assert try_until_ended(runtime, greeting_of(event)) == 2
    row = the_delivery(runtime)
    assert (row.outcome, row.detail["certain"], row.attempts) == ("sent", False, 2)
    assert len(box.ledger.accepted_welcomes(external_userid=event.external_userid)) == 1


def test_a_call_that_never_arrived_is_made_good(runtime: Runtime, box: Sandbox) -> None:
    greeting = greeting_of(box.people.customer_scans("zhaoyi"))
    _swallow_the_call(runtime, box, greeting)
    assert the_delivery(runtime).outcome is None
    assert try_once(runtime, greeting) is None
    assert the_delivery(runtime).outcome == "sent"
    assert len(box.ledger.accepted_welcomes(external_userid=greeting.external_userid)) == 1


def test_two_calls_without_an_answer_are_the_last(runtime: Runtime, box: Sandbox) -> None:
    greeting = greeting_of(box.people.customer_scans("zhaoyi"))
    _swallow_the_call(runtime, box, greeting)
    _swallow_the_call(runtime, box, greeting)
    assert (the_delivery(runtime).outcome, the_delivery(runtime).reason) == (
        "unknown",
        "unanswered",
    )
    assert len(deliveries(runtime, "welcome_missed")) == 1


def test_a_refusal_after_a_lost_answer_proves_nothing(runtime: Runtime, box: Sandbox) -> None:
    greeting = greeting_of(box.people.customer_scans("zhaoyi"))
    box.faults.drop_reply(API)
    assert try_once(runtime, greeting) is not None
    box.faults.errcode(API, 41050)
    assert try_once(runtime, greeting) is None
    assert (the_delivery(runtime).outcome, the_delivery(runtime).detail["errcode"]) == (
        "unknown",
        41050,
    )


def test_a_worker_killed_after_the_call_greets_nobody_twice(runtime: Runtime, box: Sandbox) -> None:
    event = box.people.customer_scans("zhaoyi")
    greeting = greeting_of(event)
    assert try_once(runtime, greeting) is None
    _forget_the_outcome(runtime)
    assert try_once(runtime, greeting) is None
    row = the_delivery(runtime)
    assert (row.outcome, row.detail["certain"], row.attempts) == ("sent", False, 2)
    assert len(box.ledger.accepted_welcomes(external_userid=event.external_userid)) == 1


def test_a_worker_killed_long_ago_is_no_sure_thing(runtime: Runtime, box: Sandbox) -> None:
    greeting = greeting_of(box.people.customer_scans("zhaoyi"))
    assert try_once(runtime, greeting) is None
    _forget_the_outcome(runtime)
    late = greeting_of(
        box.ledger.events()[0], received_at=greeting.received_at - timedelta(seconds=60)
    )
    assert try_once(runtime, late) is None
    assert the_delivery(runtime).outcome == "unknown"


def test_bad_media_never_stops_the_text(runtime: Runtime, box: Sandbox) -> None:
    image_id = _with_image(runtime)
    box.faults.errcode(API, 40007)
    assert try_once(runtime, greeting_of(box.people.customer_scans("zhaoyi"))) is None
    (welcome,) = box.ledger.accepted_welcomes()
    assert [one["msgtype"] for one in welcome.attachments] == ["link"]
    row = the_delivery(runtime)
    assert (row.outcome, row.reason, row.detail["dropped"]) == ("sent", "attachments_dropped", [0])
    with runtime.db.read() as session:
        assert session.get_one(Material, image_id).media_id is None


@pytest.mark.parametrize("errcode", [41064, 41065, 40058])
def test_attachments_that_wecom_dislikes_are_left_out(
    runtime: Runtime, box: Sandbox, errcode: int
) -> None:
    _with_image(runtime)
    box.faults.errcode(API, errcode)
    assert try_once(runtime, greeting_of(box.people.customer_scans("zhaoyi"))) is None
    (welcome,) = box.ledger.accepted_welcomes()
    assert (welcome.text, welcome.attachments) == ("您好", [])
    assert the_delivery(runtime).detail["dropped"] == [0, 1]


def test_a_file_that_was_never_uploaded_is_left_out(runtime: Runtime, box: Sandbox) -> None:
    image_id = _with_image(runtime)
    with runtime.db.write() as session:
        session.get_one(Material, image_id).media_expires_at = clock.utcnow()
    try_once(runtime, greeting_of(box.people.customer_scans("zhaoyi")))
    (welcome,) = box.ledger.accepted_welcomes()
    assert [one["msgtype"] for one in welcome.attachments] == ["link"]
    assert the_delivery(runtime).reason == "attachments_dropped"


def test_everything_is_sent_when_everything_is_well(runtime: Runtime, box: Sandbox) -> None:
    _with_image(runtime)
    try_once(runtime, greeting_of(box.people.customer_scans("zhaoyi")))
    (welcome,) = box.ledger.accepted_welcomes()
    assert [one["msgtype"] for one in welcome.attachments] == ["image", "link"]
    assert the_delivery(runtime).reason == ""


def test_without_text_and_attachments_nothing_is_left_to_send(
    runtime: Runtime, box: Sandbox
) -> None:
    _with_image(runtime, content="")
    box.faults.errcode(API, 41065)
    try_once(runtime, greeting_of(box.people.customer_scans("zhaoyi")))
    row = the_delivery(runtime)
    assert (row.outcome, row.reason) == ("failed", "nothing_to_send")
    assert len(deliveries(runtime, "welcome_missed")) == 1


def _swallow_the_call(runtime: Runtime, box: Sandbox, greeting: Greeting) -> None:
    """Let the call arrive, and the connection break before anything happens."""
    hold = box.faults.hold(API, "before")
    worker = threading.Thread(target=try_once, args=(runtime, greeting))
    worker.start()
    hold.wait_reached(10)
    hold.abandon()
    worker.join()


def _forget_the_outcome(runtime: Runtime) -> None:
    """Leave the row as a worker leaves it that dies between the call and the record."""
    with runtime.db.write() as session:
        row = session.get_one(Delivery, the_delivery(runtime).id)
        row.outcome, row.sent_at, row.took_ms = None, None, None

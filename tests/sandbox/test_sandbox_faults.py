"""Injected faults: each does what it says, as often as it was told, and to its own API only."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import requests

from app.sandbox.faults import Faults
from app.sandbox.server import Sandbox

from .conftest import Client

WELCOME = "externalcontact/send_welcome_msg"
TEXT = {"content": "您好"}


def in_thread(work: Callable[[], Any]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        except requests.ConnectionError:
            # The caller whose connection is cut is no part of the promise.
            return

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_an_errcode_comes_as_often_as_told(box: Sandbox, wecom: Client) -> None:
    box.faults.errcode("department/*", -1, times=2)
    codes = [wecom.get("department/list")["errcode"] for _ in range(3)]
    assert codes == [-1, -1, 0]
    assert wecom.get("externalcontact/get_follow_user_list")["errcode"] == 0


@pytest.mark.parametrize(
    ("inject", "status", "body"),
    [
        (lambda f: f.http("department/list", 502), 502, b""),
        (lambda f: f.empty("department/list"), 200, b""),
        (lambda f: f.html("department/list"), 200, b"<html>"),
    ],
)
def test_answers_that_are_no_json(
    box: Sandbox, wecom: Client, *, inject: Callable[[Faults], Any], status: int, body: bytes
) -> None:
    inject(box.faults)
    address = f"{wecom.address}/cgi-bin/department/list"
    answer = wecom.session.get(address, params={"access_token": wecom.token()})
    assert answer.status_code == status
    assert answer.content[: len(body) or None].startswith(body)


def test_a_dropped_reply_acts_and_says_nothing(box: Sandbox, wecom: Client) -> None:
    event = box.people.customer_scans("zhaoyi")
    box.faults.drop_reply(WELCOME)
    body = {"welcome_code": event.welcome_code, "text": TEXT}
    with pytest.raises(requests.ConnectionError):
        wecom.post(WELCOME, **body)
    assert wecom.post(WELCOME, **body)["errcode"] == 41051
    dropped, answered = box.ledger.calls(WELCOME)
    assert (dropped.state, dropped.acted) == ("dropped", True)
    assert answered.state == "answered"


def test_a_call_held_before_acting_acts_when_released(box: Sandbox, wecom: Client) -> None:
    event = box.people.customer_scans("zhaoyi")
    hold = box.faults.hold(WELCOME, "before")
    body = {"welcome_code": event.welcome_code, "text": TEXT}
    caller = in_thread(lambda: wecom.post(WELCOME, **body))
    (call,) = hold.wait_reached()
    assert call.state == "held"
    assert not box.ledger.accepted_welcomes()
    hold.release()
    caller.join()
    assert box.ledger.welcome_counts() == {("zhaoyi", event.external_userid): 1}


def test_a_call_abandoned_before_acting_never_acts(box: Sandbox, wecom: Client) -> None:
    event = box.people.customer_scans("zhaoyi")
    hold = box.faults.hold(WELCOME, "before")
    body = {"welcome_code": event.welcome_code, "text": TEXT}
    caller = in_thread(lambda: wecom.post(WELCOME, **body))
    hold.wait_reached()
    hold.abandon()
    caller.join()
    (abandoned,) = box.ledger.calls(WELCOME, state="abandoned")
    assert not abandoned.acted
    assert wecom.post(WELCOME, **body)["errcode"] == 0


def test_a_call_held_after_acting_has_acted(box: Sandbox, wecom: Client) -> None:
    event = box.people.customer_scans("zhaoyi")
    hold = box.faults.hold(WELCOME, "after")
    body = {"welcome_code": event.welcome_code, "text": TEXT}
    caller = in_thread(lambda: wecom.post(WELCOME, **body))
    hold.wait_reached()
    assert len(box.ledger.accepted_welcomes(code=event.welcome_code)) == 1
    hold.abandon()
    caller.join()
    assert box.ledger.calls(WELCOME)[0].state == "dropped"


def test_more_calls_at_a_time_than_allowed_meet_45033(box: Sandbox, wecom: Client) -> None:
    box.faults.limit_concurrency("department/list", 1)
    box.faults.latency("department/list", 0.3, times=1)
    first = in_thread(lambda: wecom.get("department/list"))
    box.ledger.wait_for(lambda ledger: ledger.in_flight("department/list") == 1)
    assert wecom.get("department/list")["errcode"] == 45033
    first.join()
    assert wecom.get("department/list")["errcode"] == 0
    assert box.ledger.most_in_flight("department/list") == 2


def test_more_calls_a_minute_than_allowed_meet_45009(box: Sandbox, wecom: Client) -> None:
    box.faults.limit_rate("department/list", 2)
    codes = [wecom.get("department/list")["errcode"] for _ in range(3)]
    assert codes == [0, 0, 45009]
    box.clock.move(60)
    assert wecom.get("department/list")["errcode"] == 0


def test_clearing_ends_every_fault(box: Sandbox, wecom: Client) -> None:
    box.faults.errcode("*", -1, times=None)
    box.faults.callbacks.lost = 1.0
    box.faults.clear()
    assert wecom.get("department/list")["errcode"] == 0
    assert box.faults.callbacks.lost == 0.0

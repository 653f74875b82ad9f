"""Welcome codes: when they come, how long they live, and that each greets once."""

import threading
from typing import Any

import pytest

from app.sandbox.server import Sandbox

from .conftest import Client

API = "externalcontact/send_welcome_msg"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
TEXT = {"content": "您好"}


def link(title: str = "指南") -> dict[str, Any]:
    return {"msgtype": "link", "link": {"title": title, "url": "https://example.com/"}}


def test_a_code_is_accepted_once(box: Sandbox, wecom: Client) -> None:
    event = box.people.customer_scans("zhaoyi")
    assert wecom.post(API, welcome_code=event.welcome_code, text=TEXT)["errcode"] == 0
    assert wecom.post(API, welcome_code=event.welcome_code, text=TEXT)["errcode"] == 41051
    assert box.ledger.welcome_counts() == {("zhaoyi", event.external_userid): 1}
    assert len(box.ledger.welcome_posts(event.welcome_code)) == 2


def test_a_code_dies_after_twenty_seconds(box: Sandbox, wecom: Client) -> None:
    event = box.people.customer_scans("zhaoyi")
    box.clock.move(20.5)
    assert wecom.post(API, welcome_code=event.welcome_code, text=TEXT)["errcode"] == 41050


def test_a_code_lives_for_almost_twenty_seconds(box: Sandbox, wecom: Client) -> None:
    event = box.people.customer_scans("zhaoyi")
    box.clock.move(19)
    assert wecom.post(API, welcome_code=event.welcome_code, text=TEXT)["errcode"] == 0


def test_another_call_meets_the_code_being_sent(box: Sandbox, wecom: Client) -> None:
    event = box.people.customer_scans("zhaoyi")
    box.faults.latency(API, 0.3, times=1)
    body = {"welcome_code": event.welcome_code, "text": TEXT}
    first = threading.Thread(target=wecom.post, args=(API,), kwargs=body)
    first.start()
    greeting = box.world.codes[event.welcome_code].greeting
    box.ledger.wait_for(lambda _: greeting.status == "sending")
    assert wecom.post(API, **body)["errcode"] == 41096
    first.join()
    assert wecom.post(API, **body)["errcode"] == 41051


def test_two_codes_of_one_friendship_greet_once(box: Sandbox, wecom: Client) -> None:
    half = box.people.customer_scans("zhaoyi", half=True)
    full = box.people.member_adds_back("zhaoyi", half.external_userid)
    assert full.welcome_code not in ("", half.welcome_code)
    assert wecom.post(API, welcome_code=half.welcome_code, text=TEXT)["errcode"] == 0
    assert wecom.post(API, welcome_code=full.welcome_code, text=TEXT)["errcode"] == 41051


def test_no_code_comes_after_a_half_add_was_greeted(box: Sandbox, wecom: Client) -> None:
    half = box.people.customer_scans("zhaoyi", half=True)
    wecom.post(API, welcome_code=half.welcome_code, text=TEXT)
    assert not box.people.member_adds_back("zhaoyi", half.external_userid).welcome_code


def test_no_code_comes_after_a_chat(box: Sandbox) -> None:
    half = box.people.customer_scans("zhaoyi", half=True)
    box.people.they_chat("zhaoyi", half.external_userid)
    assert not box.people.member_adds_back("zhaoyi", half.external_userid).welcome_code


def test_no_code_comes_for_a_console_welcome_or_a_foreign_member(box: Sandbox) -> None:
    foreign = box.people.customer_scans("zhaoyi", wecom=True)
    assert foreign.external_userid.startswith("wo")
    assert not foreign.welcome_code
    box.people.console_welcome("zhaoyi")
    assert not box.people.customer_scans("zhaoyi").welcome_code


def test_a_customer_who_comes_back_may_be_greeted_again(box: Sandbox, wecom: Client) -> None:
    first = box.people.customer_scans("zhaoyi")
    wecom.post(API, welcome_code=first.welcome_code, text=TEXT)
    box.people.customer_deletes_member("zhaoyi", first.external_userid)
    again = box.people.customer_scans("zhaoyi", first.external_userid)
    assert wecom.post(API, welcome_code=again.welcome_code, text=TEXT)["errcode"] == 0


@pytest.mark.parametrize(
    ("message", "errcode"),
    [
        ({"text": {"content": "字" * 1334}}, 45002),
        ({}, 40058),
        ({"attachments": [link()] * 10}, 41064),
        ({"attachments": [{"msgtype": "voice", "voice": {}}]}, 41065),
        ({"attachments": [link(title="")]}, 40063),
        ({"attachments": [{"msgtype": "miniprogram", "miniprogram": {"title": "x"}}]}, 40063),
        ({"attachments": [{"msgtype": "image", "image": {"media_id": "unknown"}}]}, 40007),
    ],
)
def test_a_bad_message_is_refused_and_spends_nothing(
    box: Sandbox, wecom: Client, message: dict[str, Any], errcode: int
) -> None:
    event = box.people.customer_scans("zhaoyi")
    assert wecom.post(API, welcome_code=event.welcome_code, **message)["errcode"] == errcode
    assert wecom.post(API, welcome_code=event.welcome_code, text=TEXT)["errcode"] == 0


def test_codes_missing_or_unknown_are_told_apart(wecom: Client) -> None:
    assert wecom.post(API, text=TEXT)["errcode"] == 41049
    assert wecom.post(API, welcome_code="WC_unknown", text=TEXT)["errcode"] == 41050


def test_media_expire_after_three_days(box: Sandbox, wecom: Client) -> None:
    media_id = wecom.upload("a.png", PNG)["media_id"]
    image = {"msgtype": "image", "image": {"media_id": media_id}}
    first, second = box.people.customers_scan(2, "zhaoyi")
    assert wecom.post(API, welcome_code=first.welcome_code, attachments=[image])["errcode"] == 0
    box.clock.move(3 * 86400)
    second = box.people.customer_scans("zhaoyi")
    code = second.welcome_code
    assert wecom.post(API, welcome_code=code, attachments=[image])["errcode"] == 40007


def test_an_upload_is_checked_and_dated_in_text(wecom: Client) -> None:
    assert isinstance(wecom.upload("a.png", PNG)["created_at"], str)
    assert wecom.upload("a.png", b"no picture")["errcode"] == 40005
    assert wecom.upload("a.png", b"tiny")["errcode"] == 40006
    assert wecom.upload("a.png", PNG, kind="song")["errcode"] == 40004
    assert (
        wecom.upload("a.amr", b"#!AMR" + bytes(2 * 1024 * 1024), kind="voice")["errcode"] == 45001
    )


def test_the_delay_of_a_welcome_is_measured(box: Sandbox, wecom: Client) -> None:
    event = box.people.customer_scans("zhaoyi")
    wecom.post(API, welcome_code=event.welcome_code, text=TEXT)
    (welcome,) = box.ledger.accepted_welcomes(external_userid=event.external_userid)
    assert 0 < welcome.ms_from_event < 5000

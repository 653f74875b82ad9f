"""Faults by name: each strikes where it says, ends when told or by itself, and leaves nothing."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import redis
import requests

from app.redis_server import find_server
from app.sandbox.frozen_redis import FrozenRedis, Unavailable
from app.sandbox.server import Sandbox

from .conftest import Client, PagesApi
from .receiver import Receiver

NAMES = [
    "slow",
    "busy",
    "limit",
    "token_revoked",
    "doubled",
    "reordered",
    "redis_frozen",
    "signature_refused",
    "no_permission",
    "network_gone",
]


def fault(api: PagesApi, name: str) -> dict[str, object]:
    return next(row for row in api.get("faults/named")["faults"] if row["name"] == name)


def test_every_fault_says_in_two_languages_what_will_be_seen(api: PagesApi) -> None:
    rows = api.get("faults/named")["faults"]
    assert [row["name"] for row in rows] == NAMES
    assert all(row["title"] and row["title_en"] for row in rows)
    assert all(row["effect"] and row["effect_en"] for row in rows)
    assert not [row for row in rows if row["on"]]


@pytest.mark.parametrize(("name", "errcode"), [("busy", -1), ("limit", 45009)])
def test_a_refusing_fault_lasts_until_it_is_put_off(
    wecom: Client, api: PagesApi, name: str, errcode: int
) -> None:
    assert api.post(f"faults/named/{name}", on=True)["fault"]["on"]
    customers = "externalcontact/get_follow_user_list"
    assert [wecom.get(customers)["errcode"] for _ in range(3)] == [errcode] * 3
    api.post(f"faults/named/{name}", on=False)
    assert wecom.get(customers)["errcode"] == 0


def test_no_permission_is_told_by_the_api_too(wecom: Client, api: PagesApi) -> None:
    api.post("faults/named/no_permission", on=True)
    assert wecom.get("externalcontact/get_follow_user_list")["errcode"] == 48002


def test_slow_answers_come_three_seconds_later(box: Sandbox, api: PagesApi) -> None:
    api.post("faults/named/slow", on=True)
    late = [box.faults.meet(name).latency for name in ("auth/getuserinfo", "externalcontact/get")]
    assert late == [3.0, 3.0]
    assert box.faults.meet("message/send").latency == 0


def test_revoked_tokens_end_with_the_next_one(wecom: Client, api: PagesApi) -> None:
    old = wecom.token()
    assert api.post("faults/named/token_revoked", on=True)["fault"]["on"]
    assert wecom.plain("department/list", access_token=old)["errcode"] == 40014
    assert wecom.get("department/list")["errcode"] == 0
    assert not fault(api, "token_revoked")["on"]


def test_callbacks_come_twice(box: Sandbox, api: PagesApi, receiver: Receiver) -> None:
    api.post("faults/named/doubled", on=True)
    box.people.customer_scans("zhaoyi")
    box.delivery.wait_idle()
    api.post("faults/named/doubled", on=False)
    box.people.customer_scans("zhaoyi")
    box.delivery.wait_idle()
    assert len(receiver.posts) == 3


def test_two_faults_of_callbacks_do_not_undo_each_other(box: Sandbox, api: PagesApi) -> None:
    api.post("faults/named/doubled", on=True)
    api.post("faults/named/reordered", on=True)
    api.post("faults/named/doubled", on=False)
    assert (box.faults.callbacks.copies, box.faults.callbacks.reorder_seconds) == (1, 4.0)


def test_putting_a_fault_on_and_off_is_on_record(box: Sandbox, api: PagesApi) -> None:
    api.post("faults/named/busy", on=True)
    api.post("faults/named/busy", on=True)
    api.post("faults/named/busy", on=False)
    assert [act.details for act in box.ledger.acts()] == [
        {"fault": "busy", "on": True},
        {"fault": "busy", "on": False},
    ]


def test_clearing_all_faults_ends_the_named_ones(wecom: Client, api: PagesApi) -> None:
    api.post("faults/named/busy", on=True)
    api.post("faults/named/network_gone", on=True)
    api.session.delete(f"{api.address}/faults", json={})
    assert not [row for row in api.get("faults/named")["faults"] if row["on"]]
    assert wecom.get("externalcontact/get_follow_user_list")["errcode"] == 0


def test_an_unknown_fault_is_a_mistake(api: PagesApi) -> None:
    assert api.refused("faults/named/earthquake", on=True) == 400


def test_a_lost_network_cuts_calls_and_tells_whoever_opens_a_page(
    address: str, api: PagesApi, receiver: Receiver
) -> None:
    page = f"{address}/sidebar/"
    assert receiver.url
    api.post("faults/named/network_gone", on=True)
    with pytest.raises(requests.ConnectionError):
        api.session.get(page)
    opened = api.session.get(page, headers={"Sec-Fetch-Mode": "navigate"})
    assert (opened.status_code, "网络断开了" in opened.text) == (503, True)
    assert api.session.get(f"{address}/elsewhere").ok
    api.post("faults/named/network_gone", on=False)
    assert api.session.get(page).ok


def test_without_a_redis_the_fault_says_why(api: PagesApi) -> None:
    row = fault(api, "redis_frozen")
    assert not row["available"]
    assert row["reason"]
    assert row["reason_en"]
    assert api.refused("faults/named/redis_frozen", on=True) == 409


@pytest.fixture
def note(tmp_path: Path) -> Iterator[Path]:
    """Return the note of a Redis of our own, which runs meanwhile."""
    binary = find_server()
    assert binary, "the tests need the Redis that is among the locked dependencies"
    with TemporaryDirectory(prefix="banke-") as folder:
        socket_path = f"{folder}/redis.sock"
        command = [binary, "--port", "0", "--unixsocket", socket_path, "--save", ""]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        note = tmp_path / "redis.address"
        note.write_text(f"unix://{socket_path}")
        until_it_answers(note)
        yield note
        process.terminate()
        process.wait(10)


def answers(note: Path, *, within: float = 0.3) -> bool:
    """Tell whether Redis answers."""
    try:
        with redis.Redis.from_url(note.read_text(), socket_timeout=within) as connection:
            return bool(connection.ping())
    except redis.RedisError:
        return False


def until_it_answers(note: Path) -> None:
    end = time.monotonic() + 10
    while not answers(note):
        assert time.monotonic() < end


def test_redis_stands_still_until_the_fault_is_put_off(note: Path) -> None:
    box = Sandbox(redis_note=note)
    box.named_faults.turn("redis_frozen", on=True)
    assert not answers(note)
    assert box.named_faults.is_on("redis_frozen")
    box.named_faults.turn("redis_frozen", on=False)
    assert answers(note, within=5)
    box.close()


def test_redis_goes_on_by_itself(note: Path) -> None:
    frozen = FrozenRedis(note, seconds=0.5)
    frozen.freeze()
    assert not answers(note)
    until_it_answers(note)
    frozen.thaw()
    assert not frozen.is_frozen


def test_a_sandbox_that_stops_leaves_no_redis_frozen(note: Path) -> None:
    box = Sandbox(redis_note=note)
    box.named_faults.turn("redis_frozen", on=True)
    box.close()
    assert answers(note, within=5)


def test_a_redis_elsewhere_is_left_alone(tmp_path: Path) -> None:
    note = tmp_path / "redis.address"
    note.write_text("redis://127.0.0.1:6379/0")
    with pytest.raises(Unavailable):
        FrozenRedis(note).freeze()

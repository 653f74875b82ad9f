"""The client: what goes out, what comes back as which error, within which time, and no secret."""

import json
import logging
import socket
import threading
import time
import traceback
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from app import clock
from app.wecom import external_contact, user
from app.wecom.client import WeComClient, connect_wecom
from app.wecom.errors import (
    MissingPermission,
    NoSuchRelation,
    TokenRejected,
    TryAgainLater,
    Unanswered,
    WeComError,
)
from app.wecom.limits import Limits, cap_of

from .bare import OK, ZHAOYI, BareWeCom, Call, config_for

BUSY = {"errcode": -1, "errmsg": "system busy"}


def raised(function: Callable[[], Any]) -> WeComError:
    with pytest.raises(WeComError) as caught:
        function()
    return caught.value


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_making_a_client_calls_nobody(wecom: BareWeCom, client: WeComClient) -> None:
    assert client.corp_id
    assert wecom.calls == []


def test_tokens_come_from_the_configured_host(wecom: BareWeCom, client: WeComClient) -> None:
    wecom.replies["user/get"] = ZHAOYI
    user.get(client, "zhaoyi")
    assert [call.api for call in wecom.calls] == ["gettoken", "user/get"]


def test_wechatpys_own_wrappers_go_the_same_way(wecom: BareWeCom, client: WeComClient) -> None:
    wecom.replies["user/get"] = ZHAOYI
    assert client.user.get("zhaoyi")["name"] == "赵一"
    assert wecom.count("gettoken") == 1


def test_another_host_is_refused(client: WeComClient) -> None:
    with pytest.raises(ValueError, match="without a host"):
        client.get("https://wecom.example/cgi-bin/media/get")


def test_json_goes_out_as_raw_utf8(wecom: BareWeCom, client: WeComClient) -> None:
    external_contact.send_welcome_msg(client, "WC", text="您好")
    assert "您好".encode() in wecom.calls[-1].body
    assert json.loads(wecom.calls[-1].body) == {"welcome_code": "WC", "text": {"content": "您好"}}


def test_a_connection_is_used_again(wecom: BareWeCom, client: WeComClient) -> None:
    for _ in range(3):
        client.get("user/get")
    assert wecom.connections == 1


def test_a_revoked_token_is_replaced_once_and_the_call_succeeds(
    wecom: BareWeCom, client: WeComClient
) -> None:
    wecom.replies["user/get"] = ZHAOYI
    user.get(client, "zhaoyi")
    wecom.revoke()
    assert user.get(client, "zhaoyi").name == "赵一"
    assert wecom.count("gettoken") == 2


def test_a_call_that_waited_for_its_turn_goes_out_with_the_newest_token(
    wecom: BareWeCom, client: WeComClient
) -> None:
    wecom.replies["user/get"] = ZHAOYI
    client.get("agent/get")
    waiting = threading.Thread(target=user.get, args=[client, "zhaoyi"])
    with ExitStack() as turns:
        for _ in range(cap_of("user/get")):
            turns.enter_context(client.limits.slot("user/get", within=0))
        waiting.start()
        waiting.join(0.05)
        wecom.revoke()
        client.get("agent/get")
    waiting.join()
    assert wecom.count("user/get") == 1


def test_a_token_that_is_rejected_again_is_not_tried_a_third_time(
    wecom: BareWeCom, client: WeComClient
) -> None:
    wecom.replies["user/get"] = {"errcode": 40014, "errmsg": "invalid access_token"}
    with pytest.raises(TokenRejected):
        client.get("user/get")
    assert wecom.count("user/get") == 2


def test_a_wrong_secret_is_not_asked_for_again_and_again(
    wecom: BareWeCom, client: WeComClient
) -> None:
    wecom.replies["gettoken"] = {"errcode": 40001, "errmsg": "invalid credential"}
    for _ in range(5):
        assert isinstance(raised(lambda: client.get("user/get")), MissingPermission)
    assert wecom.count("gettoken") == 1


def test_a_busy_wecom_is_not_tried_again_unless_asked(
    wecom: BareWeCom, client: WeComClient
) -> None:
    wecom.replies["user/get"] = BUSY
    error = raised(lambda: client.get("user/get"))
    assert isinstance(error, TryAgainLater)
    assert not error.may_have_happened
    assert wecom.count("user/get") == 1


def test_a_patient_call_is_tried_three_times_with_pauses(wecom: BareWeCom) -> None:
    pauses: list[float] = []
    config = config_for(wecom.base)
    maker = connect_wecom(config, None)
    client = WeComClient(config.wecom, tokens=maker.tokens, limits=Limits(), waiter=pauses.append)
    wecom.replies["user/get"] = BUSY
    assert raised(lambda: client.get("user/get", patient=True)).errcode == -1
    assert wecom.count("user/get") == 3
    assert [1.0 <= pause <= 1.5 for pause in pauses] == [True, True]
    client.close()


def test_a_patient_call_does_not_wait_for_a_minute(wecom: BareWeCom, client: WeComClient) -> None:
    wecom.replies["user/get"] = {"errcode": 45009, "errmsg": "api freq out of limit"}
    error = raised(lambda: client.get("user/get", patient=True))
    assert isinstance(error, TryAgainLater)
    assert error.retry_after == 60


def test_after_45009_the_api_is_left_alone(wecom: BareWeCom, client: WeComClient) -> None:
    wecom.replies["user/get"] = {"errcode": 45009, "errmsg": "api freq out of limit"}
    raised(lambda: client.get("user/get"))
    error = raised(lambda: client.get("user/get"))
    assert isinstance(error, TryAgainLater)
    assert 50 < error.retry_after <= 60
    assert wecom.count("user/get") == 1
    assert client.get("user/list") == OK


def test_a_refused_connection_cannot_have_done_anything(closed_port: int) -> None:
    client = connect_wecom(config_for(f"http://127.0.0.1:{closed_port}"), None)
    error = raised(lambda: client.get("user/get"))
    assert type(error) is TryAgainLater
    assert not error.may_have_happened


def test_a_call_without_an_answer_may_have_happened(wecom: BareWeCom, client: WeComClient) -> None:
    done = threading.Event()
    wecom.replies["user/get"] = lambda _: done.wait(5) and OK
    client.get("user/list")
    began = time.monotonic()
    error = raised(lambda: client.get("user/get", within=0.3))
    done.set()
    assert isinstance(error, Unanswered)
    assert 0.2 < time.monotonic() - began < 0.9


def test_a_connection_closed_without_an_answer_may_have_done_it(
    wecom: BareWeCom, client: WeComClient
) -> None:
    client.get("user/list")

    def hang_up(_: Call) -> None:
        raise ConnectionAbortedError

    wecom.replies["user/get"] = hang_up
    assert isinstance(raised(lambda: client.get("user/get")), Unanswered)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"<html>Bad Gateway</html>", b"[]", b"{}", b"\xff\xfe", b"[" * 99999),
        *(b'{"errcode":"x"}', b'{"errcode":1e999}', b'{"errcode":99999999999}'),
    ],
)
def test_an_answer_that_is_not_wecoms_is_tried_later(
    wecom: BareWeCom, client: WeComClient, body: bytes
) -> None:
    wecom.replies["user/get"] = body
    error = raised(lambda: client.get("user/get"))
    assert isinstance(error, TryAgainLater)
    assert error.may_have_happened


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_error_is_tried_later(wecom: BareWeCom, client: WeComClient, status: int) -> None:
    client.get("user/list")
    wecom.status = status
    assert isinstance(raised(lambda: client.get("user/get")), TryAgainLater)


def test_an_answer_without_what_it_must_hold_is_tried_later(
    wecom: BareWeCom, client: WeComClient
) -> None:
    wecom.replies["user/get"] = {**OK, "name": "赵一"}
    assert isinstance(raised(lambda: user.get(client, "zhaoyi", within=5)), TryAgainLater)


def test_an_endless_answer_is_cut_off(
    wecom: BareWeCom, client: WeComClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.wecom.client.MAX_ANSWER_BYTES", 100_000)
    wecom.replies["user/get"] = b"[" + b"1," * 100_000
    assert "too long" in raised(lambda: client.get("user/get")).errmsg


def test_a_redirect_is_not_followed(wecom: BareWeCom, client: WeComClient) -> None:
    client.get("user/list")
    wecom.status, wecom.location = 302, f"{wecom.base}/elsewhere"
    wecom.replies["user/get"] = b""
    assert isinstance(raised(lambda: client.get("user/get")), TryAgainLater)
    assert [call.api for call in wecom.calls] == ["gettoken", "user/list", "user/get"]


def test_the_skew_of_the_clocks_is_known_after_an_answer(
    client: WeComClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.clock_skew() is None
    ahead = format_datetime(clock.utcnow() - timedelta(seconds=90), usegmt=True)
    monkeypatch.setattr("http.server.BaseHTTPRequestHandler.date_time_string", lambda _: ahead)
    client.get("user/get")
    assert 89 < (client.clock_skew() or 0) < 92


CODE = f"canary-{uuid.uuid4().hex}"


def canaries(wecom: BareWeCom, client: WeComClient) -> list[str]:
    secret = client._corpsecret.get_secret_value()  # noqa: SLF001 -- it is looked for here
    return [wecom.token, secret, CODE]


def tell_everything(call: Call) -> dict[str, Any]:
    said = f"{call.params} {call.body.decode()} access_token={call.params['access_token']}"
    return {"errcode": 84061, "errmsg": said}


FAILURES: dict[str, Any] = {
    "WeCom repeats what it got": tell_everything,
    "no JSON": b"<html>",
    "hung up": lambda _: b"" + (_ for _ in ()).throw(ConnectionAbortedError),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_no_secret_is_in_an_error_or_a_log(
    wecom: BareWeCom,
    client: WeComClient,
    caplog: pytest.LogCaptureFixture,
    failure: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    wecom.replies["externalcontact/send_welcome_msg"] = FAILURES[failure]
    error = raised(lambda: external_contact.send_welcome_msg(client, CODE, text="您好"))
    said = "".join(traceback.format_exception(error)) + repr(error) + error.errmsg + caplog.text
    said += "".join(capfd.readouterr()) + repr(vars(client))
    assert not [canary for canary in canaries(wecom, client) if canary in said]


def test_no_secret_is_in_the_error_of_an_unreachable_wecom(closed_port: int) -> None:
    client = connect_wecom(config_for(f"http://127.0.0.1:{closed_port}", "canary-secret"), None)
    error = raised(lambda: client.get("user/get"))
    assert "canary" not in "".join(traceback.format_exception(error))


def test_a_stale_row_is_told_by_its_class(wecom: BareWeCom, client: WeComClient) -> None:
    wecom.replies["externalcontact/get"] = {"errcode": 84061, "errmsg": "not external contact"}
    with pytest.raises(NoSuchRelation) as caught:
        external_contact.get(client, "wmAAAA")
    assert caught.value.api == "externalcontact/get"

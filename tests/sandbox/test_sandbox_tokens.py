"""Tokens as WeCom gives them: one per app, two hours, revocable; and who may call at all."""

import pytest

from app.sandbox.server import Sandbox

from .conftest import Client


def test_a_token_stays_the_same_until_it_expires(box: Sandbox, wecom: Client) -> None:
    first = wecom.token()
    box.clock.move(7100)
    assert wecom.token() == first
    box.clock.move(101)
    assert wecom.token() != first


def test_a_token_is_long(wecom: Client) -> None:
    assert len(wecom.token()) > 200


def test_an_expired_token_is_refused(box: Sandbox, wecom: Client) -> None:
    token = wecom.token()
    box.clock.move(7200)
    assert wecom.plain("getcallbackip", access_token=token)["errcode"] == 42001


def test_a_revoked_token_is_refused_and_replaced(box: Sandbox, wecom: Client) -> None:
    token = wecom.token()
    box.revoke_tokens()
    assert wecom.plain("getcallbackip", access_token=token)["errcode"] == 40014
    assert wecom.get("getcallbackip")["errcode"] == 0


def test_a_missing_token_is_told(wecom: Client) -> None:
    assert wecom.plain("getcallbackip")["errcode"] == 41001


@pytest.mark.parametrize(
    ("query", "errcode"),
    [
        ({"corpsecret": "x"}, 41002),
        ({"corpid": "wwsandbox000000001"}, 41004),
        ({"corpid": "wwsomeoneelse", "corpsecret": "x"}, 40013),
        ({"corpid": "wwsandbox000000001", "corpsecret": "x"}, 40001),
    ],
)
def test_wrong_credentials_are_refused(wecom: Client, query: dict[str, str], errcode: int) -> None:
    assert wecom.plain("gettoken", **query)["errcode"] == errcode


def test_corp_and_app_have_tickets_of_their_own(wecom: Client) -> None:
    corp = wecom.get("get_jsapi_ticket")
    app = wecom.get("ticket/get", type="agent_config")
    assert corp["ticket"] != app["ticket"]
    assert wecom.get("get_jsapi_ticket")["ticket"] == corp["ticket"]


def test_an_app_not_ticked_may_not_touch_customers(box: Sandbox, wecom: Client) -> None:
    box.app.callable_external = False
    assert wecom.get("externalcontact/get_follow_user_list")["errcode"] == 48002


def test_an_untrusted_address_is_refused_and_named(box: Sandbox, wecom: Client) -> None:
    box.app.trusted_ips = {"192.0.2.1"}
    answer = wecom.get("department/list")
    assert answer["errcode"] == 60020
    assert "from ip: 127.0.0.1" in answer["errmsg"]


def test_an_error_carries_a_hint_and_the_tool_address(wecom: Client) -> None:
    errmsg = wecom.get("user/get", userid="nobody")["errmsg"]
    assert "hint: [" in errmsg
    assert errmsg.endswith("devtool/query?e=60111")


def test_escapes_in_the_body_are_refused(wecom: Client) -> None:
    body = rb'{"chat_id": "\u4f60"}'
    assert wecom.post_raw("externalcontact/groupchat/get", body)["errcode"] == 40033


def test_an_escaped_backslash_is_no_escape(wecom: Client) -> None:
    body = rb'{"chat_id": "\\u4f60"}'
    assert wecom.post_raw("externalcontact/groupchat/get", body)["errcode"] == 86003


def test_an_unknown_api_is_recorded_as_unanswered(box: Sandbox, wecom: Client) -> None:
    assert wecom.get("no/such/api")["errcode"] == 404001
    assert [call.api for call in box.ledger.unanswered()] == ["no/such/api"]


def test_tokens_and_secrets_stay_out_of_the_ledger(box: Sandbox, wecom: Client) -> None:
    token = wecom.token()
    wecom.get("department/list")
    written = str([call.as_dict() for call in box.ledger.calls()])
    assert token not in written
    assert box.secret not in written

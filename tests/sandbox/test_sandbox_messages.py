"""App messages: who gets them, what is a repeat, and what vanishes over the cap."""

from typing import Any

import pytest

from app.sandbox.server import Sandbox

from .conftest import Client

API = "message/send"


def text(box: Sandbox, touser: str = "zhaoyi", **more: Any) -> dict[str, Any]:
    content = {"content": "客户流失"}
    return {
        "touser": touser, "msgtype": "text", "agentid": box.agent_id, "text": content, **more
    }  # fmt: skip


def test_unknown_receivers_are_told_in_lower_case(box: Sandbox, wecom: Client) -> None:
    answer = wecom.post(API, **text(box, "zhaoyi|WhoIsThis"))
    assert answer["errcode"] == 0
    assert answer["invaliduser"] == "whoisthis"
    assert [message.userid for message in box.ledger.messages()] == ["zhaoyi"]


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"touser": "nobody"}, 81013),
        ({"touser": ""}, 82001),
        ({"agentid": 1}, 301002),
        ({"agentid": "x"}, 40056),
        ({"msgtype": "song"}, 40008),
        ({"text": {"content": ""}}, 44004),
        ({"msgtype": "textcard", "textcard": {"title": "x"}}, 40063),
    ],
)
def test_wrong_messages_are_refused(
    box: Sandbox, wecom: Client, change: dict[str, Any], errcode: int
) -> None:
    assert wecom.post(API, **(text(box) | change))["errcode"] == errcode


def test_everybody_is_reached_through_all(box: Sandbox, wecom: Client) -> None:
    wecom.post(API, **text(box, "@all"))
    assert {message.userid for message in box.ledger.messages()} == set(box.world.members)


def test_a_department_is_reached_with_those_below(box: Sandbox, wecom: Client) -> None:
    answer = wecom.post(API, **text(box, "", toparty="2|99"))
    assert answer["invalidparty"] == "99"
    reached = {message.userid for message in box.ledger.messages()}
    assert reached == {"qianer", "sunsan", "zhaoyi", "lisi"}


def test_the_same_json_is_delivered_once_within_the_interval(box: Sandbox, wecom: Client) -> None:
    body = text(box, enable_duplicate_check=1, duplicate_check_interval=600)
    wecom.post(API, **body)
    assert wecom.post(API, **body)["errcode"] == 0
    assert len(box.ledger.messages("zhaoyi")) == 1
    assert len(box.ledger.messages("zhaoyi", outcome="duplicate")) == 1
    box.clock.move(600)
    wecom.post(API, **body)
    assert len(box.ledger.messages("zhaoyi")) == 2


def test_without_the_check_the_same_json_comes_twice(box: Sandbox, wecom: Client) -> None:
    wecom.post(API, **text(box))
    wecom.post(API, **text(box))
    assert len(box.ledger.messages("zhaoyi")) == 2


def test_more_than_thirty_a_minute_vanish(box: Sandbox, wecom: Client) -> None:
    answers = [wecom.post(API, **text(box))["errcode"] for _ in range(32)]
    assert answers == [0] * 32
    assert len(box.ledger.messages("zhaoyi")) == 30
    assert len(box.ledger.messages("zhaoyi", outcome="dropped")) == 2
    box.clock.move(60)
    wecom.post(API, **text(box))
    assert len(box.ledger.messages("zhaoyi")) == 31


def test_a_card_needs_a_task_id_of_its_own(box: Sandbox, wecom: Client) -> None:
    card: dict[str, Any] = {
        "card_type": "button_interaction",
        "main_title": {"title": "客户流失"},
        "button_list": [{"text": "已跟进", "key": "done"}],
    }
    body = text(box, msgtype="template_card", template_card=card)
    assert wecom.post(API, **body)["errcode"] == 40063
    card["task_id"] = "loss-1"
    assert wecom.post(API, **body)["response_code"]
    assert wecom.post(API, **body)["errcode"] == 42014


UPDATE = "message/update_template_card"


def press(box: Sandbox) -> str:
    event = box.people.member_clicks_card("zhaoyi", task_id="task-1", key="done")
    return str(event.fields["ResponseCode"])


def update(box: Sandbox, code: str, **more: Any) -> dict[str, Any]:
    told = {"userids": ["zhaoyi"], "agentid": box.agent_id, "response_code": code}
    return told | {"button": {"replace_name": "已完成"}} | more


def test_a_code_updates_a_card_once(box: Sandbox, wecom: Client) -> None:
    first, second = press(box), press(box)
    assert [wecom.post(UPDATE, **update(box, first))["errcode"] for _ in range(2)] == [0, 60140]
    assert wecom.post(UPDATE, **update(box, second))["errcode"] == 0


def test_a_code_is_of_no_use_after_a_day(box: Sandbox, wecom: Client) -> None:
    code = press(box)
    box.clock.move(24 * 3600)
    assert wecom.post(UPDATE, **update(box, code))["errcode"] == 60140


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"response_code": "RC_of_nobody"}, 60140),
        ({"button": {}}, 40063),
        ({"userids": []}, 82001),
        ({"agentid": 1}, 301002),
    ],
)
def test_a_wrong_update_is_refused_and_costs_no_code(
    box: Sandbox, wecom: Client, change: dict[str, Any], errcode: int
) -> None:
    code = press(box)
    assert wecom.post(UPDATE, **update(box, code) | change)["errcode"] == errcode
    assert wecom.post(UPDATE, **update(box, code))["errcode"] == 0

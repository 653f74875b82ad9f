"""What a member's client shows: friends, welcomes, groups, notices; newest first and bounded."""

import time

from app.sandbox.conversations import CHATS_MOST, MESSAGES_MOST
from app.sandbox.server import Sandbox

from .conftest import Client, PagesApi

WELCOME = "externalcontact/send_welcome_msg"


def texts(messages: list[dict[str, object]]) -> list[object]:
    return [message["text"] for message in messages]


def test_a_new_friend_comes_first_and_unread(box: Sandbox, api: PagesApi) -> None:
    event = box.people.customer_scans("zhaoyi", name="王知夏", state="store-12")
    first = api.get("chats", userid="zhaoyi")["chats"][0]
    assert (first["kind"], first["id"], first["bond"]) == (
        "customer",
        event.external_userid,
        "both",
    )
    assert first["unread"] == 1
    assert first["last"]["text"] == "你已添加了王知夏，现在可以开始聊天了。"


def test_reading_takes_the_mark_away(box: Sandbox, api: PagesApi) -> None:
    customer = box.people.customer_scans("zhaoyi").external_userid
    api.post(f"chats/zhaoyi/customer/{customer}/read")
    assert api.get("chats", userid="zhaoyi")["chats"][0]["unread"] == 0


def test_a_welcome_is_a_bubble_for_each_part(box: Sandbox, wecom: Client, api: PagesApi) -> None:
    event = box.people.customer_scans("zhaoyi")
    link = {"msgtype": "link", "link": {"title": "门店地图", "url": "https://example.com/"}}
    body = {"welcome_code": event.welcome_code, "text": {"content": "您好"}}
    assert wecom.post(WELCOME, **body, attachments=[link])["errcode"] == 0
    text, card = api.chat("zhaoyi", event.external_userid)[-2:]
    assert (text["from"], text["kind"], text["text"]) == ("member", "text", "您好")
    assert (card["kind"], card["title"], card["url"]) == (
        "link",
        "门店地图",
        "https://example.com/",
    )


def test_a_customer_who_leaves_is_told_of_by_nothing(box: Sandbox, api: PagesApi) -> None:
    customer = box.people.customer_scans("zhaoyi").external_userid
    before = api.chat("zhaoyi", customer)
    box.people.customer_deletes_member("zhaoyi", customer)
    assert api.chat("zhaoyi", customer) == before
    assert api.get("chats", userid="zhaoyi")["chats"][0]["bond"] == "member_only"


def test_a_chat_stays_when_both_sides_are_gone(box: Sandbox, api: PagesApi) -> None:
    customer = box.people.customer_scans("zhaoyi").external_userid
    box.people.customer_deletes_member("zhaoyi", customer)
    box.people.member_deletes_customer("zhaoyi", customer)
    assert api.get("chats", userid="zhaoyi")["chats"][0]["bond"] == "none"


def test_a_transfer_is_told_to_both_members(box: Sandbox, api: PagesApi) -> None:
    customer = box.people.customer_scans("zhaoyi", name="王知夏").external_userid
    box.people.transfer_done("zhaoyi", "lisi", customer)
    assert api.chat("zhaoyi", customer)[-1]["text"] == "王知夏已转由其他同事服务。"
    assert texts(api.chat("lisi", customer)) == ["你已接替同事服务王知夏，现在可以开始聊天了。"]


def test_a_transfer_that_fails_says_why(box: Sandbox, api: PagesApi) -> None:
    customer = box.people.customer_scans("zhaoyi", name="王知夏").external_userid
    box.people.transfer_refused("zhaoyi", customer)
    assert api.chat("zhaoyi", customer)[-1]["text"] == "王知夏没有接受转接，仍由你服务。"
    box.people.transfer_refused("zhaoyi", customer, reason="customer_limit_exceed")
    assert api.chat("zhaoyi", customer)[-1]["text"] == "接替的同事客户已满，王知夏仍由你服务。"


def test_who_was_not_added_back_is_told_of_as_such(box: Sandbox, api: PagesApi) -> None:
    customer = box.people.customer_scans("zhaoyi", name="王知夏", half=True).external_userid
    assert texts(api.chat("zhaoyi", customer)) == ["王知夏通过免验证添加了你，你还没有加回。"]
    row = api.get("chats", userid="zhaoyi")["chats"][0]
    assert (row["bond"], row["deleted"]) == ("customer_only", False)
    box.people.member_adds_back("zhaoyi", customer)
    box.people.member_deletes_customer("zhaoyi", customer)
    row = api.get("chats", userid="zhaoyi")["chats"][0]
    assert (row["bond"], row["deleted"]) == ("customer_only", True)


def test_the_welcome_itself_says_how_long_it_took(
    box: Sandbox, wecom: Client, api: PagesApi
) -> None:
    event = box.people.customer_scans("zhaoyi")
    body = {"welcome_code": event.welcome_code, "text": {"content": "您好"}}
    assert wecom.post("externalcontact/send_welcome_msg", **body)["errcode"] == 0
    message = api.chat("zhaoyi", event.external_userid)[-1]
    assert message["welcome_ms"] == box.ledger.accepted_welcomes()[0].ms_from_event


def test_a_remark_is_the_title_of_the_chat(box: Sandbox, api: PagesApi) -> None:
    customer = box.people.customer_scans("zhaoyi", name="王知夏").external_userid
    box.people.member_edits_remark("zhaoyi", customer, remark="王-南山店")
    assert api.get(f"chats/zhaoyi/customer/{customer}")["title"] == "王-南山店"


def test_an_app_message_is_a_card_in_the_notices(
    box: Sandbox, wecom: Client, api: PagesApi
) -> None:
    card = {
        "card_type": "text_notice",
        "source": {"desc": "客户流失提醒"},
        "main_title": {"title": "王知夏删除了您", "desc": "添加于 3 天前"},
        "horizontal_content_list": [{"keyname": "来源", "value": "门店 12"}],
        "card_action": {"type": 1, "url": "http://127.0.0.1:8000/sidebar/"},
    }
    body = {"touser": "zhaoyi", "msgtype": "template_card", "agentid": box.agent_id}
    assert wecom.post("message/send", **body, template_card=card)["errcode"] == 0
    (shown,) = api.get(f"chats/zhaoyi/notices/{box.agent_id}")["messages"]
    assert (shown["from"], shown["kind"], shown["title"]) == ("app", "card", "王知夏删除了您")
    assert shown["rows"] == [{"name": "来源", "value": "门店 12"}]
    assert shown["url"] == "http://127.0.0.1:8000/sidebar/"
    assert api.get("chats", userid="zhaoyi")["chats"][0]["unread"] == 1


def test_a_card_that_was_answered_has_no_buttons_any_more(
    box: Sandbox, wecom: Client, api: PagesApi
) -> None:
    card = {
        "card_type": "button_interaction",
        "main_title": {"title": "该跟进了"},
        "button_list": [{"text": "完成", "key": "done"}],
        "task_id": "task-1",
    }
    body = {"touser": "zhaoyi", "msgtype": "template_card", "agentid": box.agent_id}
    assert wecom.post("message/send", **body, template_card=card)["errcode"] == 0
    (shown,) = api.get(f"chats/zhaoyi/notices/{box.agent_id}")["messages"]
    assert shown["buttons"] == [{"text": "完成", "key": "done"}]
    code = box.people.member_clicks_card("zhaoyi", task_id="task-1", key="done").fields
    told = {"userids": ["zhaoyi"], "agentid": box.agent_id, "button": {"replace_name": "已完成"}}
    wecom.post("message/update_template_card", **told, response_code=code["ResponseCode"])
    (shown,) = api.get(f"chats/zhaoyi/notices/{box.agent_id}")["messages"]
    assert (shown["buttons"], shown["answered"]) == ([], "已完成")


def test_the_notices_are_there_before_the_first_one(box: Sandbox, api: PagesApi) -> None:
    last = api.get("chats", userid="zhaoyi")["chats"][-1]
    assert (last["kind"], last["id"]) == ("notices", str(box.agent_id))
    assert api.get(f"chats/zhaoyi/notices/{box.agent_id}")["messages"] == []


def test_a_group_says_who_comes_and_goes(box: Sandbox, api: PagesApi) -> None:
    customer = box.people.new_customer("王知夏").external_userid
    chat_id = next(iter(box.world.groups))
    box.people.group_joined(chat_id, [customer])
    box.people.group_left(chat_id, [customer], quit_scene=1)
    shown = api.get(f"chats/zhaoyi/group/{chat_id}")
    assert texts(shown["messages"])[-2:] == [
        "王知夏通过扫描二维码加入群聊。",
        "王知夏被移出了群聊。",
    ]
    owner = shown["group"]["members"][0]
    assert (owner["userid"], owner["type"], owner["is_owner"]) == ("zhaoyi", 1, True)


def test_everybody_in_a_group_reads_what_one_writes(box: Sandbox, api: PagesApi) -> None:
    event = box.people.group_created("zhaoyi", "新群", members=["lisi"])
    said = {"from": "member", "userid": "zhaoyi", "chat_id": event.chat_id, "text": "大家好"}
    assert api.post("talk", **said)["message"]["text"] == "大家好"
    rows = [api.get("chats", userid=one)["chats"][0] for one in ("zhaoyi", "lisi")]
    assert [(row["id"], row["unread"]) for row in rows] == [(event.chat_id, 0), (event.chat_id, 1)]


def test_older_messages_are_paged_and_the_oldest_forgotten(box: Sandbox, api: PagesApi) -> None:
    customer = box.people.customer_scans("zhaoyi").external_userid
    for number in range(MESSAGES_MOST + 5):
        box.people.talk("zhaoyi", customer, text=str(number))
    newest = api.get(f"chats/zhaoyi/customer/{customer}", limit=150)
    assert (len(newest["messages"]), newest["more"]) == (150, True)
    before = newest["messages"][0]["seq"]
    older = api.get(f"chats/zhaoyi/customer/{customer}", limit=150, before=before)
    assert (len(older["messages"]), older["more"]) == (50, False)
    assert older["messages"][0]["text"] == "5"


def test_times_are_those_of_the_sandbox(box: Sandbox, api: PagesApi) -> None:
    box.clock.move(86400)
    customer = box.people.customer_scans("zhaoyi").external_userid
    assert api.chat("zhaoyi", customer)[0]["at"] > time.time() + 86000


def test_the_crowd_has_no_chats_before_somebody_meets_it(box: Sandbox, api: PagesApi) -> None:
    (userid,) = box.add_crowd(1_000_000, members=1)
    assert [row["kind"] for row in api.get("chats", userid=userid)["chats"]] == ["notices"]
    one = next(box.world.relations_from(userid)).external_userid
    box.people.customer_deletes_member(userid, one)
    box.people.customer_scans(userid, one)
    assert [row["id"] for row in api.get("chats", userid=userid)["chats"]][:1] == [one]


def test_a_member_keeps_so_many_chats_and_no_more(box: Sandbox, api: PagesApi) -> None:
    box.people.customers_scan(CHATS_MOST + 10, "lisi")
    assert len(list(box.conversations.list_of("lisi"))) == CHATS_MOST
    assert len(api.get("chats", userid="lisi")["chats"]) == 201


def test_events_about_nobody_known_are_no_lines(box: Sandbox, api: PagesApi) -> None:
    before = api.get("chats", userid="zhaoyi")
    box.people.something_happens(
        "change_external_contact",
        ChangeType="add_external_contact",
        UserID="zhaoyi",
        ExternalUserID="wmNobody",
    )
    box.people.something_happens("change_external_chat", ChangeType="create", ChatId="wrNone")
    assert api.get("chats", userid="zhaoyi") == before


def test_an_unknown_chat_is_a_mistake(api: PagesApi) -> None:
    answer = api.session.get(f"{api.address}/chats/zhaoyi/customer/wmNobody")
    assert answer.status_code == 400

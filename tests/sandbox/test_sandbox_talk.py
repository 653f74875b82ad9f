"""What people write to each other, and what the customer's phone shows of it."""

from app.sandbox.server import Sandbox

from .conftest import Client, PagesApi


def scan(box: Sandbox) -> dict[str, str]:
    customer = box.people.customer_scans("zhaoyi", name="王知夏").external_userid
    return {"userid": "zhaoyi", "external_userid": customer}


def test_what_one_writes_both_read(box: Sandbox, api: PagesApi) -> None:
    both = scan(box)
    said = api.post("talk", **{"from": "customer"}, **both, text="你好")
    assert said["delivered"]
    assert api.chat(**both)[-1] == said["message"]
    assert api.phone(both["external_userid"], "zhaoyi")[-1] == said["message"]
    assert api.get("chats", userid="zhaoyi")["chats"][0]["unread"] == 2


def test_talk_spends_the_welcome(box: Sandbox, wecom: Client, api: PagesApi) -> None:
    event = box.people.customer_scans("zhaoyi")
    both = {"userid": "zhaoyi", "external_userid": event.external_userid}
    api.post("talk", **{"from": "member"}, **both, text="您好")
    body = {"welcome_code": event.welcome_code, "text": {"content": "欢迎"}}
    assert wecom.post("externalcontact/send_welcome_msg", **body)["errcode"] == 41051
    assert [act.name for act in box.ledger.acts()] == ["talk"]


def test_a_member_writes_in_vain_to_a_customer_who_left(box: Sandbox, api: PagesApi) -> None:
    both = scan(box)
    box.people.customer_deletes_member("zhaoyi", both["external_userid"])
    said = api.post("talk", **{"from": "member"}, **both, text="在吗")
    assert (said["delivered"], said["message"]["failed"]) == (False, True)
    assert api.chat(**both)[-1]["text"] == "消息已发出，但被对方拒收了。"
    box.people.customer_scans("zhaoyi", both["external_userid"])
    assert "在吗" not in str(api.phone(both["external_userid"], "zhaoyi"))


def test_a_customer_writes_in_vain_to_a_member_who_deleted_him(box: Sandbox, api: PagesApi) -> None:
    both = scan(box)
    box.people.member_deletes_customer("zhaoyi", both["external_userid"])
    assert not api.post("talk", **{"from": "customer"}, **both, text="在吗")["delivered"]
    assert api.phone(both["external_userid"], "zhaoyi")[-1]["text"].endswith("被对方拒收了。")
    assert "在吗" not in str(api.chat(**both))


def test_whoever_ended_a_friendship_cannot_write(box: Sandbox, api: PagesApi) -> None:
    both = scan(box)
    box.people.customer_deletes_member("zhaoyi", both["external_userid"])
    assert api.refused("talk", **{"from": "customer"}, **both, text="你好") == 400
    assert api.refused("talk", **{"from": "nobody"}, **both, text="你好") == 400


def test_an_empty_message_is_refused(box: Sandbox, api: PagesApi) -> None:
    assert api.refused("talk", **{"from": "member"}, **scan(box), text=" \n") == 400


def test_a_customer_not_yet_confirmed_can_write(box: Sandbox, api: PagesApi) -> None:
    customer = box.people.customer_scans("zhaoyi", half=True).external_userid
    both = {"userid": "zhaoyi", "external_userid": customer}
    assert api.post("talk", **{"from": "customer"}, **both, text="你好")["delivered"]


def test_a_phone_shows_the_members_who_are_friends(box: Sandbox, api: PagesApi) -> None:
    customer = scan(box)["external_userid"]
    box.people.customer_scans("lisi", customer)
    box.people.customer_deletes_member("zhaoyi", customer)
    phone = api.get(f"phones/{customer}")
    assert phone["customer"]["name"] == "王知夏"
    assert [friend["userid"] for friend in phone["friends"]] == ["lisi"]
    assert not api.get(f"phones/{customer}/zhaoyi")["friend"]


def test_whoever_deletes_a_friend_loses_what_was_written(box: Sandbox, api: PagesApi) -> None:
    both = scan(box)
    api.post("talk", **{"from": "customer"}, **both, text="你好")
    box.people.customer_deletes_member("zhaoyi", both["external_userid"])
    box.people.customer_scans("zhaoyi", both["external_userid"])
    (hello,) = api.phone(both["external_userid"], "zhaoyi")
    assert hello["text"] == "你已添加了赵忆南，现在可以开始聊天了。"
    assert "你好" in [message["text"] for message in api.chat(**both)]


def test_the_newest_customers_can_be_played(box: Sandbox, api: PagesApi) -> None:
    customer = scan(box)["external_userid"]
    assert api.get("phones", limit=1)["customers"][0]["external_userid"] == customer


def test_only_those_in_a_group_can_write_into_it(box: Sandbox, api: PagesApi) -> None:
    chat_id = next(iter(box.world.groups))
    stranger = {"from": "member", "userid": "zhouwu", "chat_id": chat_id, "text": "你好"}
    assert api.refused("talk", **stranger) == 400


def test_menus_know_the_corp(box: Sandbox, api: PagesApi) -> None:
    corp = api.get("corp")
    assert {member["userid"] for member in corp["members"]} == set(box.world.members)
    assert [channel for channel in corp["channels"] if not channel["state"]]
    assert corp["tags"][0]["tags"][0]["id"].startswith("et")
    assert [group["chat_id"] for group in corp["groups"]][::-1] == list(box.world.groups)

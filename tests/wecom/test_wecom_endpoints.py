"""Each endpoint: what the sandbox answers is read into what we promise, and its refusals raised."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta

import pytest

from app import clock
from app.sandbox.seed import seeded_id
from app.sandbox.server import Sandbox, SandboxServer
from app.wecom import agent, department, external_contact, groupchat, media, message, user
from app.wecom.client import WeComClient, connect_wecom
from app.wecom.errors import (
    BadMedia,
    BadRequest,
    MissingPermission,
    NoSuchRelation,
    TryAgainLater,
    Unanswered,
    WelcomeBeingSent,
    WelcomeCodeSpent,
)

from .bare import config_for

ZHAOYI = "zhaoyi"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64


@pytest.fixture
def box() -> Sandbox:
    return Sandbox(seed=True)


@pytest.fixture
def client(box: Sandbox) -> Iterator[WeComClient]:
    with SandboxServer(box) as address:
        client = connect_wecom(config_for(address, box.secret, box.corp_id), None)
        yield client
        client.close()


@pytest.fixture
def customer(box: Sandbox) -> str:
    """A customer whom zhaoyi follows."""
    return next(box.world.relations_from(ZHAOYI)).external_userid


def test_a_customer_is_read_with_those_who_follow_him(
    box: Sandbox, client: WeComClient, customer: str
) -> None:
    box.people.member_edits_remark(ZHAOYI, customer, remark="王-南山店", description="周末到店")
    detail = external_contact.get(client, customer, within=5)
    (mine,) = [one for one in detail.follow_users if one.userid == ZHAOYI]
    assert detail.external_contact.external_userid == customer
    assert detail.external_contact.name == box.world.customers[customer].name
    assert (mine.remark, mine.description, mine.add_way) == ("王-南山店", "周末到店", 1)
    assert mine.createtime.tzinfo is UTC
    assert mine.tags[0].tag_id
    assert mine.tags[0].group_name == "客户来源"


def test_a_members_own_tag_has_no_id(box: Sandbox, client: WeComClient, customer: str) -> None:
    relation = box.world.find_relation(ZHAOYI, customer)
    assert relation
    relation.personal_tags.append("常客")
    (mine,) = [
        one for one in external_contact.get(client, customer).follow_users if one.userid == ZHAOYI
    ]
    assert [(tag.tag_name, tag.tag_id) for tag in mine.tags if tag.type == 2] == [("常客", None)]


def test_numbers_that_nothing_here_can_hold_are_taken_for_unknown(
    box: Sandbox, client: WeComClient, customer: str
) -> None:
    relation = box.world.find_relation(ZHAOYI, customer)
    assert relation
    relation.add_way, box.world.customers[customer].gender = 2**31, -1
    detail = external_contact.get(client, customer)
    (mine,) = [one for one in detail.follow_users if one.userid == ZHAOYI]
    assert (mine.add_way, detail.external_contact.gender) == (0, 0)


def test_an_unknown_customer_is_a_stale_row(client: WeComClient) -> None:
    with pytest.raises(NoSuchRelation):
        external_contact.get(client, "wmNobody", within=5)


def test_members_with_customers_are_listed(client: WeComClient) -> None:
    assert ZHAOYI in external_contact.get_follow_user_list(client)
    assert "zhouwu" not in external_contact.get_follow_user_list(client)


def test_a_members_customers_are_listed(client: WeComClient, customer: str) -> None:
    assert customer in external_contact.list_customers(client, ZHAOYI)


def test_a_member_without_customers_has_an_empty_list(client: WeComClient) -> None:
    assert external_contact.list_customers(client, "qianer") == ()


def test_a_page_of_customers_leads_to_the_next(client: WeComClient) -> None:
    seen, cursor = [], ""
    while True:
        page = external_contact.batch_get_by_user(client, [ZHAOYI, "lisi"], cursor=cursor, limit=2)
        seen += [(row.follow_info.userid, row.external_contact.name) for row in page.rows]
        assert all(row.follow_info.tag_ids for row in page.rows)
        if not (cursor := page.next_cursor):
            break
    assert len(seen) == len(set(seen)) > 4


def test_corp_tags_are_listed_by_group(client: WeComClient) -> None:
    groups = external_contact.get_corp_tag_list(client)
    assert [group.group_name for group in groups] == ["客户来源", "客户等级"]
    assert [tag.name for tag in groups[0].tags] == ["门店扫码", "朋友推荐", "线上活动"]


def test_a_remark_and_tags_are_written(box: Sandbox, client: WeComClient, customer: str) -> None:
    relation = box.world.find_relation(ZHAOYI, customer)
    assert relation
    (old,), new = relation.tag_ids, seeded_id("et", "Tag", 102)
    external_contact.remark(client, ZHAOYI, customer, remark="王-南山店", within=5)
    external_contact.mark_tag(client, ZHAOYI, customer, add=[new], remove=[old], within=5)
    assert (relation.remark, relation.tag_ids) == ("王-南山店", [new])


@pytest.mark.parametrize(
    ("userid", "tag_id", "errcode"), [("qianer", "", 84061), (ZHAOYI, "etUnknown", 40068)]
)
def test_a_tag_or_relation_that_is_not_there_is_a_stale_row(
    client: WeComClient, customer: str, userid: str, tag_id: str, errcode: int
) -> None:
    tag = tag_id or seeded_id("et", "Tag", 102)
    with pytest.raises(NoSuchRelation) as caught:
        external_contact.mark_tag(client, userid, customer, add=[tag])
    assert caught.value.errcode == errcode


def test_a_welcome_reaches_the_customer(box: Sandbox, client: WeComClient) -> None:
    event = box.people.customer_scans(ZHAOYI)
    link = {"msgtype": "link", "link": {"title": "新客指南", "url": "https://shop.example.com/"}}
    external_contact.send_welcome_msg(
        client, event.welcome_code, text="您好", attachments=[link], within=5
    )
    (welcome,) = box.ledger.accepted_welcomes()
    assert (welcome.text, welcome.external_userid) == ("您好", event.external_userid)
    assert welcome.attachments == [link]


def test_a_second_welcome_is_told_from_a_late_one(box: Sandbox, client: WeComClient) -> None:
    first, late = box.people.customer_scans(ZHAOYI), box.people.customer_scans(ZHAOYI)
    external_contact.send_welcome_msg(client, first.welcome_code, text="您好")
    spent = []
    box.clock.move(21)
    for code in (first.welcome_code, late.welcome_code):
        with pytest.raises(WelcomeCodeSpent) as caught:
            external_contact.send_welcome_msg(client, code, text="您好")
        spent.append(caught.value.errcode)
    assert spent[1] == 41050
    assert len(box.ledger.accepted_welcomes()) == 1


def test_a_welcome_that_another_app_is_sending_may_be_tried_again(
    box: Sandbox, client: WeComClient
) -> None:
    event = box.people.customer_scans(ZHAOYI)
    box.faults.errcode("externalcontact/send_welcome_msg", 41096)
    with pytest.raises(WelcomeBeingSent):
        external_contact.send_welcome_msg(client, event.welcome_code, text="您好")


def test_a_welcome_without_an_answer_may_have_been_sent(box: Sandbox, client: WeComClient) -> None:
    event = box.people.customer_scans(ZHAOYI)
    box.faults.drop_reply("externalcontact/send_welcome_msg", times=1)
    with pytest.raises(Unanswered):
        external_contact.send_welcome_msg(client, event.welcome_code, text="您好")
    assert len(box.ledger.accepted_welcomes()) == 1


def test_expired_media_is_told_from_other_faults(box: Sandbox, client: WeComClient) -> None:
    event = box.people.customer_scans(ZHAOYI)
    image = {"msgtype": "image", "image": {"media_id": "gone"}}
    with pytest.raises(BadMedia):
        external_contact.send_welcome_msg(
            client, event.welcome_code, text="您好", attachments=[image]
        )


def test_no_more_welcomes_are_in_flight_than_the_cap(box: Sandbox, client: WeComClient) -> None:
    events = box.people.customers_scan(64, ZHAOYI)
    box.faults.latency("externalcontact/send_welcome_msg", 0.05)
    with ThreadPoolExecutor(64) as pool:
        codes = [event.welcome_code for event in events]
        list(
            pool.map(
                lambda code: external_contact.send_welcome_msg(client, code, text="您好"), codes
            )
        )
    assert len(box.ledger.accepted_welcomes()) == 64
    assert 16 < box.ledger.most_in_flight("externalcontact/send_welcome_msg") <= 32


def test_no_more_reads_are_in_flight_than_the_cap(
    box: Sandbox, client: WeComClient, customer: str
) -> None:
    box.faults.latency("externalcontact/get", 0.02)
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: external_contact.get(client, customer), range(20)))
    assert 2 <= box.ledger.most_in_flight("externalcontact/get") <= 5


def test_a_crowded_api_is_tried_again_later(box: Sandbox, client: WeComClient) -> None:
    box.faults.errcode("user/get", 45033)
    with pytest.raises(TryAgainLater) as caught:
        user.get(client, ZHAOYI, within=5)
    assert caught.value.errcode == 45033


def test_an_app_that_is_not_callable_is_told_which_page_to_open(
    box: Sandbox, client: WeComClient, customer: str
) -> None:
    box.app.callable_external = False
    with pytest.raises(MissingPermission) as caught:
        external_contact.get(client, customer, within=5)
    assert "可调用接口的应用" in (caught.value.console or "")


def test_an_untrusted_server_is_told_its_ip(box: Sandbox, client: WeComClient) -> None:
    box.app.trusted_ips = {"203.0.113.7"}
    with pytest.raises(MissingPermission) as caught:
        user.get(client, ZHAOYI, within=5)
    assert "127.0.0.1" in caught.value.plain


def test_a_revoked_token_is_not_noticed_by_the_caller(box: Sandbox, client: WeComClient) -> None:
    user.get(client, ZHAOYI)
    box.revoke_tokens()
    assert user.get(client, ZHAOYI).userid == ZHAOYI


def test_a_group_is_read_with_its_members(client: WeComClient) -> None:
    group = groupchat.get(client, seeded_id("wr", "Group", 0), within=5)
    assert (group.name, group.owner) == ("南山会员群", ZHAOYI)
    assert [member.type for member in group.members] == [1, 2, 2, 2, 2]
    assert group.members[0].name == "赵忆南"
    assert group.member_version
    assert group.create_time < clock.utcnow()


def test_an_unknown_group_is_a_stale_row(client: WeComClient) -> None:
    with pytest.raises(NoSuchRelation):
        groupchat.get(client, "wrNobody", within=5)


def test_groups_are_listed_page_by_page_or_by_owner(
    box: Sandbox, client: WeComClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    everyone = list(box.world.groups)
    monkeypatch.setattr(groupchat, "LIST_LIMIT", len(everyone))
    made = str(box.people.group_created("qianer").chat_id)
    first = groupchat.list_chats(client)
    assert list(first.chat_ids) == everyone
    last = groupchat.list_chats(client, cursor=first.next_cursor)
    assert (last.chat_ids, last.next_cursor) == ((made,), "")
    assert made in groupchat.list_chats(client, owners=["qianer"]).chat_ids
    assert made not in groupchat.list_chats(client, owners=["lisi"]).chat_ids


def test_a_message_is_sent_by_our_app(box: Sandbox, client: WeComClient) -> None:
    text = {"touser": f"{ZHAOYI}|Nobody", "msgtype": "text", "text": {"content": "客户流失提醒"}}
    sent = message.send(client, text)
    assert [row.userid for row in box.ledger.messages()] == [ZHAOYI]
    assert sent.msgid
    assert [userid.lower() for userid in sent.invaliduser] == ["nobody"]


def test_a_message_to_nobody_is_refused(client: WeComClient) -> None:
    with pytest.raises(NoSuchRelation):
        message.send(client, {"touser": "Nobody", "msgtype": "text", "text": {"content": "提醒"}})


def test_a_card_is_updated_once_with_the_code_of_a_press(box: Sandbox, client: WeComClient) -> None:
    code = box.people.member_clicks_card(ZHAOYI, task_id="task-1", key="done").fields[
        "ResponseCode"
    ]
    told = {"userids": [ZHAOYI], "response_code": code, "replace_name": "已完成"}
    message.update_card(client, **told)
    with pytest.raises(BadRequest) as refused:
        message.update_card(client, **told)
    assert refused.value.errcode == 60140


def test_a_file_is_uploaded_and_can_be_sent(box: Sandbox, client: WeComClient) -> None:
    uploaded = media.upload(client, "image", filename="新品 海报.png", data=PNG)
    assert uploaded.type == "image"
    assert abs(uploaded.created_at - clock.utcnow()) < timedelta(seconds=5)
    assert box.world.media[uploaded.media_id].filename == "新品 海报.png"


def test_an_image_gets_an_address(client: WeComClient) -> None:
    url = media.uploadimg(client, filename="a.png", data=PNG)
    assert url.startswith("http")


def test_a_member_is_read(client: WeComClient) -> None:
    member = user.get(client, "qianer", within=5)
    assert (member.name, member.alias, member.position) == ("钱尔雅", "二雅", "区域经理")
    assert (member.departments, member.is_leader_in_dept) == ((1, 2), (False, True))
    assert user.get(client, ZHAOYI).direct_leader == ("sunsan",)


def test_a_member_who_left_is_a_stale_row(client: WeComClient) -> None:
    with pytest.raises(NoSuchRelation):
        user.get(client, "nobody", within=5)


def test_a_departments_members_are_listed(client: WeComClient) -> None:
    listed = {member.userid for member in user.list_in_department(client, 3)}
    assert listed == {"sunsan", ZHAOYI, "lisi"}


def test_departments_are_listed(client: WeComClient) -> None:
    tree = {one.id: (one.name, one.parentid) for one in department.list_all(client)}
    assert tree == {1: ("示例商贸", 0), 2: ("门店部", 1), 3: ("南山店", 2)}


def test_our_app_is_read(box: Sandbox, client: WeComClient) -> None:
    box.app.redirect_domain = "scrm.example.com"
    ours = agent.get(client)
    assert (ours.agentid, ours.redirect_domain) == (box.agent_id, "scrm.example.com")
    assert not ours.close


READS: dict[str, Callable[[WeComClient], object]] = {
    "externalcontact/get_follow_user_list": external_contact.get_follow_user_list,
    "externalcontact/get_corp_tag_list": external_contact.get_corp_tag_list,
    "department/list": department.list_all,
}


@pytest.mark.parametrize("api", READS)
def test_a_background_read_is_patient(box: Sandbox, client: WeComClient, api: str) -> None:
    client._waiter = lambda _: None  # noqa: SLF001 -- so that the test does not wait
    box.faults.errcode(api, -1, times=2)
    assert READS[api](client)

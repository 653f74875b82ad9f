"""Customers, tags, groups and contacts as the API shows them, page by page."""

from typing import Any

import pytest

from app.sandbox.seed import seeded_id
from app.sandbox.server import Sandbox

from .conftest import Client

BATCH = "externalcontact/batch/get_by_user"


def pages_of(wecom: Client, limit: int) -> list[dict[str, Any]]:
    pages, cursor = [], ""
    while True:
        userids = ["zhaoyi", "lisi", "sunsan"]
        page = wecom.post(BATCH, userid_list=userids, cursor=cursor, limit=limit)
        pages.append(page)
        cursor = page["next_cursor"]
        if not cursor:
            return pages


def test_paging_shows_every_relation_once(box: Sandbox, wecom: Client) -> None:
    rows = [row for page in pages_of(wecom, 4) for row in page["external_contact_list"]]
    shown = [(r["follow_info"]["userid"], r["external_contact"]["external_userid"]) for r in rows]
    held = [
        (relation.userid, relation.external_userid)
        for userid in ("zhaoyi", "lisi", "sunsan")
        for relation in box.world.relations_from(userid)
    ]
    assert shown == held


def test_a_page_is_fifty_by_default_and_a_hundred_at_most(box: Sandbox, wecom: Client) -> None:
    box.people.customers_scan(150, "qianer")
    default = wecom.post(BATCH, userid_list=["qianer"])
    greedy = wecom.post(BATCH, userid_list=["qianer"], limit=1000)
    assert len(default["external_contact_list"]) == 50
    assert len(greedy["external_contact_list"]) == 100


def test_a_cursor_survives_changes_between_pages(box: Sandbox, wecom: Client) -> None:
    events = box.people.customers_scan(10, "qianer")
    first = wecom.post(BATCH, userid_list=["qianer"], limit=5)
    box.people.member_deletes_customer("qianer", events[0].external_userid)
    rest = wecom.post(BATCH, userid_list=["qianer"], limit=5, cursor=first["next_cursor"])
    shown = [row["external_contact"]["external_userid"] for row in rest["external_contact_list"]]
    assert shown == [event.external_userid for event in events[5:]]


def test_a_bad_cursor_is_refused(wecom: Client) -> None:
    assert wecom.post(BATCH, userid_list=["lisi"], cursor="x")["errcode"] == 40058


def test_a_member_without_customers_answers_84061(wecom: Client) -> None:
    assert wecom.get("externalcontact/list", userid="qianer")["errcode"] == 84061


def test_who_deleted_whom_decides_what_the_api_shows(box: Sandbox, wecom: Client) -> None:
    left = box.people.customer_scans("qianer").external_userid
    dropped = box.people.customer_scans("qianer").external_userid
    box.people.customer_deletes_member("qianer", left)
    box.people.member_deletes_customer("qianer", dropped)
    assert wecom.get("externalcontact/get", external_userid=left)["errcode"] == 0
    assert wecom.get("externalcontact/get", external_userid=dropped)["errcode"] == 84061
    assert wecom.get("externalcontact/get", external_userid="wmNobody")["errcode"] == 40096


def test_a_half_add_is_no_relation_yet(box: Sandbox, wecom: Client) -> None:
    who = box.people.customer_scans("qianer", half=True).external_userid
    whose = {"userid": "qianer", "external_userid": who}
    assert wecom.post("externalcontact/remark", **whose, remark="x")["errcode"] == 84061
    box.people.member_adds_back("qianer", who)
    assert wecom.post("externalcontact/remark", **whose, remark="x")["errcode"] == 0


def test_get_shows_tags_by_name_and_batch_by_id(wecom: Client) -> None:
    external_userid = seeded_id("wm", "Customer", 3)
    tag_id = seeded_id("et", "Tag", 100)
    got = wecom.get("externalcontact/get", external_userid=external_userid)
    (follower,) = got["follow_user"]
    assert follower["tags"] == [
        {"group_name": "客户等级", "tag_name": "普通", "tag_id": tag_id, "type": 1}
    ]
    rows = wecom.post(BATCH, userid_list=[follower["userid"]])["external_contact_list"]
    infos = {row["external_contact"]["external_userid"]: row["follow_info"] for row in rows}
    assert infos[external_userid]["tag_id"] == [tag_id]


def test_tags_are_marked_and_unmarked(box: Sandbox, wecom: Client) -> None:
    relation = next(box.world.relations_from("zhaoyi"))
    whose = {"userid": "ZhaoYi", "external_userid": relation.external_userid}
    old, new = relation.tag_ids[0], seeded_id("et", "Tag", 102)
    api = "externalcontact/mark_tag"
    assert wecom.post(api, **whose, add_tag=[new], remove_tag=[old])["errcode"] == 0
    assert relation.tag_ids == [new]
    assert wecom.post(api, **whose, add_tag=["etUnknown"])["errcode"] == 40068
    assert wecom.post(api, **whose)["errcode"] == 40058


def test_a_remark_has_twenty_characters_and_is_never_empty(box: Sandbox, wecom: Client) -> None:
    relation = next(box.world.relations_from("zhaoyi"))
    whose = {"userid": "zhaoyi", "external_userid": relation.external_userid}
    api = "externalcontact/remark"
    assert wecom.post(api, **whose, remark="备" * 20)["errcode"] == 0
    assert wecom.post(api, **whose, remark="备" * 21)["errcode"] == 40058
    assert wecom.post(api, **whose, remark="")["errcode"] == 40058
    assert relation.remark == "备" * 20


def test_an_empty_mobile_clears_the_mobiles(box: Sandbox, wecom: Client) -> None:
    relation = next(box.world.relations_from("zhaoyi"))
    relation.remark_mobiles = ["13800000000"]
    whose = {"userid": "zhaoyi", "external_userid": relation.external_userid}
    wecom.post("externalcontact/remark", **whose, remark_mobiles=[""])
    assert relation.remark_mobiles == []


def test_a_deleted_tag_is_told_only_when_asked_for(box: Sandbox, wecom: Client) -> None:
    tag_id = seeded_id("et", "Tag", 0)
    box.people.tag_deleted(tag_id)
    api = "externalcontact/get_corp_tag_list"
    everything = wecom.post(api)["tag_group"]
    assert tag_id not in {tag["id"] for group in everything for tag in group["tag"]}
    assert wecom.post(api, tag_id=[tag_id])["tag_group"][0]["tag"][0]["deleted"] is True


def test_a_group_changes_its_version_with_its_members(box: Sandbox, wecom: Client) -> None:
    chat_id = seeded_id("wr", "Group", 0)
    api = "externalcontact/groupchat/get"
    before = wecom.post(api, chat_id=chat_id)["group_chat"]
    event = box.people.group_joined(chat_id, [seeded_id("wm", "Customer", 11)])
    after = wecom.post(api, chat_id=chat_id, need_name=1)["group_chat"]
    assert event.fields["LastMemVer"] == before["member_version"]
    assert event.fields["CurMemVer"] == after["member_version"]
    assert before["member_version"] != after["member_version"]
    assert "name" not in before["member_list"][0]
    assert after["member_list"][-1]["name"] == "尤佳期"


def test_groups_gone_and_unknown_are_told_apart(box: Sandbox, wecom: Client) -> None:
    chat_id = seeded_id("wr", "Group", 0)
    box.people.group_dismissed(chat_id)
    api = "externalcontact/groupchat/get"
    assert wecom.post(api, chat_id=chat_id)["errcode"] == 49008
    assert wecom.post(api, chat_id="wrUnknown")["errcode"] == 86003


def test_groups_are_listed_by_owner_and_page(wecom: Client) -> None:
    api = "externalcontact/groupchat/list"
    assert wecom.post(api)["errcode"] == 40058
    first = wecom.post(api, limit=2)
    second = wecom.post(api, limit=2, cursor=first["next_cursor"])
    assert (len(first["group_chat_list"]), len(second["group_chat_list"])) == (2, 1)
    assert second["next_cursor"] == ""
    mine = wecom.post(api, limit=10, owner_filter={"userid_list": ["lisi"]})
    assert len(mine["group_chat_list"]) == 1


def test_departments_are_nested(wecom: Client) -> None:
    below = wecom.get("department/list", id=2)["department"]
    assert [(one["id"], one["parentid"]) for one in below] == [(2, 1), (3, 2)]
    assert wecom.get("department/list", id=9)["errcode"] == 60003


def test_a_department_lists_its_own_members_unless_asked_for_more(wecom: Client) -> None:
    own = wecom.get("user/simplelist", department_id=2)["userlist"]
    below = wecom.get("user/list", department_id=2, fetch_child=1)["userlist"]
    assert [member["userid"] for member in own] == ["qianer"]
    assert len(below) == 4


def test_members_outside_the_visible_range_are_not_shown(box: Sandbox, wecom: Client) -> None:
    box.app.visible = {"lisi"}
    assert wecom.get("user/get", userid="zhaoyi")["errcode"] == 60011
    assert wecom.get("externalcontact/get_follow_user_list")["follow_user"] == ["lisi"]


@pytest.mark.parametrize("userid", ["lisi", "LiSi"])
def test_the_case_of_a_userid_does_not_matter(wecom: Client, userid: str) -> None:
    assert wecom.get("user/get", userid=userid)["userid"] == "lisi"


def test_the_app_tells_its_settings(box: Sandbox, wecom: Client) -> None:
    box.app.redirect_domain = "127.0.0.1:8000"
    told = wecom.get("agent/get", agentid=box.agent_id)
    assert told["redirect_domain"] == "127.0.0.1:8000"
    assert wecom.get("agent/get", agentid=1)["errcode"] == 301002


def test_a_transfer_moves_the_relation(box: Sandbox, wecom: Client) -> None:
    who = box.people.customer_scans("zhaoyi", state="store-1").external_userid
    gone, come = box.people.transfer_done("zhaoyi", "qianer", who)
    assert gone.fields["Source"] == "DELETE_BY_TRANSFER"
    assert come.change_type == "add_external_contact"
    followers = wecom.get("externalcontact/get", external_userid=who)["follow_user"]
    assert [one["userid"] for one in followers] == ["qianer"]

"""A crowd of customers takes no memory, pages like others, and becomes real when touched."""

import tracemalloc

import pytest

from app.sandbox.crowd import Crowd
from app.sandbox.server import Sandbox

from .conftest import Client

BATCH = "externalcontact/batch/get_by_user"


def shown(box: Sandbox, userid: str) -> list[str]:
    return [relation.external_userid for relation in box.world.relations_from(userid)]


@pytest.mark.parametrize("members", ["a", "ab", "abcdefg"])
@pytest.mark.parametrize("size", [0, 1, 6, 7, 8, 20, 71])
def test_everybody_in_the_crowd_has_his_places(size: int, members: str) -> None:
    crowd = Crowd(size, list(members), now=1700000000, tag_ids=["x", "y", "z"])
    listed = [crowd.relation_at(u, p) for u in members for p in range(crowd.length(u))]
    people = {relation.external_userid for relation in listed}
    assert len(people) == size
    told = [relation for one in people for relation in crowd.relations(one)]
    assert sorted(told, key=repr) == sorted(listed, key=repr)
    assert len({(one.userid, one.position) for one in listed}) == len(listed)


def test_some_of_the_crowd_have_two_members_and_all_have_tags() -> None:
    crowd = Crowd(1_000_000, [f"u{number}" for number in range(400)], now=0, tag_ids=list("abcdef"))
    assert sum(crowd.length(f"u{number}") for number in range(400)) == 1_200_000
    marks = [len(crowd.relation_at("u7", place).tag_ids) for place in range(crowd.length("u7"))]
    assert sum(marks) / len(marks) == pytest.approx(2.5, abs=0.1)


def test_a_million_customers_take_no_memory(box: Sandbox, wecom: Client) -> None:
    (userid,) = box.add_crowd(1_000_000, members=1)
    page = wecom.post(BATCH, userid_list=[userid], limit=100)
    rows = page["external_contact_list"]
    assert len(rows) == 100
    assert len({row["external_contact"]["external_userid"] for row in rows}) == 100
    assert len(box.world.customers) == 12


def test_a_touched_customer_keeps_his_place_and_what_was_written(
    box: Sandbox, wecom: Client
) -> None:
    userid, _ = box.add_crowd(10, members=2)
    before = shown(box, userid)
    whose = {"userid": userid, "external_userid": before[2]}
    assert wecom.post("externalcontact/remark", **whose, remark="老客户")["errcode"] == 0
    assert shown(box, userid) == before
    got = wecom.get("externalcontact/get", external_userid=before[2])
    assert [follower["remark"] for follower in got["follow_user"]] == ["老客户"]


def test_one_who_leaves_the_crowd_and_returns_stands_last(box: Sandbox) -> None:
    userid, _ = box.add_crowd(10, members=2)
    before = shown(box, userid)
    box.people.member_deletes_customer(userid, before[1])
    assert shown(box, userid) == [before[0], *before[2:]]
    assert box.people.customer_scans(userid, before[1]).welcome_code
    assert shown(box, userid) == [before[0], *before[2:], before[1]]


def test_a_shared_customer_is_touched_with_both_his_members(box: Sandbox, wecom: Client) -> None:
    box.add_crowd(10, members=2)
    shared = next(one for one in shown(box, "crowd0000") if one in shown(box, "crowd0001"))
    whose = {"userid": "crowd0001", "external_userid": shared}
    assert wecom.post("externalcontact/remark", **whose, remark="两个人的")["errcode"] == 0
    got = wecom.get("externalcontact/get", external_userid=shared)
    remarks = {one["userid"]: one["remark"] for one in got["follow_user"]}
    assert remarks.keys() == {"crowd0000", "crowd0001"}
    assert remarks["crowd0001"] == "两个人的"


def test_a_million_customers_are_paged_through_without_memory(box: Sandbox, wecom: Client) -> None:
    userids = box.add_crowd(1_000_000, members=100)
    wecom.post(BATCH, userid_list=userids, limit=100)
    tracemalloc.start()
    cursor = ""
    for _page in range(50):
        cursor = wecom.post(BATCH, userid_list=userids, limit=100, cursor=cursor)["next_cursor"]
    grown, _most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # What is left is the ledger's row of each call, which does not hold the hundred members anew.
    assert grown < 50 * 8000

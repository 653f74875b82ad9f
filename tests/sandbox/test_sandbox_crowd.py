"""A crowd of customers takes no memory, pages like others, and becomes real when touched."""

import pytest

from app.sandbox.crowd import Crowd
from app.sandbox.server import Sandbox

from .conftest import Client

BATCH = "externalcontact/batch/get_by_user"


def shown(box: Sandbox, userid: str) -> list[str]:
    return [relation.external_userid for relation in box.world.relations_from(userid)]


@pytest.mark.parametrize("size", [0, 1, 6, 7, 8, 20])
def test_everybody_in_the_crowd_has_one_place(size: int) -> None:
    crowd = Crowd(size, ["a", "b", "c"], now=1700000000)
    relations = [crowd.relation_at(u, p) for u in "abc" for p in range(crowd.length(u))]
    assert len({relation.external_userid for relation in relations}) == size
    assert all(crowd.relation(one.external_userid) == one for one in relations)


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

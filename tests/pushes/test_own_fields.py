"""Description and numbers: WeCom is told of them with the remark, and each field is its own."""

import pytest

from app.customers.queries import list_timeline, word_entry
from tests.pushes.desk import REMARK, Desk, desk

__all__ = ["desk"]


def test_remark_description_and_numbers_that_wait_go_in_one_call(desk: Desk) -> None:
    desk.remark("李姐")
    desk.describe("周末到店")
    desk.note("13900005678")
    desk.work()
    assert len(desk.calls(REMARK)) == 1
    relation = desk.relation
    assert (relation.remark, relation.description) == ("李姐", "周末到店")
    assert relation.remark_mobiles == ["13900005678"]
    assert [outcome for outcome, _ in desk.pushes()] == ["done"] * 3


def test_a_description_is_emptied_and_the_remark_stays(desk: Desk) -> None:
    desk.box.people.member_edits_remark("zhaoyi", desk.customer, remark="李姐")
    desk.describe("周末到店")
    desk.work()
    desk.describe("")
    desk.work()
    assert (desk.relation.remark, desk.relation.description) == ("李姐", "")
    assert {outcome for outcome, _ in desk.pushes()} == {"done"}


def test_a_number_that_was_noted_in_wecom_meanwhile_stays_there(desk: Desk) -> None:
    desk.relation.remark_mobiles = ["13700000001", "13700000002"]
    desk.read()
    # No event tells of this one.
    desk.relation.remark_mobiles.append("13700000003")
    desk.note("13900005678")
    desk.unnote("13700000001")
    desk.work()
    assert desk.relation.remark_mobiles == ["13700000002", "13700000003", "13900005678"]
    desk.read()
    assert desk.noted()[1] == ["13700000002", "13700000003", "13900005678"]


def test_the_last_number_is_taken_away_in_wecom_too(desk: Desk) -> None:
    desk.note("13900005678")
    desk.work()
    desk.unnote("13900005678")
    desk.work()
    assert desk.relation.remark_mobiles == []


@pytest.mark.parametrize("field", ["description", "mobiles"])
def test_each_field_that_is_under_way_stays_and_the_others_are_taken_over(
    desk: Desk, field: str
) -> None:
    if field == "description":
        desk.describe("这边写的")
    else:
        desk.note("13900005678")
    desk.box.people.member_edits_remark("zhaoyi", desk.customer, remark="那边写的")
    desk.relation.description = "那边写的"
    desk.relation.remark_mobiles = ["13700000001"]
    desk.read()
    ours = ("那边写的", ["13900005678"])
    if field == "description":
        ours = ("这边写的", ["13700000001"])
    assert (desk.ours()[0], desk.noted()) == ("那边写的", ours)
    desk.work()
    desk.read()
    both = ["13700000001", "13900005678"]
    assert desk.noted() == (ours if field == "description" else ("那边写的", both))


def test_what_came_to_be_in_wecom_by_hand_ends_the_failure_of_each_field(desk: Desk) -> None:
    desk.box.faults.errcode("externalcontact/remark", 48002, times=3)
    desk.describe("周末到店")
    desk.note("13900005678")
    desk.work()
    assert {outcome for outcome, _ in desk.pushes()} == {"failed"}
    desk.relation.description, desk.relation.remark_mobiles = "周末到店", ["13900005678"]
    desk.read()
    assert {outcome for outcome, _ in desk.pushes()} == {"done"}


def test_the_timeline_tells_who_wrote_last_and_no_number(desk: Desk) -> None:
    desk.describe("这边写的")
    desk.note("13900005678")
    desk.work()
    desk.relation.description, desk.relation.remark_mobiles = "那边写的", []
    desk.read()
    with desk.runtime.db.read() as session:
        entries = list_timeline(session, desk.customer)
        told = [word_entry(one) for one in entries]
        assert "13900005678" not in str([one.data for one in entries])
    assert {"描述改为「这边写的」", "描述改为「那边写的」 · 来自企业微信"} <= set(told)
    assert {"电话已修改", "电话已修改 · 来自企业微信"} <= set(told)

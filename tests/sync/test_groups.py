"""A comparison goes through the customer groups: what no event told of them is found and told."""

from datetime import datetime

import pytest
from sqlalchemy import select

from app import clock
from app.customers.models import TimelineEntry
from app.customers.queries.timeline import word_entry
from app.groups.models import GroupMember
from app.runtime import Runtime
from app.sandbox.records import CallRecord
from app.sandbox.server import Sandbox
from tests.sync.walks import begin, give_back, go_on, our_groups, walk, wecoms, wecoms_groups

LIST, GET = "externalcontact/groupchat/list", "externalcontact/groupchat/get"


@pytest.fixture
def chat_id(box: Sandbox) -> str:
    """Make a group with two customers in it, of which no event has told."""
    record = box.people.group_created("zhaoyi", "夏日团购群", members=["wmOne", "wmTwo", "lisi"])
    return str(record.chat_id)


def pass_a_day(runtime: Runtime, box: Sandbox) -> datetime:
    box.clock.move(86_400)
    clock.follow(runtime.config.wecom.clock_file)
    return clock.utcnow()


def told(runtime: Runtime, external_userid: str) -> list[str]:
    """Return what a customer's timeline says, in the order of time."""
    wanted = select(TimelineEntry).where(TimelineEntry.external_userid == external_userid)
    with runtime.db.read() as session:
        return [word_entry(one) for one in session.scalars(wanted.order_by(TimelineEntry.at))]


def test_groups_from_before_are_complete_and_no_timeline_tells_of_it(
    runtime: Runtime, box: Sandbox, chat_id: str
) -> None:
    run = walk(runtime)
    assert our_groups(runtime) == wecoms_groups(box)
    assert our_groups(runtime)[chat_id]["people"].keys() == {"zhaoyi", "lisi", "wmOne", "wmTwo"}
    assert (run.groups_read, run.group_moves) == (len(box.world.groups), 0)
    assert told(runtime, "wmOne") == []


def test_who_came_and_went_unheard_is_found_counted_and_told(
    runtime: Runtime, box: Sandbox, chat_id: str
) -> None:
    walk(runtime)
    pass_a_day(runtime, box)
    box.people.group_joined(chat_id, ["wmThree"])
    box.people.group_left(chat_id, ["wmOne"])
    box.people.group_renamed(chat_id, "秋日团购群")
    pass_a_day(runtime, box)
    run = walk(runtime, "nightly")
    assert our_groups(runtime) == wecoms_groups(box)
    assert run.group_moves == 2
    assert told(runtime, "wmThree") == ["加入客户群「秋日团购群」 · 对账发现"]
    assert told(runtime, "wmOne") == ["退出客户群「秋日团购群」 · 对账发现"]
    assert told(runtime, "wmTwo") == []
    # Another one finds nothing left.
    assert walk(runtime, "nightly").group_moves == 0
    assert len(told(runtime, "wmThree")) == 1


def test_a_group_that_was_made_unheard_is_found(runtime: Runtime, box: Sandbox) -> None:
    walk(runtime)
    pass_a_day(runtime, box)
    box.people.group_created("lisi", "新群", members=["wmOne"])
    run = walk(runtime, "nightly")
    assert our_groups(runtime) == wecoms_groups(box)
    assert run.group_moves == 2
    assert told(runtime, "wmOne") == ["加入客户群「新群」 · 对账发现"]


def test_a_group_that_was_dissolved_unheard_ends(
    runtime: Runtime, box: Sandbox, chat_id: str
) -> None:
    walk(runtime)
    pass_a_day(runtime, box)
    box.people.group_dismissed(chat_id)
    run = walk(runtime, "nightly")
    assert (run.groups_dismissed, our_groups(runtime)) == (1, wecoms_groups(box))
    assert told(runtime, "wmOne") == ["客户群「夏日团购群」已解散 · 对账发现"]
    with runtime.db.read() as session:
        stays = select(GroupMember.left_at).where(GroupMember.chat_id == chat_id)
        assert None not in session.scalars(stays).all()
    assert walk(runtime, "nightly").groups_dismissed == 0


def test_a_large_corp_is_asked_by_owners(
    runtime: Runtime, box: Sandbox, small_pieces: None, chat_id: str
) -> None:
    del small_pieces
    for number, owner in enumerate(("zhaoyi", "lisi", "qianer")):
        box.people.group_created(owner, f"群{number}")
    box.faults.errcode(LIST, 81017)
    run = walk(runtime)
    assert our_groups(runtime) == wecoms_groups(box)
    assert chat_id in our_groups(runtime)
    assert run.groups_errcode is None
    asked = [len(call.params["body"]["owner_filter"]["userid_list"]) for call in owners(box)]
    assert asked
    assert set(asked) == {2}


def owners(box: Sandbox) -> list[CallRecord]:
    return [call for call in box.ledger.calls(LIST) if "owner_filter" in call.params["body"]]


def test_who_may_not_read_groups_has_everything_else_compared(
    runtime: Runtime, box: Sandbox
) -> None:
    box.faults.errcode("externalcontact/groupchat/*", 48002, times=None)
    run = walk(runtime)
    assert (run.groups_errcode, run.groups_read) == (48002, 0)
    assert run.listed == len(wecoms(box))


def test_a_group_that_wecom_refuses_is_left_out(runtime: Runtime, box: Sandbox) -> None:
    box.faults.errcode(GET, 60011)
    run = walk(runtime)
    assert run.groups_read == len(box.world.groups) - 1


def test_at_wecoms_limit_groups_wait_and_are_gone_on_with(
    runtime: Runtime, box: Sandbox, chat_id: str
) -> None:
    fault = box.faults.errcode(GET, 45009)
    run = go_on(runtime, begin(runtime))
    assert (run.outcome, run.phase, run.errcode) == (None, "groups", 45009)
    box.faults.clear(fault)
    runtime.wecom.limits._gates.clear()  # noqa: SLF001 -- a minute that nobody waits for
    give_back(runtime)
    run = go_on(runtime, run.id)
    assert (run.outcome, run.errcode) == ("done", None)
    assert chat_id in our_groups(runtime)

"""WeCom is told what was changed: once it can be, together where it goes together, with an end."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from app import clock
from app.claims import RETRY_SECONDS, Claim, claim_due
from app.customers.actions import (
    add_mobile,
    change_description,
    change_remark,
    mark_tag,
    remove_mobile,
)
from app.customers.jobs import read_customer, sync_tags
from app.customers.models import Tag
from app.customers.queries import find_follow, list_marked, list_timeline, word_entry
from app.db import Database
from app.pushes.models import Push
from app.pushes.queries import IS_FIRST
from app.pushing import work_push
from app.runtime import Runtime, build_runtime
from app.sandbox.records import CallRecord
from app.sandbox.server import Sandbox, SandboxServer
from app.sandbox.world import Relation
from tests.settings import make_config

REMARK, MARK_TAG = "externalcontact/remark", "externalcontact/mark_tag"


@dataclass
class Desk:
    """A member's desk: his customer in the sandbox, his changes, the lane worked by hand."""

    box: Sandbox
    runtime: Runtime
    customer: str

    @property
    def relation(self) -> Relation:
        found = self.box.world.find_relation("zhaoyi", self.customer)
        assert found
        return found

    def remark(self, text: str) -> None:
        self.runtime.db.commit(
            lambda session: change_remark(session, self.customer, userid="zhaoyi", remark=text)
        )

    def describe(self, text: str) -> None:
        self.runtime.db.commit(
            lambda session: change_description(
                session, self.customer, userid="zhaoyi", description=text
            )
        )

    def note(self, number: str) -> None:
        self.runtime.db.commit(
            lambda session: add_mobile(session, self.customer, userid="zhaoyi", typed=number)
        )

    def unnote(self, number: str) -> None:
        self.runtime.db.commit(
            lambda session: remove_mobile(session, self.customer, userid="zhaoyi", number=number)
        )

    def noted(self) -> tuple[str, list[str]]:
        """Return description and numbers as we have them."""
        with self.runtime.db.read() as session:
            follow = find_follow(session, "zhaoyi", self.customer)
            assert follow
            return follow.description, follow.remark_mobiles

    def toggle(self, number: int, *, on: bool = True) -> str:
        """Give or take the corp's tag of this number; return its tag_id."""
        tag = self.tags()[number]
        self.runtime.db.commit(
            lambda session: mark_tag(session, self.customer, userid="zhaoyi", tag_key=tag.id, on=on)
        )
        return tag.tag_id

    def tags(self) -> list[Tag]:
        with self.runtime.db.read() as session:
            return list(session.scalars(select(Tag).order_by(Tag.id)))

    def ours(self) -> tuple[str, set[str]]:
        """Return remark and tags as we have them."""
        with self.runtime.db.read() as session:
            follow = find_follow(session, "zhaoyi", self.customer)
            assert follow
            return follow.remark, list_marked(session, follow)

    def claim(self) -> list[Claim]:
        with self.runtime.db.write() as session:
            return claim_due(session, Push, IS_FIRST, limit=10, lease=20)

    def work(self) -> None:
        """Work the lane until nothing is due."""
        while claims := self.claim():
            for one in claims:
                work_push(self.runtime, one)

    def read(self) -> None:
        """Read the customer from WeCom, as an event has us do."""
        record = read_customer(self.runtime, self.customer)
        assert record
        self.runtime.db.commit(record)

    def pushes(self) -> list[tuple[str | None, str]]:
        with self.runtime.db.read() as session:
            rows = session.scalars(select(Push).order_by(Push.id))
            return [(push.outcome, push.reason) for push in rows]

    def calls(self, api: str) -> list[CallRecord]:
        return self.box.ledger.calls(api)

    def wait(self, seconds: float) -> None:
        self.box.clock.move(seconds)
        while abs(clock.utcnow().timestamp() - self.box.clock.time()) > 0.05:
            pass


@pytest.fixture
def desk(tmp_path: Path, db: Database) -> Iterator[Desk]:
    """Give zhaoyi's desk, with a customer and the corp's tags read."""
    box = Sandbox(tmp_path / "clock", seed=True)
    clock.follow(tmp_path / "clock")
    with SandboxServer(box) as address:
        wecom = {"api_base": address, "secret": box.secret}
        config = make_config(tmp_path, database={"url": str(db.url)}, wecom=wecom)
        runtime = build_runtime(config)
        customer = box.people.customer_scans("zhaoyi", name="李晓雯").external_userid
        made = Desk(box, runtime, customer)
        made.wait(0)
        sync_tags(runtime)
        made.read()
        yield made
        runtime.db.close()
        runtime.wecom.close()
    clock.follow(None)


def test_a_remark_reaches_wecom(desk: Desk) -> None:
    desk.remark("城西店-李姐")
    assert desk.relation.remark == ""
    desk.work()
    assert desk.relation.remark == "城西店-李姐"
    assert desk.pushes() == [("done", "")]


def test_taps_that_wait_go_in_one_call(desk: Desk) -> None:
    had = desk.toggle(0)
    desk.work()
    given = {desk.toggle(1), desk.toggle(2)}
    desk.toggle(0, on=False)
    desk.work()
    assert set(desk.relation.tag_ids) == given == desk.ours()[1]
    first, second = desk.calls(MARK_TAG)
    assert first.params["body"]["add_tag"] == [had]
    assert set(second.params["body"]["add_tag"]) == given
    assert second.params["body"]["remove_tag"] == [had]


def test_the_last_of_several_taps_counts(desk: Desk) -> None:
    desk.toggle(0)
    desk.toggle(0, on=False)
    tag = desk.toggle(0)
    desk.work()
    assert desk.relation.tag_ids == [tag]
    assert len(desk.calls(MARK_TAG)) == 1


@pytest.mark.parametrize("fault", [("errcode", -1), ("errcode", 45033), ("http", 502)])
def test_what_passes_by_is_tried_again(desk: Desk, fault: tuple[str, int]) -> None:
    kind, value = fault
    getattr(desk.box.faults, kind)(REMARK, value, times=1)
    desk.remark("李姐")
    desk.work()
    assert desk.pushes() == [(None, "")]
    desk.wait(RETRY_SECONDS[0] + 1)
    desk.work()
    assert (desk.relation.remark, desk.pushes()) == ("李姐", [("done", "")])


def test_wecom_being_away_for_long_is_said_and_ends(desk: Desk) -> None:
    desk.box.faults.http("*", 503, times=None)
    desk.remark("李姐")
    desk.work()
    for seconds in RETRY_SECONDS:
        desk.wait(seconds + 1)
        desk.work()
    assert desk.pushes() == [("failed", "unreachable")]
    assert desk.ours()[0] == "李姐"


@pytest.mark.parametrize(
    ("errcode", "reason"),
    [(48002, "permission"), (84061, "no_relation"), (40058, "refused")],
)
def test_what_would_not_change_is_tried_once(desk: Desk, errcode: int, reason: str) -> None:
    desk.box.faults.errcode(MARK_TAG, errcode, times=None)
    desk.toggle(0)
    desk.toggle(1)
    desk.work()
    assert desk.pushes() == [("failed", reason)] * 2


def test_a_tag_that_is_gone_does_not_hold_up_the_others(desk: Desk) -> None:
    gone, stays = desk.toggle(0), desk.toggle(1)
    desk.box.people.tag_deleted(gone)
    desk.work()
    assert desk.relation.tag_ids == [stays]
    assert desk.pushes() == [("failed", "no_relation"), ("done", "")]


def test_a_process_that_died_before_the_outcome_does_no_harm(desk: Desk) -> None:
    desk.remark("李姐")
    (claim,) = desk.claim()
    with desk.runtime.db.read() as session:
        push = session.get_one(Push, claim.id)
    desk.runtime.wecom.post(
        REMARK, data={"userid": "zhaoyi", "external_userid": desk.customer, "remark": push.value}
    )
    desk.work()
    assert desk.pushes() == [(None, "")]
    desk.wait(21)
    desk.work()
    assert (desk.relation.remark, desk.pushes()) == ("李姐", [("done", "")])


def test_a_change_during_the_call_comes_after_it(desk: Desk) -> None:
    hold = desk.box.faults.hold(REMARK, point="before")
    desk.remark("李姐")
    (claim,) = desk.claim()
    thread = threading.Thread(target=work_push, args=(desk.runtime, claim))
    thread.start()
    hold.wait_reached()
    desk.remark("李老师")
    desk.work()
    assert len(desk.calls(REMARK)) == 1
    hold.release()
    thread.join()
    desk.work()
    assert desk.relation.remark == "李老师"
    assert [outcome for outcome, _ in desk.pushes()] == ["done", "done"]


def test_what_is_read_meanwhile_does_not_undo_it(desk: Desk) -> None:
    had = desk.toggle(0)
    desk.work()
    desk.remark("李姐")
    desk.toggle(0, on=False)
    given = desk.toggle(1)
    desk.read()
    assert desk.ours() == ("李姐", {given})
    desk.work()
    assert (desk.relation.remark, desk.relation.tag_ids) == ("李姐", [given])
    assert had != given


def test_an_answer_to_an_older_question_does_not_undo_it(desk: Desk) -> None:
    record = read_customer(desk.runtime, desk.customer)
    assert record
    desk.remark("李姐")
    tag = desk.toggle(0)
    desk.work()
    desk.runtime.db.commit(record)
    assert desk.ours() == ("李姐", {tag})


def test_what_could_not_be_told_gives_way_to_what_wecom_shows(desk: Desk) -> None:
    desk.box.faults.errcode("externalcontact/*", 48002, times=2)
    desk.remark("李姐")
    tag = desk.toggle(0)
    desk.work()
    assert desk.ours() == ("李姐", {tag})
    desk.read()
    assert desk.ours() == ("", set())
    assert [outcome for outcome, _ in desk.pushes()] == ["failed", "failed"]


def test_what_the_member_then_does_in_wecom_himself_ends_the_failure(desk: Desk) -> None:
    desk.box.faults.errcode("externalcontact/*", 48002, times=2)
    desk.remark("李姐")
    tag = desk.toggle(0)
    desk.work()
    desk.box.people.member_edits_remark("zhaoyi", desk.customer, remark="李姐")
    desk.box.people.member_marks_tags("zhaoyi", desk.customer, add=[tag])
    desk.read()
    assert [outcome for outcome, _ in desk.pushes()] == ["done", "done"]


def test_no_more_than_five_are_ever_under_way(desk: Desk) -> None:
    people = desk.box.people
    customers = [people.customer_scans("zhaoyi", name=f"客{n}").external_userid for n in range(8)]
    for customer in customers:
        record = read_customer(desk.runtime, customer)
        assert record
        desk.runtime.db.commit(record)
        Desk(desk.box, desk.runtime, customer).toggle(0)
    desk.box.faults.latency(MARK_TAG, 0.1)
    threads = [
        threading.Thread(target=work_push, args=(desk.runtime, claim)) for claim in desk.claim()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(threads) == 8
    assert {call.errcode for call in desk.calls(MARK_TAG)} == {0}


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
    ours = (
        ("这边写的", ["13700000001"]) if field == "description" else ("那边写的", ["13900005678"])
    )
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

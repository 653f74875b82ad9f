"""WeCom is told what was changed: once it can be, together where it goes together, with an end."""

import threading

import pytest

from app.claims import RETRY_SECONDS
from app.customers.jobs import read_customer
from app.pushes.models import Push
from app.pushing import work_push
from tests.pushes.desk import MARK_TAG, REMARK, Desk, desk

__all__ = ["desk"]


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

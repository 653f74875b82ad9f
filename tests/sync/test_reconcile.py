"""What no event told of is found: differences are repaired, losses only after a second look."""

import random
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select, update

from app import clock
from app.churn.models import Loss, MassLoss
from app.customers.actions import Change, change_remark, mark_tag, record_change
from app.customers.models import FollowUser, Tag, TimelineEntry
from app.customers.queries import word_entry
from app.deliveries.models import Delivery
from app.pushes.actions import end_pushes
from app.pushes.models import Push
from app.runtime import Runtime
from app.sandbox.server import Sandbox
from app.sync.actions import release_held
from app.sync.models import SyncMember, SyncRun, SyncSuspect
from app.sync.queries import list_held
from tests.deployment import Deployment, deployed, wait_until
from tests.sync.walks import (
    begin,
    count_deliveries,
    entries,
    go_on,
    ours,
    walk,
    wecoms,
)

MEMBERS = ("zhaoyi", "lisi", "sunsan")


def crowd(box: Sandbox, userid: str, count: int = 12) -> list[str]:
    """Have a member follow so many customers more."""
    return [box.people.customer_scans(userid).external_userid for _number in range(count)]


def losses(runtime: Runtime) -> list[Loss]:
    with runtime.db.read() as session:
        return list(session.scalars(select(Loss).order_by(Loss.id)))


def follow_of(runtime: Runtime, userid: str, external_userid: str) -> FollowUser:
    with runtime.db.read() as session:
        return session.scalars(
            select(FollowUser)
            .where(FollowUser.userid == userid, FollowUser.external_userid == external_userid)
            .order_by(FollowUser.period.desc())
        ).all()[0]


def pass_hours(runtime: Runtime, box: Sandbox, hours: float) -> None:
    box.clock.move(hours * 3600)
    clock.follow(runtime.config.wecom.clock_file)


def test_what_changed_without_a_word_is_taken_over_and_told(runtime: Runtime, box: Sandbox) -> None:
    walk(runtime)
    (userid, external), *_others = wecoms(box)
    [tag, *_tags] = [one.id for group in box.world.tag_groups.values() for one in group.tags]
    relation = box.world.find_relation(userid, external)
    assert relation
    relation.tag_ids = []
    walk(runtime)
    box.people.member_edits_remark(userid, external, remark="改过的")
    box.people.member_marks_tags(userid, external, add=[tag])
    run = walk(runtime)
    assert run.changed == 1
    assert ours(runtime) == wecoms(box)
    assert entries(runtime, external)[-2:] == ["remark_changed", "tags_changed"]
    with runtime.db.read() as session:
        words = [word_entry(one) for one in session.scalars(select(TimelineEntry))]
    assert "备注改为「改过的」 · 对账发现" in words


def test_a_loss_that_no_event_told_of_is_found_by_a_second_look(
    runtime: Runtime, box: Sandbox
) -> None:
    mine = crowd(box, "zhaoyi")
    walk(runtime)
    pass_hours(runtime, box, 5)
    box.world.lists_one_way = False
    box.people.customer_deletes_member("zhaoyi", mine[0])
    box.people.member_deletes_customer("zhaoyi", mine[1])
    run = walk(runtime)
    assert (run.gone, run.missed_gone) == (2, 2)
    assert ours(runtime) == wecoms(box)
    gone = follow_of(runtime, "zhaoyi", mine[0])
    assert gone.removed_by == "reconcile"
    assert entries(runtime, mine[0]) == ["removed_by_reconcile"]
    found = losses(runtime)
    assert {one.external_userid: one.kind for one in found} == dict.fromkeys(mine[:2], "reconcile")
    # They were there five hours ago: that is news, and each is told to the member alone.
    with runtime.db.read() as session:
        told = session.scalars(select(Delivery)).all()
        assert session.scalars(select(MassLoss)).all() == []
    assert [(one.kind, one.recipient) for one in told] == [("loss", "zhaoyi")] * 2
    assert box.ledger.count("welcome") == 0


def test_a_loss_of_long_ago_is_history_and_nobody_is_alerted(
    runtime: Runtime, box: Sandbox
) -> None:
    mine = crowd(box, "zhaoyi")
    walk(runtime)
    box.world.lists_one_way = False
    box.people.customer_deletes_member("zhaoyi", mine[0])
    pass_hours(runtime, box, 49)
    assert walk(runtime).gone == 1
    assert len(losses(runtime)) == 1
    assert count_deliveries(runtime) == 0


def test_who_is_still_there_at_the_second_look_is_no_loss(runtime: Runtime, box: Sandbox) -> None:
    mine = crowd(box, "zhaoyi")
    walk(runtime)
    relation = box.world.find_relation("zhaoyi", mine[0])
    assert relation
    # The list leaves him out, as WeCom's views do for a moment; asked for by name he is there.
    position, relation.position = relation.position, -1
    row = box.world._lists["zhaoyi"]  # noqa: SLF001 -- what no person can do
    row.remove(relation)
    run = walk(runtime)
    assert (run.gone, losses(runtime)) == (0, [])
    assert follow_of(runtime, "zhaoyi", mine[0]).removed_at is None
    with runtime.db.read() as session:
        assert session.scalars(select(SyncSuspect)).all() == []
    row.append(relation)
    relation.position = position


def test_of_one_too_many_of_whose_customers_are_missing_nothing_is_believed(
    runtime: Runtime, box: Sandbox
) -> None:
    mine = crowd(box, "zhaoyi", 20)
    walk(runtime)
    box.world.lists_one_way = False
    total = sum(userid == "zhaoyi" for userid, _customer in wecoms(box))
    for external in mine[: total // 5 + 1]:
        box.people.member_deletes_customer("zhaoyi", external)
    missing = total // 5 + 1
    run = walk(runtime)
    assert (run.gone, losses(runtime)) == (0, [])
    with runtime.db.read() as session:
        [held] = list_held(session)
        assert session.get_one(SyncMember, (run.id, "zhaoyi")).outcome == "held"
    assert (held.userid, held.missing, held.had) == ("zhaoyi", missing, total)
    # The next night changes nothing about it, and an admin may say that it is so.
    assert walk(runtime).gone == 0
    with runtime.db.write() as session:
        assert release_held(session, "zhaoyi", userid="qianer") == missing
    with runtime.db.read() as session:
        assert list_held(session) == []
    run = go_on(runtime, run.id + 2)
    assert (run.outcome, run.gone) == ("done", missing)
    assert ours(runtime) == wecoms(box)


def test_held_back_they_are_let_go_when_wecom_lists_them_again(
    runtime: Runtime, box: Sandbox
) -> None:
    crowd(box, "zhaoyi", 10)
    walk(runtime)
    truth = ours(runtime)
    hidden, box.world._lists["zhaoyi"] = box.world._lists["zhaoyi"], []  # noqa: SLF001
    walk(runtime)
    with runtime.db.read() as session:
        assert [one.userid for one in list_held(session)] == ["zhaoyi"]
    box.world._lists["zhaoyi"] = hidden  # noqa: SLF001
    walk(runtime)
    with runtime.db.read() as session:
        assert list_held(session) == []
    assert ours(runtime) == truth
    assert losses(runtime) == []


def test_a_wrong_loss_is_taken_back_when_wecom_lists_him_again(
    runtime: Runtime, box: Sandbox
) -> None:
    mine = crowd(box, "zhaoyi")
    walk(runtime)
    truth = ours(runtime)
    change = Change(userid="zhaoyi", external_userid=mine[0], kind="reconcile", at=clock.utcnow())
    runtime.db.commit(partial(record_change, change=change))
    assert ours(runtime) != truth
    walk(runtime)
    assert ours(runtime) == truth
    assert losses(runtime) == []
    assert entries(runtime, mine[0]) == ["found_again"]


def test_an_event_that_comes_after_all_says_who_it_was(runtime: Runtime, box: Sandbox) -> None:
    mine = crowd(box, "zhaoyi")
    walk(runtime)
    pass_hours(runtime, box, 1)
    box.world.lists_one_way = False
    at = clock.utcnow() - timedelta(seconds=1)
    box.people.customer_deletes_member("zhaoyi", mine[0])
    walk(runtime)
    change = Change(userid="zhaoyi", external_userid=mine[0], kind="customer", at=at)
    runtime.db.commit(partial(record_change, change=change))
    gone = follow_of(runtime, "zhaoyi", mine[0])
    assert (gone.period, gone.removed_by, gone.removed_at) == (1, "customer", at)


def test_a_one_sided_customer_is_not_missing(runtime: Runtime, box: Sandbox) -> None:
    walk(runtime)
    half = box.people.customer_scans("zhaoyi", half=True).external_userid
    change = Change(userid="zhaoyi", external_userid=half, kind="half", at=clock.utcnow())
    runtime.db.commit(partial(record_change, change=change))
    pass_hours(runtime, box, 1)
    assert walk(runtime).gone == 0
    assert follow_of(runtime, "zhaoyi", half).mutual_at is None
    box.people.member_adds_back("zhaoyi", half)
    walk(runtime)
    assert follow_of(runtime, "zhaoyi", half).mutual_at is not None


def test_a_customer_who_came_back_without_a_word_has_a_new_period(
    runtime: Runtime, box: Sandbox
) -> None:
    mine = crowd(box, "zhaoyi")
    walk(runtime)
    box.world.lists_one_way = False
    box.people.customer_deletes_member("zhaoyi", mine[0])
    walk(runtime)
    pass_hours(runtime, box, 2)
    box.people.customer_scans("zhaoyi", mine[0])
    pass_hours(runtime, box, 2)
    run = walk(runtime)
    assert run.missed_new == 1
    assert follow_of(runtime, "zhaoyi", mine[0]).period == 2
    [loss] = losses(runtime)
    assert loss.returned_at is not None
    assert ours(runtime) == wecoms(box)


def test_one_who_left_and_came_back_without_a_word_in_between_has_a_new_period(
    runtime: Runtime, box: Sandbox
) -> None:
    mine = crowd(box, "zhaoyi")
    walk(runtime)
    pass_hours(runtime, box, 2)
    box.people.customer_deletes_member("zhaoyi", mine[0])
    box.people.customer_scans("zhaoyi", mine[0], state="门店海报")
    pass_hours(runtime, box, 2)
    run = walk(runtime)
    assert (run.missed_new, run.missed_gone) == (1, 0)
    assert follow_of(runtime, "zhaoyi", mine[0]).period == 2
    [loss] = losses(runtime)
    assert (loss.kind, loss.returned_at is not None) == ("reconcile", True)
    assert ours(runtime) == wecoms(box)
    assert (count_deliveries(runtime), box.ledger.count("welcome")) == (0, 0)
    assert walk(runtime).changed == 0


def test_what_a_member_has_just_changed_here_is_not_undone(runtime: Runtime, box: Sandbox) -> None:
    walk(runtime)
    (userid, external), *_others = wecoms(box)
    before = wecoms(box)[userid, external]
    with runtime.db.write() as session:
        tag = next(one for one in session.scalars(select(Tag)) if one.tag_id not in before["tags"])
        change_remark(session, external, userid=userid, remark="刚改的")
        mark_tag(session, external, userid=userid, tag_key=tag.id, on=True)
    run = walk(runtime)
    held = ours(runtime)[userid, external]
    assert held["remark"] == "刚改的"
    assert held["tags"] == before["tags"] | {tag.tag_id}
    assert run.changed == 0
    # WeCom was told, and somebody has changed it there since: that holds.
    with runtime.db.write() as session:
        ids = session.scalars(select(Push.id)).all()
        end_pushes(session, ids, outcome="done")
        an_hour_ago = clock.utcnow() - timedelta(hours=1)
        session.execute(update(Push).values(ended_at=an_hour_ago))
    walk(runtime)
    assert ours(runtime) == wecoms(box)


def test_events_are_lost_and_one_walk_makes_up_for_them(tmp_path: Path) -> None:
    # Nothing begins by itself when the clock is moved.
    by_hand = {"nightly_at": "", "downtime_minutes": 1440}
    with deployed(tmp_path, sync=by_hand) as shop:
        shop.greet_with("您好")
        for userid in MEMBERS:
            crowd(shop.box, userid, 30)
        shop.wait_worked(60)
        sync(shop)
        assert shop_truth(shop) == set(wecoms(shop.box))
        shop.box.clock.move(3600)
        shop.box.world.lists_one_way = False
        lose_some(shop, random.Random(5))
        shop.wait_worked(60)
        greeted = shop.box.ledger.count("welcome")
        shop.box.clock.move(600)
        sync(shop)
        assert shop_truth(shop) == set(wecoms(shop.box))
        # Nobody was greeted for being found, and nobody counts as lost who is there.
        assert shop.box.ledger.count("welcome") == greeted
        lost = [one for one in shop.box.ledger.events() if one.outcome == "lost"]
        assert lost


def lose_some(shop: Deployment, chance: random.Random) -> None:
    """Have much happen of which WeCom tells only a part."""
    people, faults = shop.box.people, shop.box.faults
    faults.callbacks.lost, faults.callbacks.seed = 0.4, 7
    there = [pair for pair in wecoms(shop.box) if pair[0] in MEMBERS]
    gone = chance.sample(there, 9)
    for pair in gone[:5]:
        people.customer_deletes_member(*pair)
    for pair in gone[5:]:
        people.member_deletes_customer(*pair)
    for pair in chance.sample([one for one in there if one not in gone], 10):
        people.member_edits_remark(*pair, remark="新备注")
    for userid in MEMBERS:
        crowd(shop.box, userid, 5)
    faults.callbacks.lost = 0.0


def sync(shop: Deployment) -> None:
    """Walk, letting the time before a second look pass."""
    process = shop.start("sync")
    looking = select(SyncRun.id).where(SyncRun.open_key == 1, SyncRun.phase == "look").limit(1)
    moved = False

    def is_over() -> bool:
        nonlocal moved
        with shop.db.read() as session:
            if not moved and session.scalar(looking) is not None:
                moved = True
                shop.box.clock.move(31)
        return process.poll() is not None

    wait_until(is_over, 60)
    assert process.returncode == 0, shop.log_text()[-2000:]


def shop_truth(shop: Deployment) -> set[tuple[str, str]]:
    with shop.db.read() as session:
        rows = session.execute(
            select(FollowUser.userid, FollowUser.external_userid).where(
                FollowUser.removed_at.is_(None), FollowUser.mutual_at.is_not(None)
            )
        )
        return {(row.userid, row.external_userid) for row in rows}


@pytest.mark.parametrize("why", ["nightly", "downtime"])
def test_why_it_was_begun_is_kept(runtime: Runtime, why: str) -> None:
    run = go_on(runtime, begin(runtime, why))
    assert (run.why, run.outcome) == (why, "done")

"""A corp with customers from before is complete after one walk, wherever that was killed."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.customers.actions import ensure_customer
from app.customers.models import CustomerStage, FollowTag, TimelineEntry
from app.db import Database
from app.errors import Refused
from app.members.models import Department, Member
from app.runtime import Runtime
from app.sandbox.server import Sandbox
from app.sync import jobs
from app.sync.actions import cancel_run
from app.sync.models import SyncMember, SyncRun, SyncSeen
from app.sync.queries import list_refused
from tests.deployment import Deployment, wait_until
from tests.soak import seeds
from tests.sync.walks import (
    begin,
    count_deliveries,
    entries,
    everything,
    give_back,
    go_on,
    our_groups,
    ours,
    walk,
    wecoms,
    wecoms_groups,
)

BATCH = "externalcontact/batch/get_by_user"


class Killed(BaseException):
    """The process is gone."""


class _Broken(Exception):
    """The connection is gone in the middle of a transaction."""


def test_customers_from_before_are_complete_and_nobody_hears_of_it(
    runtime: Runtime, box: Sandbox
) -> None:
    event = box.people.customer_scans("lisi", name="渠道来的", state="门店海报", add_way=3)
    box.people.member_edits_remark("lisi", event.external_userid, remark="老客")
    run = walk(runtime)
    assert ours(runtime) == wecoms(box)
    assert run.is_first
    assert run.new == run.listed == len(wecoms(box))
    assert run.members == 4
    assert (run.gone, run.missed_new, run.missed_gone) == (0, 0, 0)
    assert box.ledger.count("welcome") == 0
    assert count_deliveries(runtime) == 0
    with runtime.db.read() as session:
        assert session.scalars(select(Member)).all()
        assert session.scalars(select(Department)).all()
        assert session.scalars(select(TimelineEntry)).all() == []
        assert session.scalars(select(CustomerStage)).all() == []


def test_a_second_walk_changes_nothing(runtime: Runtime, box: Sandbox) -> None:
    walk(runtime)
    before = everything(runtime)
    run = walk(runtime)
    assert everything(runtime) == before
    assert (run.is_first, run.listed) == (False, len(wecoms(box)))
    assert (run.new, run.changed, run.gone) == (0, 0, 0)


def test_one_walk_at_a_time(runtime: Runtime) -> None:
    begin(runtime)
    with pytest.raises(Refused):
        begin(runtime)


def test_members_own_tags_stay(runtime: Runtime, box: Sandbox) -> None:
    walk(runtime)
    with runtime.db.write() as session:
        follow_id = session.scalars(select(FollowTag.follow_id)).first()
        own = FollowTag(follow_id=follow_id, group_name="自定义", tag_name="爱喝茶", type=2)
        session.add(own)
    walk(runtime)
    with runtime.db.read() as session:
        kept = session.scalars(select(FollowTag.tag_name).where(FollowTag.tag_id == "")).all()
    assert kept == ["爱喝茶"]
    assert ours(runtime) == wecoms(box)


def test_a_cancelled_walk_keeps_what_it_has_and_the_next_one_is_whole(
    runtime: Runtime, box: Sandbox, small_pieces: None
) -> None:
    del small_pieces
    run_id = begin(runtime)
    with pytest.raises(Killed):
        _work_until_killed(runtime, run_id, random.Random(3), kill_at=6)
    give_back(runtime)
    with runtime.db.write() as session:
        assert cancel_run(session, userid="qianer") is not None
    run = go_on(runtime, run_id)
    assert (run.outcome, run.cancelled_by) == ("cancelled", "qianer")
    assert 0 < len(ours(runtime)) < len(wecoms(box))
    with runtime.db.read() as session:
        assert session.scalars(select(SyncSeen)).all() == []
    assert walk(runtime).is_first
    assert ours(runtime) == wecoms(box)


@pytest.mark.parametrize("seed", seeds(range(8)))
def test_killed_anywhere_it_comes_to_the_same(
    runtime: Runtime, box: Sandbox, small_pieces: None, seed: int
) -> None:
    del small_pieces
    # Other points on each database: two dozen in all.
    chance = random.Random(f"{runtime.db.url.get_backend_name()} {seed}")
    for number in range(20):
        userid = chance.choice(("zhaoyi", "lisi", "sunsan"))
        box.people.customer_scans(userid, name=f"客户{number}")
    run_id = begin(runtime)
    kills = 0
    while True:
        try:
            run = _work_until_killed(runtime, run_id, chance, kill_at=chance.randint(1, 4))
        except Killed:
            kills += 1
            give_back(runtime)
            continue
        break
    assert kills
    assert run.outcome == "done"
    assert ours(runtime) == wecoms(box)
    assert our_groups(runtime) == wecoms_groups(box)
    assert (run.listed, run.new) == (len(wecoms(box)), len(wecoms(box)))
    assert (run.gone, count_deliveries(runtime)) == (0, 0)
    killed = everything(runtime)
    # One that nobody disturbs finds nothing left to do.
    assert walk(runtime).changed == 0
    assert everything(runtime) == killed


def test_a_process_killed_in_the_middle_goes_on_where_it_was(tmp_path: Path) -> None:
    with Deployment(tmp_path) as shop:
        for api in (BATCH, "externalcontact/groupchat/get"):
            hold = shop.box.faults.hold(api, "after")
            process = shop.start("sync")
            hold.wait_reached(20)
            process.kill()
            process.wait()
            hold.abandon()
            shop.box.clock.move(120)
        process = shop.start("sync")
        assert wait_until(lambda: process.poll() is not None, 40)
        assert process.returncode == 0, shop.log_text()
        with shop.db.read() as session:
            [run] = session.scalars(select(SyncRun)).all()
        assert run.outcome == "done"
        assert run.new == run.listed == len(wecoms(shop.box))
        assert our_groups(shop) == wecoms_groups(shop.box)
        assert shop.box.ledger.count("welcome") == 0


def test_a_member_whom_wecom_refuses_is_left_out_and_said(runtime: Runtime, box: Sandbox) -> None:
    box.faults.errcode(BATCH, 60011, times=2)
    run = walk(runtime)
    with runtime.db.read() as session:
        [refused] = list_refused(session, run.id)
        outcomes = session.scalars(select(SyncMember.outcome)).all()
    assert refused.errcode == 60011
    assert sorted(one or "" for one in outcomes) == ["done", "done", "done", "refused"]
    assert {userid for userid, _customer in ours(runtime)} == {
        userid for userid, _customer in wecoms(box) if userid != refused.userid
    }


def test_a_missing_permission_ends_it_and_says_where_to_go(runtime: Runtime, box: Sandbox) -> None:
    box.faults.errcode("externalcontact/*", 48002)
    run = go_on(runtime, begin(runtime))
    assert (run.outcome, run.errcode) == ("refused", 48002)


def test_at_wecoms_limit_it_waits_and_goes_on(runtime: Runtime, box: Sandbox) -> None:
    fault = box.faults.errcode(BATCH, 45009)
    run = go_on(runtime, begin(runtime))
    assert (run.outcome, run.errcode) == (None, 45009)
    assert run.due_at is not None
    assert run.due_at > clock.utcnow()
    box.faults.clear(fault)
    runtime.wecom.limits.shut(BATCH, 0)
    runtime.wecom.limits._gates.clear()  # noqa: SLF001 -- a minute that nobody waits for
    give_back(runtime)
    run = go_on(runtime, run.id)
    assert (run.outcome, run.errcode) == ("done", None)
    assert ours(runtime) == wecoms(box)


def test_a_relation_that_began_after_the_first_walk_is_told_of(
    runtime: Runtime, box: Sandbox
) -> None:
    walk(runtime)
    box.clock.move(3600)
    _follow_clock(runtime)
    late = box.people.customer_scans("zhaoyi", name="没有通知到的").external_userid
    box.clock.move(600)
    _follow_clock(runtime)
    run = walk(runtime)
    assert (run.new, run.missed_new) == (1, 1)
    assert entries(runtime, late) == ["added"]
    assert box.ledger.count("welcome") == 0
    assert count_deliveries(runtime) == 0
    with runtime.db.read() as session:
        assert session.scalars(select(CustomerStage.external_userid)).all() == [late]


def _follow_clock(runtime: Runtime) -> None:
    clock.follow(runtime.config.wecom.clock_file)


def _work_until_killed(
    runtime: Runtime, run_id: int, chance: random.Random, *, kill_at: int
) -> SyncRun:
    """Work until so many commits are made, and be killed before, in or after the last of them."""
    commit = runtime.db.commit
    made = 0

    def counted(work: Callable[[Session], Any]) -> Any:
        nonlocal made
        made += 1
        if made < kill_at:
            return commit(work)
        where = chance.choice(("before", "in", "after"))
        if where == "in":
            with pytest.raises(_Broken):
                commit(lambda session: _break(work, session))
        if where == "after":
            commit(work)
        raise Killed

    runtime.db.commit = counted  # type: ignore[method-assign]
    try:
        return go_on(runtime, run_id)
    finally:
        runtime.db.commit = commit  # type: ignore[method-assign]


def _break(work: Callable[[Session], Any], session: Session) -> None:
    work(session)
    raise _Broken


def test_the_second_look_waits(
    runtime: Runtime, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk(runtime)
    box.world.lists_one_way = False
    box.people.customer_deletes_member(*next(iter(wecoms(box))))
    monkeypatch.undo()
    assert jobs.SECOND_LOOK.total_seconds() > 0
    run = go_on(runtime, begin(runtime))
    assert (run.outcome, run.phase, run.gone) == (None, "look", 0)
    assert run.due_at is not None
    assert run.due_at > clock.utcnow()


@pytest.mark.parametrize("any_db", ["sqlite"], indirect=True)
def test_the_database_is_free_while_wecom_is_asked(
    runtime: Runtime, box: Sandbox, any_db: Database
) -> None:
    # Tries that follow one that waited for too long are held as well.
    hold = box.faults.hold(BATCH, times=None)
    run_id = begin(runtime)
    # Whoever greets somebody, and would not wait for as long as one call may take.
    other = Database(any_db.url.render_as_string(), commit_wait=2.5)
    with ThreadPoolExecutor(1) as pool, closing(other):
        walking = pool.submit(go_on, runtime, run_id)
        hold.wait_reached(30)
        try:
            other.commit(lambda session: ensure_customer(session, "wmNewFriend"))
        finally:
            hold.release()
            walking.result(60)

"""The halves of a batch of tags, worked at the same time: what one does, the other does not."""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.batches import actions
from app.batches.actions import ClaimLost, Half, cancel_batch, step_batch, step_half
from app.batches.jobs import work_batch, work_halves
from app.batches.models import Batch
from app.batches.queries import list_items
from app.claims import Claim
from app.customers.actions import record_tags
from app.customers.models import FollowUser
from app.db import Database
from app.pushes.actions import end_pushes
from app.runtime import Runtime, build_runtime
from tests.batches.test_batches import (
    GOLD,
    begin,
    follow,
    let_wecom_know,
    marked,
    outcomes,
    pushes,
    tap,
    told,
    work,
)
from tests.conftest import database_kinds
from tests.customers.test_tags import group, tag
from tests.settings import make_config

# Of each customer one relation lies below the middle, and one above it, in the other order.
PEOPLE = [f"wm{number:02}" for number in range(12)]
BOTH = {(userid, one) for userid in ("zhaoyi", "lisi") for one in PEOPLE}
SERVERS = [kind for kind in database_kinds() if kind != "sqlite"]
SECONDS = 60.0


@pytest.fixture
def base(any_db: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Have two members follow the same customers; pieces of a half are of three."""
    with any_db.write() as session:
        record_tags(session, [group("等级", tag("金"), tag("银"))])
    for one in PEOPLE:
        follow(any_db, "zhaoyi", one)
    for one in reversed(PEOPLE):
        follow(any_db, "lisi", one)
    monkeypatch.setattr(actions, "TAGGED_AT_ONCE", 6)
    return any_db


@pytest.fixture
def worker(base: Database, tmp_path: Path) -> Iterator[Runtime]:
    """Give what a worker on the same database has."""
    url = base.url.render_as_string(hide_password=False)
    made = build_runtime(make_config(tmp_path, database={"url": url}))
    yield made
    made.db.close()


def claim(db: Database, batch_id: int) -> Claim:
    with db.write() as session:
        session.execute(update(Batch).where(Batch.id == batch_id).values(claimed_by="me"))
    return Claim(batch_id, "me")


def step(db: Database, batch_id: int, half: Half) -> bool:
    mine = claim(db, batch_id)
    return db.commit(lambda session: step_half(session, mine, half))


def stop(db: Database, batch_id: int) -> None:
    with db.write() as session:
        cancel_batch(session, session.get_one(Batch, batch_id), userid="qianer")


def results(db: Database, batch_id: int) -> list[tuple[str, str, str]]:
    with db.read() as session:
        rows, _following = list_items(session, session.get_one(Batch, batch_id))
        found = select(FollowUser.id, FollowUser.userid)
        members = {row.id: row.userid for row in session.execute(found)}
        return [(members[row.follow_id], row.external_userid, row.outcome) for row in rows]


def check_all_done_once(db: Database, batch_id: int) -> None:
    assert marked(db) == BOTH
    assert outcomes(db, batch_id) == {"done": len(BOTH)}
    assert sorted((push.userid, push.external_userid) for push in pushes(db)) == sorted(BOTH)
    assert sorted(entry.external_userid for entry in told(db)) == sorted(PEOPLE * 2)


def test_worked_at_the_same_time_they_end_as_one_would(base: Database) -> None:
    tap(base, PEOPLE[1], on=True)
    let_wecom_know(base)
    follow(base, "zhaoyi", PEOPLE[4], kind="customer", day=1)
    batch_id = begin(base, "tag_add", GOLD)
    with base.write() as session:
        session.execute(
            delete(FollowUser).where(
                FollowUser.userid == "lisi", FollowUser.external_userid == PEOPLE[7]
            )
        )
    work_halves(base, claim(base, batch_id), time.monotonic() + SECONDS)
    assert outcomes(base, batch_id).get("", 0) == (24 if base.has_one_writer else 0)
    work(base, batch_id)
    left = {("zhaoyi", PEOPLE[4]), ("lisi", PEOPLE[7])}
    assert marked(base) == BOTH - left
    assert outcomes(base, batch_id) == {"done": 21, "same": 1, "gone": 2}
    new = sorted(BOTH - left - {("zhaoyi", PEOPLE[1])})
    assert sorted((push.userid, push.external_userid) for push in pushes(base)) == new
    by_batch = [one.external_userid for one in told(base) if one.userid == "qianer"]
    assert sorted(by_batch) == sorted(external_userid for _userid, external_userid in new)


def test_each_counts_as_far_as_it_came(base: Database) -> None:
    batch_id = begin(base, "tag_add", GOLD)
    assert step(base, batch_id, "upper")
    assert outcomes(base, batch_id) == {"done": 3, "": 21}
    assert step(base, batch_id, "lower")
    assert outcomes(base, batch_id) == {"done": 6, "": 18}
    done = [row[:2] for row in results(base, batch_id) if row[2] == "done"]
    assert set(done) == marked(base)
    assert done == [("zhaoyi", one) for one in PEOPLE[:3]] + [
        ("lisi", one) for one in PEOPLE[:-4:-1]
    ]


@pytest.mark.parametrize("half", ["lower", "upper"])
def test_killed_before_its_commit_a_piece_is_done_once_by_whoever_goes_on(
    base: Database, monkeypatch: pytest.MonkeyPatch, half: Half
) -> None:
    batch_id = begin(base, "tag_add", GOLD)
    assert step(base, batch_id, "lower")
    assert step(base, batch_id, "upper")

    def die(session: Session, batch: Batch, ids: list[int]) -> None:
        actions._mark(session, batch, ids)  # noqa: SLF001 -- the very step, and then the end
        raise RuntimeError

    with monkeypatch.context() as dying:
        dying.setitem(actions.STEPS, "tag_add", die)
        with pytest.raises(RuntimeError):
            step(base, batch_id, half)
    assert outcomes(base, batch_id) == {"done": 6, "": 18}
    assert len(marked(base)) == len(pushes(base)) == len(told(base)) == 6
    work_halves(base, claim(base, batch_id), time.monotonic() + SECONDS)
    work(base, batch_id)
    check_all_done_once(base, batch_id)


def test_what_one_stumbles_over_is_tried_again_and_the_other_goes_on(
    base: Database, worker: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = begin(base, "tag_add", GOLD)
    mark = actions.STEPS["tag_add"]

    def stumble(session: Session, batch: Batch, ids: list[int]) -> None:
        if ids[0] > batch.middle:
            raise RuntimeError
        mark(session, batch, ids)

    with monkeypatch.context() as stumbling:
        stumbling.setitem(actions.STEPS, "tag_add", stumble)
        again_at = work_batch(worker, claim(base, batch_id))
    assert marked(base) == {("zhaoyi", one) for one in PEOPLE}
    with base.read() as session:
        batch = session.get_one(Batch, batch_id)
        assert (batch.due_at, batch.claimed_by) == (again_at, None)
    assert work_batch(worker, claim(base, batch_id))
    check_all_done_once(base, batch_id)


def test_stopped_in_the_middle_both_give_back_what_they_did(base: Database) -> None:
    batch_id = begin(base, "tag_add", GOLD)
    assert step(base, batch_id, "lower")
    assert step(base, batch_id, "upper")
    [known] = [push for push in pushes(base) if push.external_userid == PEOPLE[-1]]
    with base.write() as session:
        end_pushes(session, [known.id], outcome="done")
    stop(base, batch_id)
    assert outcomes(base, batch_id) == {"done": 6, "cancelled": 18}
    work_halves(base, claim(base, batch_id), time.monotonic() + SECONDS)
    work(base, batch_id)
    assert outcomes(base, batch_id) == {"done": 1, "cancelled": 23}
    assert marked(base) == {("lisi", PEOPLE[-1])}
    assert [row for row in results(base, batch_id) if row[2] == "done"] == [
        ("lisi", PEOPLE[-1], "done")
    ]
    assert len(told(base)) == 1
    with base.read() as session:
        assert session.get_one(Batch, batch_id).ended_at is not None


@pytest.mark.parametrize("any_db", SERVERS, indirect=True)
@pytest.mark.parametrize("is_alone", [False, True])
def test_stopped_while_a_piece_is_written_nothing_of_it_stays(
    base: Database, worker: Runtime, monkeypatch: pytest.MonkeyPatch, *, is_alone: bool
) -> None:
    batch_id = begin(base, "tag_add", GOLD)
    mark = actions.STEPS["tag_add"]

    def mark_and_stop(session: Session, batch: Batch, ids: list[int]) -> None:
        mark(session, batch, ids)
        stop(base, batch_id)

    monkeypatch.setitem(actions.STEPS, "tag_add", mark_and_stop)
    mine = claim(base, batch_id)
    if is_alone:
        with pytest.raises(ClaimLost):
            base.commit(partial(step_batch, claim=mine))
    else:
        assert work_batch(worker, mine) is None
    assert outcomes(base, batch_id) == {"cancelled": 24}
    assert marked(base) == set()
    assert pushes(base) == []
    assert told(base) == []


@pytest.mark.parametrize("any_db", SERVERS, indirect=True)
def test_one_does_not_wait_for_the_piece_of_the_other(
    base: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = begin(base, "tag_add", GOLD)
    mark = actions.STEPS["tag_add"]

    def mark_while_the_other_does(session: Session, batch: Batch, ids: list[int]) -> None:
        mark(session, batch, ids)
        if ids[0] <= batch.middle:
            assert step(base, batch_id, "upper")

    monkeypatch.setitem(actions.STEPS, "tag_add", mark_while_the_other_does)
    assert step(base, batch_id, "lower")
    assert outcomes(base, batch_id) == {"done": 6, "": 18}

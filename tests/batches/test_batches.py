"""Batches: tags, stages and reminders for many, piece by piece, stopped and taken back."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from app import clock
from app.batches import actions
from app.batches.actions import begin_batch, cancel_batch, delete_ended, step_batch
from app.batches.models import Batch
from app.batches.queries import list_items, measure_progress
from app.claims import Claim
from app.customers.actions import Change, mark_tag, record_change, record_tags
from app.customers.models import (
    CustomerStage,
    FollowTag,
    FollowUser,
    Reminder,
    Stage,
    StageChange,
    Tag,
    TimelineEntry,
)
from app.db import Database
from app.errors import Refused
from app.pushes.actions import end_pushes
from app.pushes.models import Push
from app.pushes.queries import IS_ALONE, IS_FIRST
from tests.customers.test_tags import START, group, tag

PEOPLE = [f"wm{number}" for number in range(5)]
GOLD = {"tag_id": "et金", "name": "金"}


@pytest.fixture
def base(any_db: Database) -> Database:
    """Have zhaoyi follow five customers, lisi the first of them, too; one has left zhaoyi."""
    with any_db.write() as session:
        record_tags(session, [group("等级", tag("金"), tag("银"))])
    for external_userid in PEOPLE:
        follow(any_db, "zhaoyi", external_userid)
    follow(any_db, "lisi", PEOPLE[0])
    follow(any_db, "zhaoyi", PEOPLE[4], kind="customer", day=1)
    return any_db


def follow(
    db: Database, userid: str, external_userid: str, *, kind: str = "add", day: int = 0
) -> None:
    change = Change(
        userid=userid, external_userid=external_userid, kind=kind, at=START + timedelta(days=day)
    )
    db.commit(lambda session: record_change(session, change))


def begin(db: Database, kind: str, what: dict[str, Any], *, userid: str = "") -> int:
    rows = select(FollowUser.id, FollowUser.external_userid)
    if userid:
        rows = rows.where(FollowUser.userid == userid)
    with db.read() as session:
        chosen = [(row[0], row[1]) for row in session.execute(rows)]
    return db.commit(
        lambda session: (
            begin_batch(session, kind=kind, userid="qianer", what=what, chosen=chosen).id
        )
    )


def work(db: Database, batch_id: int, *, pieces: int = 100) -> None:
    """Do so many pieces of it, each as a worker that holds it."""
    for _number in range(pieces):
        with db.write() as session:
            session.execute(update(Batch).where(Batch.id == batch_id).values(claimed_by="me"))
            again = step_batch(session, Claim(batch_id, "me"))
        if again is None or again > clock.utcnow():
            return


def marked(db: Database, tag_id: str = "et金") -> set[tuple[str, str]]:
    with db.read() as session:
        rows = session.execute(
            select(FollowUser.userid, FollowUser.external_userid)
            .join(FollowTag, FollowTag.follow_id == FollowUser.id)
            .where(FollowTag.tag_id == tag_id)
        )
        return {(row.userid, row.external_userid) for row in rows}


def outcomes(db: Database, batch_id: int) -> dict[str, int]:
    with db.read() as session:
        return dict(measure_progress(session, batch_id).items)


def pushes(db: Database, outcome: str | None = None) -> list[Push]:
    with db.read() as session:
        chosen = select(Push).order_by(Push.id)
        is_so = Push.outcome.is_(None) if outcome is None else Push.outcome == outcome
        return list(session.scalars(chosen.where(is_so)))


def told(db: Database) -> list[TimelineEntry]:
    with db.read() as session:
        return list(
            session.scalars(select(TimelineEntry).where(TimelineEntry.kind == "tags_changed"))
        )


def tap(db: Database, external_userid: str, *, on: bool) -> None:
    with db.write() as session:
        key = session.scalars(select(Tag.id).where(Tag.tag_id == "et金")).one()
        mark_tag(session, external_userid, userid="zhaoyi", tag_key=key, on=on)


def let_wecom_know(db: Database) -> None:
    with db.write() as session:
        ids = session.scalars(select(Push.id).where(Push.outcome.is_(None))).all()
        end_pushes(session, ids, outcome="done")


def test_a_tag_is_given_to_all_who_are_still_there_and_lack_it(base: Database) -> None:
    tap(base, PEOPLE[1], on=True)
    batch_id = begin(base, "tag_add", GOLD)
    work(base, batch_id)
    assert marked(base) == {("lisi", PEOPLE[0]), *(("zhaoyi", one) for one in PEOPLE[:4])}
    assert outcomes(base, batch_id) == {"done": 4, "same": 1, "gone": 1}
    bulk = [push for push in pushes(base) if push.lane == "bulk"]
    assert {(push.userid, push.external_userid, push.value) for push in bulk} == {
        ("lisi", PEOPLE[0], "add"),
        ("zhaoyi", PEOPLE[0], "add"),
        ("zhaoyi", PEOPLE[2], "add"),
        ("zhaoyi", PEOPLE[3], "add"),
    }
    by_batch = [entry for entry in told(base) if entry.dedupe_key.startswith("batch:")]
    assert [(entry.userid, entry.data["added"]) for entry in by_batch] == [
        ("qianer", {"et金": "金"})
    ] * 4


def test_a_tag_is_taken_from_all_who_have_it(base: Database) -> None:
    work(base, begin(base, "tag_add", GOLD, userid="zhaoyi"))
    let_wecom_know(base)
    batch_id = begin(base, "tag_remove", GOLD)
    work(base, batch_id)
    assert marked(base) == set()
    assert outcomes(base, batch_id) == {"done": 4, "same": 1, "gone": 1}
    assert {push.value for push in pushes(base)} == {"remove"}


def test_it_is_over_when_wecom_knows_of_all(base: Database) -> None:
    batch_id = begin(base, "tag_add", GOLD)
    work(base, batch_id)
    with base.read() as session:
        assert session.get_one(Batch, batch_id).ended_at is None
    let_wecom_know(base)
    work(base, batch_id)
    with base.read() as session:
        batch = session.get_one(Batch, batch_id)
        assert batch.ended_at is not None
        assert batch.due_at is None


def test_piece_by_piece_it_comes_to_the_same(
    base: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "TAGGED_AT_ONCE", 1)
    batch_id = begin(base, "tag_add", GOLD)
    work(base, batch_id, pieces=2)
    assert outcomes(base, batch_id)[""] == 4
    work(base, batch_id)
    assert outcomes(base, batch_id) == {"done": 5, "gone": 1}
    assert len(pushes(base)) == 5


def test_who_has_lost_its_claim_does_nothing(base: Database) -> None:
    batch_id = begin(base, "tag_add", GOLD)
    with base.write() as session:
        session.execute(update(Batch).values(claimed_by="another"))
        assert step_batch(session, Claim(batch_id, "me")) is None
    assert marked(base) == set()


@pytest.mark.parametrize("kind", ["tag_add", "tag_remove"])
def test_stopped_what_wecom_does_not_know_is_taken_back_without_a_trace(
    base: Database, kind: str
) -> None:
    if kind == "tag_remove":
        work(base, begin(base, "tag_add", GOLD))
        let_wecom_know(base)
    before, told_before = marked(base), len(told(base))
    batch_id = begin(base, kind, GOLD)
    work(base, batch_id)
    with base.write() as session:
        known = session.scalars(
            select(Push.id).where(Push.batch_id == batch_id, Push.userid == "lisi")
        ).all()
        end_pushes(session, known, outcome="done")
        assert cancel_batch(session, session.get_one(Batch, batch_id), userid="qianer")
    work(base, batch_id)
    changed = {("lisi", PEOPLE[0])}
    assert marked(base) == (before | changed if kind == "tag_add" else before - changed)
    assert len(told(base)) == told_before + 1
    assert outcomes(base, batch_id) == {"done": 1, "cancelled": 4, "gone": 1}
    assert pushes(base) == []
    with base.read() as session:
        assert session.get_one(Batch, batch_id).ended_at is not None


def test_stopped_it_leaves_what_an_earlier_batch_has_wecom_told(base: Database) -> None:
    work(base, begin(base, "tag_add", GOLD))
    later = begin(base, "tag_remove", GOLD)
    work(base, later)
    with base.write() as session:
        cancel_batch(session, session.get_one(Batch, later), userid="qianer")
    work(base, later)
    assert {push.value for push in pushes(base)} == {"add"}
    assert len(pushes(base)) == len(marked(base)) == 5


def test_stopped_at_once_nothing_is_done(base: Database) -> None:
    batch_id = begin(base, "tag_add", GOLD)
    with base.write() as session:
        cancel_batch(session, session.get_one(Batch, batch_id), userid="qianer")
    work(base, batch_id)
    assert marked(base) == set()
    assert outcomes(base, batch_id) == {"cancelled": 6}


def test_a_tag_that_is_deleted_meanwhile_is_given_to_nobody(base: Database) -> None:
    batch_id = begin(base, "tag_add", GOLD)
    with base.write() as session:
        record_tags(session, [])
    work(base, batch_id)
    assert outcomes(base, batch_id) == {"refused": 6}
    assert marked(base) == set()


def test_what_a_member_taps_goes_before_what_the_batch_wants(base: Database) -> None:
    work(base, begin(base, "tag_add", GOLD, userid="zhaoyi"))
    with base.write() as session:
        silver = session.scalars(select(Tag.id).where(Tag.tag_id == "et银")).one()
        mark_tag(session, PEOPLE[0], userid="zhaoyi", tag_key=silver, on=True)
    with base.read() as session:
        first = session.scalars(select(Push).where(IS_FIRST, Push.outcome.is_(None))).all()
        alone = session.scalars(select(Push).where(IS_ALONE, Push.outcome.is_(None))).all()
    assert [push.subject for push in first] == ["et银"]
    assert {push.external_userid for push in alone} == set(PEOPLE[1:4])


def test_a_later_tap_of_a_member_stands_and_the_batch_says_nothing_of_it(base: Database) -> None:
    work(base, begin(base, "tag_add", GOLD, userid="zhaoyi"))
    tap(base, PEOPLE[2], on=False)
    assert ("zhaoyi", PEOPLE[2]) not in marked(base)
    mine = [push for push in pushes(base) if push.external_userid == PEOPLE[2]]
    assert [(push.value, push.lane) for push in mine] == [("remove", "pushes")]


def test_customers_are_moved_once_each_as_if_by_hand(base: Database) -> None:
    with base.read() as session:
        stage = session.scalars(select(Stage).where(Stage.name == "成交")).one()
    what = {"stage_id": stage.id, "pipeline_id": stage.pipeline_id, "name": stage.name}
    batch_id = begin(base, "stage", what)
    work(base, batch_id)
    with base.read() as session:
        places = session.scalars(select(CustomerStage.stage_id)).all()
        changes = session.scalars(select(StageChange)).all()
    assert set(places) == {stage.id}
    assert [change.userid for change in changes] == ["qianer"] * 5
    assert outcomes(base, batch_id) == {"done": 5}
    again = begin(base, "stage", what)
    work(base, again)
    assert outcomes(base, again) == {"same": 5}


def test_who_follows_is_reminded_once(base: Database) -> None:
    at = clock.utcnow() + timedelta(days=1)
    what = {"text": "回访", "at": at.isoformat()}
    batch_id = begin(base, "reminder", what)
    work(base, batch_id)
    with base.read() as session:
        reminders = session.scalars(select(Reminder)).all()
    assert {(one.userid, one.external_userid) for one in reminders} == {
        ("lisi", PEOPLE[0]),
        *(("zhaoyi", one) for one in PEOPLE[:4]),
    }
    assert {(one.text, one.due_at) for one in reminders} == {("回访", at)}
    assert outcomes(base, batch_id) == {"done": 5, "gone": 1}


@pytest.mark.parametrize("kind", ["stage", "reminder"])
def test_who_is_no_longer_known_when_his_turn_comes_ends_as_gone(base: Database, kind: str) -> None:
    with base.read() as session:
        stage = session.scalars(select(Stage).where(Stage.name == "成交")).one()
    at = clock.utcnow() + timedelta(days=1)
    what = {"stage_id": stage.id, "pipeline_id": stage.pipeline_id, "text": "回访"}
    batch_id = begin(base, kind, what | {"at": at.isoformat()}, userid="lisi")
    with base.write() as session:
        session.delete(session.scalars(select(FollowUser).where(FollowUser.userid == "lisi")).one())
    work(base, batch_id)
    assert outcomes(base, batch_id) == {"gone": 1}


def test_nobody_and_too_many_are_refused_and_leave_nothing(
    base: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Refused, match="没有选中"):
        begin(base, "tag_add", GOLD, userid="nobody")
    monkeypatch.setattr(actions, "MOST", 5)
    with pytest.raises(Refused, match="一次最多 5 位"):
        begin(base, "tag_add", GOLD)
    with base.read() as session:
        assert session.scalars(select(Batch)).all() == []


def test_the_result_names_each_and_what_wecom_said(base: Database) -> None:
    batch_id = begin(base, "tag_add", GOLD)
    work(base, batch_id)
    with base.write() as session:
        refused = session.scalars(select(Push).where(Push.userid == "lisi")).one()
        end_pushes(session, [refused.id], outcome="failed", reason="permission", errcode=48002)
    with base.read() as session:
        batch = session.get_one(Batch, batch_id)
        rows, following = list_items(session, batch)
        failed, _none = list_items(session, batch, outcome="failed")
    assert len(rows) == 6
    assert following == 0
    assert [(row.member, row.push and row.push.reason) for row in failed] == [
        ("lisi", "permission")
    ]


def test_a_batch_goes_when_its_time_is_over_and_one_under_way_stays(
    base: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "DELETED_AT_ONCE", 4)
    old, open_one = begin(base, "tag_add", GOLD), begin(base, "tag_add", GOLD)
    with base.write() as session:
        session.get_one(Batch, old).ended_at = clock.utcnow() - timedelta(days=100)
    sizes = []
    while True:
        with base.write() as session:
            sizes.append(delete_ended(session, before=clock.utcnow() - timedelta(days=90)))
        if not sizes[-1]:
            break
    assert sizes == [4, 2, 1, 0]
    with base.read() as session:
        assert session.scalars(select(Batch.id)).all() == [open_one]
    assert outcomes(base, open_one) == {"": 6}

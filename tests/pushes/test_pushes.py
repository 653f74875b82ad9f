"""A push is one row from the change to its end; of one pair they go one after the other."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from app import clock
from app.claims import Claim, claim_due, next_try
from app.db import Database
from app.pushes.actions import (
    confirm_pushes,
    delete_told,
    end_pushes,
    postpone_push,
    record_push,
)
from app.pushes.models import Push
from app.pushes.queries import (
    IS_FIRST,
    SAID_FOR,
    list_held,
    list_recent_subjects,
    list_unsettled,
    word_reason,
)
from app.wecom.codes import CALLABLE_PAGE

LI, WANG = "wmLi", "wmWang"


def change(db: Database, value: str, subject: str = "", *, customer: str = LI) -> int:
    """Record a remark, or with a subject a tag, and return the push."""
    kind = "tags" if subject else "remark"
    with db.write() as session:
        return record_push(
            session,
            kind=kind,
            userid="zhaoyi",
            external_userid=customer,
            value=value,
            subject=subject,
        ).id


def claim(db: Database, limit: int = 10) -> list[Claim]:
    with db.write() as session:
        return claim_due(session, Push, IS_FIRST, limit=limit, lease=20)


def end(db: Database, push_id: int, outcome: str = "done", **more: object) -> None:
    with db.write() as session:
        end_pushes(session, [push_id], outcome=outcome, **more)  # type: ignore[arg-type]  # words


def outcome(db: Database, push_id: int) -> str | None:
    with db.read() as session:
        return session.get_one(Push, push_id).outcome


def unsettled(db: Database) -> list[int]:
    with db.read() as session:
        return [push.id for push in list_unsettled(session, "zhaoyi", LI)]


def held(db: Database, asked_at: datetime) -> dict[str, set[str]]:
    with db.read() as session:
        return list_held(session, "zhaoyi", LI, asked_at)


def test_a_later_change_supersedes_one_that_waits(any_db: Database) -> None:
    first, second = change(any_db, "李姐"), change(any_db, "李老师")
    assert (outcome(any_db, first), outcome(any_db, second)) == ("superseded", None)
    assert [one.id for one in claim(any_db)] == [second]


def test_changes_of_other_subjects_stay(any_db: Database) -> None:
    pushes = [change(any_db, "add", "et1"), change(any_db, "add", "et2"), change(any_db, "李姐")]
    elsewhere = change(any_db, "add", "et1", customer=WANG)
    assert [outcome(any_db, push) for push in [*pushes, elsewhere]] == [None] * 4


def test_of_one_pair_the_first_alone_is_claimed(any_db: Database) -> None:
    first = change(any_db, "add", "et1")
    second = change(any_db, "add", "et2")
    remark, other = change(any_db, "李姐"), change(any_db, "add", "et1", customer=WANG)
    assert [one.id for one in claim(any_db)] == [first, remark, other]
    assert claim(any_db) == []
    end(any_db, first)
    assert [one.id for one in claim(any_db)] == [second]


def test_what_is_being_told_is_not_superseded_and_holds_up_what_follows(any_db: Database) -> None:
    first = change(any_db, "李姐")
    claim(any_db)
    second = change(any_db, "李老师")
    assert outcome(any_db, first) is None
    assert claim(any_db) == []
    end(any_db, first)
    assert [one.id for one in claim(any_db)] == [second]


def test_one_that_is_to_be_tried_again_is_superseded(any_db: Database) -> None:
    first = change(any_db, "李姐")
    (claimed,) = claim(any_db)
    later = next_try(1)
    assert later
    with any_db.write() as session:
        postpone_push(session, claimed, later)
    second = change(any_db, "李老师")
    assert outcome(any_db, first) == "superseded"
    assert [one.id for one in claim(any_db)] == [second]


def test_an_end_is_written_once(any_db: Database) -> None:
    push = change(any_db, "李姐")
    end(any_db, push)
    end(any_db, push, "failed", reason="refused")
    assert outcome(any_db, push) == "done"


def test_an_end_nobody_knows_is_refused(db: Database) -> None:
    push = change(db, "李姐")
    with pytest.raises(ValueError, match="no such outcome"):
        end(db, push, "perhaps")


def test_unsettled_is_what_is_open_or_has_failed_and_of_each_subject_the_last(
    any_db: Database,
) -> None:
    end(any_db, change(any_db, "add", "et1"), "failed", reason="refused")
    removed = change(any_db, "remove", "et1")
    end(any_db, removed)
    failed = change(any_db, "add", "et2")
    end(any_db, failed, "failed", reason="refused")
    waiting = change(any_db, "李姐")
    assert unsettled(any_db) == [waiting, failed]


def test_a_failure_is_said_for_a_week(db: Database) -> None:
    push = change(db, "李姐")
    end(db, push, "failed", reason="refused")
    assert unsettled(db) == [push]
    with db.write() as session:
        session.get_one(Push, push).created_at -= SAID_FOR
    assert unsettled(db) == []


def test_a_failure_that_has_come_to_be_is_done(db: Database) -> None:
    push = change(db, "李姐")
    end(db, push, "failed", reason="refused")
    with db.write() as session:
        confirm_pushes(session, [push])
    assert unsettled(db) == []


def test_an_answer_may_not_know_what_is_open_or_was_told_after_the_question(
    any_db: Database,
) -> None:
    change(any_db, "add", "et1")
    told = change(any_db, "李姐")
    end(any_db, told)
    now = clock.utcnow()
    assert held(any_db, now - timedelta(seconds=5)) == {"tags": {"et1"}, "remark": {""}}
    assert held(any_db, now + timedelta(seconds=5)) == {"tags": {"et1"}}


def test_the_last_used_come_first_and_once_and_none_that_a_batch_gave(any_db: Database) -> None:
    for tag in ("et1", "et2", "et1", "et3"):
        change(any_db, "add", tag)
    change(any_db, "remove", "et2")
    by_batch = change(any_db, "add", "et4")
    with any_db.write() as session:
        session.get_one(Push, by_batch).batch_id = 7
    with any_db.read() as session:
        assert list_recent_subjects(session, "zhaoyi", "tags", "add") == ["et3", "et1", "et2"]


@pytest.mark.parametrize(
    ("reason", "errcode", "words"),
    [
        (
            "permission",
            48002,
            f"本应用不在客户联系的“可调用接口的应用”里。请管理员打开：{CALLABLE_PAGE}",
        ),
        ("no_relation", 84061, "该成员与客户不是好友关系"),
        ("no_relation", 40068, "这个标签在企业微信里已不存在"),
        ("refused", 99999, "企业微信拒绝了这次请求"),
        ("unreachable", None, "一直连不上企业微信"),
        ("gave_up", 45033, "试了多次都没有成功"),
    ],
)
def test_why_it_failed_is_said_in_words(reason: str, errcode: int | None, words: str) -> None:
    assert word_reason(Push(reason=reason, errcode=errcode)) == words


def test_what_was_told_long_ago_is_deleted_and_nothing_else(any_db: Database) -> None:
    old = {one: change(any_db, "add", one) for one in ("done", "superseded", "failed", "open")}
    for outcome_of, push_id in old.items():
        if outcome_of != "open":
            end(any_db, push_id, outcome_of)
    with any_db.write() as session:
        session.execute(update(Push).values(created_at=clock.utcnow() - timedelta(days=91)))
    young = change(any_db, "李姐")
    end(any_db, young)
    with any_db.write() as session:
        assert delete_told(session, before=clock.utcnow() - timedelta(days=90)) == 2
    with any_db.read() as session:
        assert set(session.scalars(select(Push.id))) == {old["failed"], old["open"], young}

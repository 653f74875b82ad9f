"""Why customers were lost: a tap puts it down, another clears it, nobody overwrites unawares."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from app import clock
from app.churn.actions import Cause, record_losses, set_loss_reason
from app.churn.errors import ReasonChanged
from app.churn.models import Loss
from app.churn.queries import get_loss_reason
from app.customers.actions import Change, record_change
from app.customers.models import FollowUser
from app.customers.queries import list_timeline, word_entry
from app.db import Database
from app.errors import NotFound

WANG = "wmWang"


def lost(db: Database, kind: str = "customer") -> FollowUser:
    """Have a customer come and go; return the relation that ended."""
    now = clock.utcnow()
    with db.write() as session:
        for what, at in (("add", now - timedelta(days=3)), (kind, now)):
            change = Change(userid="zhaoyi", external_userid=WANG, kind=what, at=at)
            follow = record_change(session, change)
    return follow


def put_down(
    db: Database, follow: FollowUser, reason: str, note: str = "", *, was: str | None = None
) -> Cause:
    return db.commit(
        partial(
            set_loss_reason,
            follow=follow,
            userid="zhaoyi",
            cause=Cause(reason=reason, note=note),
            instead_of=was,
        )
    )


def told(db: Database) -> list[str]:
    with db.read() as session:
        return [word_entry(entry) for entry in list_timeline(session, WANG)]


def test_a_reason_is_kept_with_who_said_so_and_told(any_db: Database) -> None:
    follow = lost(any_db)
    assert put_down(any_db, follow, "price") == Cause()
    with any_db.read() as session:
        stands = get_loss_reason(session, follow.id)
    assert (stands.reason, stands.userid, stands.at is None) == ("price", "zhaoyi", False)
    assert told(any_db)[0] == "流失原因：价格"


def test_another_reason_takes_its_place_and_none_clears_it(any_db: Database) -> None:
    follow = lost(any_db)
    put_down(any_db, follow, "price")
    assert put_down(any_db, follow, "other", "搬家了") == Cause(reason="price")
    assert put_down(any_db, follow, "") == Cause(reason="other", note="搬家了")
    assert told(any_db)[:3] == ["清除了流失原因", "流失原因：其他（搬家了）", "流失原因：价格"]
    with any_db.read() as session:
        assert get_loss_reason(session, follow.id).reason == ""


def test_the_same_reason_twice_is_told_once(db: Database) -> None:
    follow = lost(db)
    put_down(db, follow, "rival")
    put_down(db, follow, "rival")
    assert [line for line in told(db) if "竞品" in line] == ["流失原因：竞品"]


def test_words_that_follow_stand_in_the_same_entry(any_db: Database) -> None:
    follow = lost(any_db)
    put_down(any_db, follow, "other")
    put_down(any_db, follow, "other", "搬家了")
    assert [line for line in told(any_db) if "流失原因" in line] == ["流失原因：其他（搬家了）"]


def test_only_other_takes_a_note(db: Database) -> None:
    follow = lost(db)
    put_down(db, follow, "price", "太贵")
    assert told(db)[0] == "流失原因：价格"


def test_it_is_put_down_before_the_event_of_the_loss_is_worked(db: Database) -> None:
    put_down(db, lost(db), "mistake")
    with db.write() as session:
        record_losses(session, "zhaoyi", WANG)
        assert [loss.reason for loss in session.scalars(select(Loss))] == ["mistake"]


def test_tapped_twice_at_once_before_that_event_it_is_put_down_once(any_db: Database) -> None:
    follow = lost(any_db)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: put_down(any_db, follow, "price"), range(4)))
    with any_db.read() as session:
        assert session.scalars(select(Loss.reason)).one() == "price"


def test_undo_does_not_overwrite_what_a_manager_said_meanwhile(db: Database) -> None:
    follow = lost(db)
    put_down(db, follow, "price")
    put_down(db, follow, "service")
    with pytest.raises(ReasonChanged) as changed:
        put_down(db, follow, "", was="price")
    assert changed.value.reason == "service"


@pytest.mark.parametrize("reason", ["unknown", "PRICE", "价格", "<b>"])
def test_a_reason_that_is_none_is_refused(db: Database, reason: str) -> None:
    with pytest.raises(NotFound):
        put_down(db, lost(db), reason)


@pytest.mark.parametrize("kind", ["member", "transfer"])
def test_where_the_customer_did_not_leave_there_is_no_reason(db: Database, kind: str) -> None:
    with pytest.raises(NotFound):
        put_down(db, lost(db, kind), "price")


def test_a_long_note_is_cut_to_what_fits(any_db: Database) -> None:
    follow = lost(any_db)
    put_down(any_db, follow, "other", "长" * 300)
    with any_db.read() as session:
        assert len(get_loss_reason(session, follow.id).note) == 200

"""Winning customers back: who can be asked to, what he is told, and when it is over by itself."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from app import clock
from app.churn.actions import Assignment, assign_win_backs, set_contacted
from app.churn.jobs import build_win_back_card, build_win_back_digest
from app.churn.models import Loss
from app.churn.queries import read_rows
from app.db import Database
from app.deliveries.models import Delivery
from app.errors import NotFound, Refused
from app.outbox import Cancelled, Card
from app.runtime import Runtime
from tests.churn.people import add, lose, make_corp


@pytest.fixture
def corp(any_db: Database) -> Database:
    """Give a corp whose customer wm1 left zhaoyi, whom sunsan leads."""
    with any_db.write() as session:
        make_corp(session)
        lose(session, "wm1", name="李晓雯")
    return any_db


def assign(db: Database, to: str, ids: Sequence[int] = (1,), *, by: str = "qianer") -> Assignment:
    with db.write() as session:
        losses = session.scalars(select(Loss).where(Loss.external_userid.in_(wm(ids)))).all()
        return assign_win_backs(session, losses, to=to, userid=by)


def wm(ids: Sequence[int]) -> list[str]:
    return [f"wm{number}" for number in ids]


def messages(db: Database) -> list[Delivery]:
    with db.read() as session:
        return list(session.scalars(select(Delivery).order_by(Delivery.id)))


def card(runtime: Runtime, db: Database, delivery: Delivery) -> Card:
    with db.read() as session:
        return build_win_back_card(runtime, session, delivery)


def stands(db: Database) -> list[str]:
    with db.read() as session:
        rows = read_rows(session, [loss.id for loss in session.scalars(select(Loss))])
        return [row.win_back for row in sorted(rows, key=lambda row: row.loss.id)]


def test_the_member_is_told_with_a_link_to_the_card(corp: Database, runtime: Runtime) -> None:
    done = assign(corp, "zhaoyi")
    assert [loss.assigned_to for loss in done.done] == ["zhaoyi"]
    [delivery] = messages(corp)
    told = card(runtime, corp, delivery)
    assert (delivery.recipient, told.title, told.desc) == ("zhaoyi", "请挽回一位客户", "李晓雯")
    assert told.path == "/sidebar/customers/wm1/profile"
    assert ("分配人", "钱尔雅") in told.rows


def test_his_manager_may_be_asked_and_a_stranger_may_not(corp: Database) -> None:
    assert assign(corp, "sunsan").done
    assert assign(corp, "lisi").left == {"unseen": 1}
    assert [loss.assigned_to for loss in _losses(corp)] == ["sunsan"]


def test_a_colleague_who_follows_him_too_may_be_asked(corp: Database) -> None:
    with corp.write() as session:
        add(session, "wm1", userid="lisi", at=clock.utcnow() - timedelta(days=30))
    assert assign(corp, "lisi").done


def test_asked_twice_he_is_told_once(corp: Database) -> None:
    assign(corp, "zhaoyi")
    assert assign(corp, "zhaoyi").left == {"same": 1}
    assert len(messages(corp)) == 1


def test_whom_somebody_else_has_got_meanwhile_he_is_not_told_of(
    corp: Database, runtime: Runtime
) -> None:
    assign(corp, "zhaoyi")
    assign(corp, "sunsan")
    first, second = messages(corp)
    with pytest.raises(Cancelled, match="reassigned"):
        card(runtime, corp, first)
    assert card(runtime, corp, second).desc == "李晓雯"


def test_taken_back_nobody_is_told_of_it_any_more(corp: Database, runtime: Runtime) -> None:
    assign(corp, "zhaoyi")
    assert assign(corp, "").done
    [delivery] = messages(corp)
    with pytest.raises(Cancelled, match="reassigned"):
        card(runtime, corp, delivery)


def test_who_came_back_needs_no_winning_back(corp: Database, runtime: Runtime) -> None:
    assign(corp, "zhaoyi")
    with corp.write() as session:
        add(session, "wm1", at=clock.utcnow() + timedelta(seconds=5))
    [delivery] = messages(corp)
    with pytest.raises(Cancelled, match="returned"):
        card(runtime, corp, delivery)
    assert stands(corp) == ["back"]
    assert assign(corp, "sunsan").left == {"back": 1}


def test_who_adds_another_member_afterwards_is_back_too(corp: Database) -> None:
    with corp.write() as session:
        add(session, "wm1", userid="lisi", at=clock.utcnow() + timedelta(seconds=5))
    assert stands(corp) == ["back"]


def test_whom_a_colleague_followed_all_along_is_not_back(corp: Database) -> None:
    with corp.write() as session:
        add(session, "wm1", userid="lisi", at=clock.utcnow() - timedelta(days=30))
    assert stands(corp) == ["open"]


def test_that_somebody_was_in_touch_is_put_down_and_taken_back(corp: Database) -> None:
    assert set_to(corp, contacted=True)
    assert (stands(corp), set_to(corp, contacted=True)) == (["contacted"], False)
    assert set_to(corp, contacted=False)
    assert stands(corp) == ["open"]


def test_whoever_was_handed_over_is_not_to_be_won_back(db: Database) -> None:
    with db.write() as session:
        make_corp(session)
        loss = lose(session, "wm1", kind="transfer")
    assert assign(db, "sunsan").left == {"transfer": 1}
    with pytest.raises(NotFound):
        db.commit(partial(set_contacted, loss=loss, userid="qianer", contacted=True))
    assert stands(db) == [""]


def test_many_are_one_message_with_their_names(corp: Database, runtime: Runtime) -> None:
    with corp.write() as session:
        for number in range(2, 5):
            lose(session, f"wm{number}", name=f"客户{number}")
    assert len(assign(corp, "zhaoyi", range(1, 5)).done) == 4
    with corp.read() as session:
        told = build_win_back_digest(runtime, session, messages(corp))
    assert (told.title, told.desc) == ("请挽回 4 位客户", "李晓雯、客户2、客户3、客户4")


def test_too_many_at_once_are_refused(corp: Database) -> None:
    losses = _losses(corp) * 201
    with corp.write() as session, pytest.raises(Refused):
        assign_win_backs(session, losses, to="zhaoyi", userid="qianer")


def set_to(db: Database, *, contacted: bool) -> bool:
    [loss] = _losses(db)
    return db.commit(partial(set_contacted, loss=loss, userid="qianer", contacted=contacted))


def _losses(db: Database) -> list[Loss]:
    with db.read() as session:
        return list(session.scalars(select(Loss)))

"""What a member adds to a stage change: his own, within the day, and the timeline says it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from app import clock
from app.customers.actions import Addition, StageNote, add_stage_note, change_stage
from app.customers.actions.profile import ensure_customer
from app.customers.models import Stage, StageChange
from app.customers.queries import list_timeline, word_entry
from app.db import Database
from app.errors import NotFound, Refused

WANG = "wmWang"


def moved(db: Database, to: str, *, seen: int = 0) -> int:
    """Have zhaoyi move the customer; return the change."""
    with db.write() as session:
        ensure_customer(session, WANG)
        stage_id = session.scalars(select(Stage.id).where(Stage.name == to)).one()
        return change_stage(
            session, WANG, to_stage_id=stage_id, userid="zhaoyi", seen=seen
        ).change_id


def add(db: Database, change_id: int, *, by: str = "zhaoyi", **said: Any) -> StageNote:
    return db.commit(
        lambda session: add_stage_note(
            session, WANG, change_id=change_id, userid=by, said=Addition(**said)
        )
    )


def told(db: Database) -> str:
    with db.read() as session:
        return word_entry(list_timeline(session, WANG)[0])


def test_the_amount_and_the_words_stand_in_the_timeline(any_db: Database) -> None:
    note = add(any_db, moved(any_db, "成交"), amount=Decimal("3000.00"), why="老客户介绍")
    assert note.amount == Decimal("3000.00")
    assert told(any_db) == "客户阶段：未设置 → 成交 · ¥3,000.00 · 老客户介绍"


def test_the_reason_stands_in_the_timeline_until_it_is_cleared(any_db: Database) -> None:
    change = moved(any_db, "无意向")
    add(any_db, change, reason="price")
    assert told(any_db) == "客户阶段：未设置 → 无意向 · 价格"
    add(any_db, change, reason="")
    assert told(any_db) == "客户阶段：未设置 → 无意向"


def test_what_is_not_said_stays_as_it_was(db: Database) -> None:
    change = moved(db, "成交")
    add(db, change, amount=Decimal("0.00"))
    add(db, change, why="先付定金")
    assert told(db) == "客户阶段：未设置 → 成交 · ¥0.00 · 先付定金"
    add(db, change, clears_amount=True)
    assert told(db) == "客户阶段：未设置 → 成交 · 先付定金"


def test_nobody_adds_to_the_change_of_another(db: Database) -> None:
    with pytest.raises(NotFound):
        add(db, moved(db, "成交"), by="lisi", why="我来补")
    assert told(db) == "客户阶段：未设置 → 成交"


def test_nobody_adds_to_a_change_of_another_customer(db: Database) -> None:
    change = moved(db, "成交")
    with db.write() as session, pytest.raises(NotFound):
        add_stage_note(
            session, "wmOther", change_id=change, userid="zhaoyi", said=Addition(why="别人的")
        )


def test_after_a_day_nothing_is_added_any_more(db: Database) -> None:
    change = moved(db, "成交")
    with db.write() as session:
        session.execute(update(StageChange).values(changed_at=clock.utcnow() - timedelta(hours=25)))
    with pytest.raises(NotFound, match="过了一天"):
        add(db, change, why="太晚了")


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("意向", {"amount": Decimal(1)}),
        ("无意向", {"clears_amount": True}),
        ("成交", {"reason": "price"}),
        ("无意向", {"reason": "mistake"}),
        ("无意向", {"reason": "<script>"}),
    ],
)
def test_a_stage_takes_only_what_it_asks_for(db: Database, to: str, said: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        add(db, moved(db, to), **said)


def test_long_words_are_cut_to_what_fits(any_db: Database) -> None:
    assert len(add(any_db, moved(any_db, "意向"), why="长" * 300).why) == 200

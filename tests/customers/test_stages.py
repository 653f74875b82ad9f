"""Stages (客户阶段): one tap, one change; nobody overwrites another unawares; undo is a change."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.customers.actions import StageMove, change_stage, put_into_first_stage, undo_stage
from app.customers.actions.profile import ensure_customer
from app.customers.errors import StageConflict
from app.customers.models import Pipeline, Stage, StageChange
from app.customers.queries import find_stage_name, get_stage_boards, list_timeline, word_entry
from app.db import Database
from app.errors import NotFound

WANG = "wmWang"


def start(db: Database) -> dict[str, int]:
    """Have a customer in the first stage; return the stages' ids by name."""
    with db.write() as session:
        ensure_customer(session, WANG)
        put_into_first_stage(session, WANG)
        return {stage.name: stage.id for stage in session.scalars(select(Stage))}


def move(db: Database, to: int, *, by: str = "zhaoyi", seen: int = 0) -> StageMove:
    return db.commit(lambda s: change_stage(s, WANG, to_stage_id=to, userid=by, seen=seen))


def undo(db: Database, change_id: int, *, by: str = "zhaoyi") -> StageMove:
    return db.commit(lambda s: undo_stage(s, WANG, change_id=change_id, userid=by))


def count_changes(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(StageChange)) or 0


def told(db: Database) -> list[str]:
    with db.read() as session:
        return [word_entry(entry) for entry in list_timeline(session, WANG)]


def test_a_tap_moves_the_customer_and_the_timeline_says_so(any_db: Database) -> None:
    stages = start(any_db)
    moved = move(any_db, stages["意向"])
    assert (moved.from_stage, moved.to_stage, moved.changed) == ("新客户", "意向", True)
    with any_db.read() as session:
        board = get_stage_boards(session, WANG)[0]
    assert (board.now.name, board.now.change_id, board.now.userid) == (
        "意向",
        moved.change_id,
        "zhaoyi",
    )
    assert [name for _id, name in board.stages] == ["新客户", "初步沟通", "意向", "成交", "无意向"]
    assert told(any_db) == ["客户阶段：新客户 → 意向"]


def test_the_same_tap_twice_is_one_change(any_db: Database) -> None:
    stages = start(any_db)
    first = move(any_db, stages["意向"])
    again = move(any_db, stages["意向"])
    assert (again.changed, again.change_id) == (False, first.change_id)
    assert len(told(any_db)) == 1


def test_undo_is_a_new_change_back(any_db: Database) -> None:
    stages = start(any_db)
    first = move(any_db, stages["意向"])
    back = undo(any_db, first.change_id)
    assert (back.to_stage, back.changed) == ("新客户", True)
    assert back.change_id > first.change_id
    assert told(any_db) == ["撤销修改，客户阶段：意向 → 新客户", "客户阶段：新客户 → 意向"]


def test_undo_tapped_twice_is_one_change(db: Database) -> None:
    stages = start(db)
    first = move(db, stages["意向"])
    undo(db, first.change_id)
    assert not undo(db, first.change_id).changed
    assert len(told(db)) == 2


def test_another_members_change_is_told_and_not_overwritten(any_db: Database) -> None:
    stages = start(any_db)
    theirs = move(any_db, stages["成交"], by="lisi")
    with pytest.raises(StageConflict) as conflict:
        move(any_db, stages["意向"], seen=0)
    current = conflict.value.current
    assert (current.name, current.userid, current.change_id) == ("成交", "lisi", theirs.change_id)
    assert current.at is not None
    with any_db.read() as session:
        assert find_stage_name(session, WANG) == "成交"
    assert move(any_db, stages["意向"], seen=theirs.change_id).changed


def test_nobody_undoes_what_another_did(db: Database) -> None:
    mine = move(db, start(db)["意向"])
    with pytest.raises(NotFound):
        undo(db, mine.change_id, by="lisi")


def test_undo_does_not_overwrite_a_later_change(db: Database) -> None:
    stages = start(db)
    mine = move(db, stages["意向"])
    move(db, stages["成交"], by="lisi", seen=mine.change_id)
    with pytest.raises(StageConflict):
        undo(db, mine.change_id)


def test_a_stage_that_does_not_exist_is_refused(any_db: Database) -> None:
    start(any_db)
    with pytest.raises(NotFound):
        move(any_db, 10**17)


def test_a_stage_of_a_pipeline_that_is_gone_is_refused(db: Database) -> None:
    stages = start(db)
    change_id = move(db, stages["意向"]).change_id
    with db.write() as session:
        for pipeline in session.scalars(select(Pipeline)):
            pipeline.removed_at = clock.utcnow()
    with pytest.raises(NotFound):
        move(db, stages["成交"], seen=change_id)
    with pytest.raises(NotFound):
        undo(db, change_id)


def test_a_customer_who_does_not_exist_is_refused(db: Database) -> None:
    stages = start(db)
    with db.write() as session, pytest.raises(NotFound):
        change_stage(session, "wmNobody", to_stage_id=stages["意向"], userid="zhaoyi", seen=0)


def test_another_customers_change_cannot_be_undone(db: Database) -> None:
    stages = start(db)
    mine = move(db, stages["意向"])
    with db.write() as session:
        ensure_customer(session, "wmOther")
        with pytest.raises(NotFound):
            undo_stage(session, "wmOther", change_id=mine.change_id, userid="zhaoyi")


def test_a_customer_without_a_stage_gets_one_and_there_is_nothing_to_go_back_to(
    any_db: Database,
) -> None:
    with any_db.write() as session:
        ensure_customer(session, WANG)
        board = get_stage_boards(session, WANG)[0]
        stage_id, name = board.stages[2]
    assert (board.now.stage_id, board.now.change_id) == (None, 0)
    moved = move(any_db, stage_id)
    assert (moved.changed, moved.can_undo) == (True, False)
    assert told(any_db) == [f"客户阶段：未设置 → {name}"]
    with pytest.raises(NotFound):
        undo(any_db, moved.change_id)


def at_once(*works: Callable[[], StageMove]) -> list[StageMove | StageConflict]:
    """Run the works in threads of their own, which start together."""
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[], StageMove]) -> StageMove | StageConflict:
        barrier.wait()
        try:
            return work()
        except StageConflict as conflict:
            return conflict

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def test_of_two_who_tap_at_once_one_wins_and_the_other_is_told(any_db: Database) -> None:
    stages = start(any_db)
    seen, places = 0, ("意向", "成交", "无意向", "初步沟通")
    for number in range(12):
        to = [stages[name] for name in places if stages[name] != stage_of(any_db)][:2]
        results = at_once(
            partial(move, any_db, to[0], by="zhaoyi", seen=seen),
            partial(move, any_db, to[1], by="lisi", seen=seen),
        )
        (won,) = [result for result in results if isinstance(result, StageMove)]
        (lost,) = [result for result in results if isinstance(result, StageConflict)]
        assert lost.current.change_id == won.change_id
        assert lost.current.name == won.to_stage
        seen = won.change_id
        with any_db.read() as session:
            assert count_changes(session) == number + 1


def test_many_taps_on_the_same_stage_at_once_are_one_change(any_db: Database) -> None:
    stages = start(any_db)
    results = at_once(*[partial(move, any_db, stages["意向"])] * 6)
    assert sum(isinstance(result, StageMove) and result.changed for result in results) == 1
    with any_db.read() as session:
        assert count_changes(session) == 1


def stage_of(db: Database) -> int | None:
    with db.read() as session:
        return get_stage_boards(session, WANG)[0].now.stage_id

"""An import that was agreed to: who is overtaken, stopped, killed, and taken back."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from app import clock
from app.batches import importing
from app.batches.actions import cancel_batch, delete_ended
from app.batches.import_queries import find_import
from app.batches.models import Batch, ImportRow
from app.claims import claim_due
from app.customers.actions import Addition, add_stage_note, change_stage
from app.customers.models import (
    CustomerStage,
    CustomField,
    FollowUp,
    FollowUser,
    Stage,
    StageChange,
)
from app.customers.queries import find_stage_now
from app.db import Database
from app.errors import Refused
from tests.batches.kept import HEAD, LI, WANG, base, notes, stage, told, type_in, value, written
from tests.batches.tables import check, confirm, counts, faults, get, hand_in, undo
from tests.batches.test_batches import work
from tests.churn.people import add

__all__ = ["base"]


def test_what_a_member_changes_meanwhile_stays_and_is_said(base: Database) -> None:
    import_id = hand_in(base, HEAD, LI)
    check(base, import_id)
    type_in(base, "t_money", "88")
    confirm(base, import_id)
    assert value(base, "t_money").number == Decimal(88)
    assert value(base, "t_vip").flag is True
    said = [["试预算", "核对之后有人改过，没有覆盖"]]
    assert faults(base, import_id, "partly") == {2: said}


def test_an_import_is_taken_back_as_a_whole(base: Database) -> None:
    type_in(base, "t_money", "500")
    type_in(base, "t_way", "路过")
    import_id = hand_in(base, HEAD, LI, WANG)
    check(base, import_id)
    confirm(base, import_id)
    undo(base, import_id)
    assert counts(base, import_id) == {"undone": 2}
    assert value(base, "t_money").number == Decimal(500)
    assert value(base, "t_way").chosen == ("路过",)
    assert value(base, "t_day").is_empty
    assert stage(base) == "新客户"
    assert notes(base) == []
    assert told(base)[-1].startswith("撤销了从表格的导入：「试预算」、")
    with pytest.raises(Refused):
        undo(base, import_id)


@pytest.fixture
def nowhere(base: Database) -> Database:
    """Have nobody stand in any stage."""
    with base.write() as session:
        session.execute(delete(CustomerStage))
    return base


def test_a_first_stage_is_taken_back_with_its_step(nowhere: Database) -> None:
    before = written(nowhere)
    import_id = hand_in(nowhere, ["external_userid", "阶段"], ["wmLi", "意向"], ["wmWang", "成交"])
    check(nowhere, import_id)
    confirm(nowhere, import_id)
    assert stage(nowhere) == "意向"
    undo(nowhere, import_id)
    assert counts(nowhere, import_id) == {"undone": 2}
    assert written(nowhere) == before | {"timeline": before["timeline"] + 4}
    assert told(nowhere)[-2:] == ["从表格导入了阶段「意向」", "撤销了从表格的导入：阶段「未设置」"]
    with nowhere.read() as session:
        assert session.scalars(select(StageChange)).all() == []


def test_a_first_stage_somebody_went_on_from_or_spoke_of_stays(nowhere: Database) -> None:
    import_id = hand_in(nowhere, ["external_userid", "阶段"], ["wmLi", "意向"], ["wmWang", "成交"])
    check(nowhere, import_id)
    confirm(nowhere, import_id)
    with nowhere.write() as session:
        first = {one.external_userid: one for one in session.scalars(select(StageChange))}
        deal = first["wmWang"].to_stage_id
        seen = first["wmLi"].id
        change_stage(session, "wmLi", to_stage_id=deal, userid="zhaoyi", seen=seen)
        add_stage_note(
            session,
            "wmWang",
            change_id=first["wmWang"].id,
            userid="qianer",
            said=Addition(amount=Decimal(800)),
        )
    undo(nowhere, import_id)
    assert stage(nowhere) == "成交"
    assert counts(nowhere, import_id) == {"kept": 2}
    kept = [["阶段", "导入之后有人改过，保留现在的内容"]]
    assert faults(nowhere, import_id, "kept") == {2: kept, 3: kept}


def test_what_was_changed_since_the_import_stays_and_is_listed(base: Database) -> None:
    import_id = hand_in(base, HEAD, LI, WANG)
    check(base, import_id)
    confirm(base, import_id)
    type_in(base, "t_money", "77")
    with base.write() as session:
        pipeline = session.scalars(select(Stage.pipeline_id).order_by(Stage.id)).first()
        assert pipeline
        now = find_stage_now(session, "wmLi", pipeline)
        deal = session.scalars(select(Stage.id).where(Stage.name == "成交")).one()
        change_stage(session, "wmLi", to_stage_id=deal, userid="zhaoyi", seen=now.change_id)
        note = session.scalars(select(FollowUp).where(FollowUp.external_userid == "wmWang")).one()
        note.text, note.edited_at = "改过", clock.utcnow()
    undo(base, import_id)
    assert value(base, "t_money").number == Decimal(77)
    assert value(base, "t_vip").is_empty
    assert stage(base) == "成交"
    assert notes(base) == [("wmWang", "qianer", "改过")]
    assert counts(base, import_id) == {"kept": 2}
    said = "导入之后有人改过，保留现在的内容"
    kept = {2: [["试预算", said], ["阶段", said]], 3: [["跟进", said]]}
    assert faults(base, import_id, "kept") == kept


def many(base: Database, monkeypatch: pytest.MonkeyPatch) -> int:
    """Have five customers' notes be imported, one a piece."""
    monkeypatch.setattr(importing, "AT_ONCE", 1)
    with base.write() as session:
        for number in range(5):
            add(session, f"wm{number}")
    rows = [[f"wm{number}", f"第{number}"] for number in range(5)]
    import_id = hand_in(base, ["external_userid", "跟进"], *rows)
    check(base, import_id)
    return import_id


def test_one_that_is_stopped_half_way_keeps_what_is_done_which_can_be_taken_back(
    base: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_id = many(base, monkeypatch)
    confirm(base, import_id, pieces=2)
    with base.write() as session:
        batch = find_import(session, import_id)
        assert batch
        assert cancel_batch(session, batch, userid="qianer")
    work(base, import_id)
    assert counts(base, import_id) == {"done": 2, "cancelled": 3}
    assert get(base, import_id).ended_at is not None
    undo(base, import_id)
    assert counts(base, import_id) == {"undone": 2, "cancelled": 3}
    assert notes(base) == []


def test_a_dry_run_that_is_stopped_goes_back_to_the_columns(
    base: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_id = many(base, monkeypatch)
    with base.write() as session:
        batch = find_import(session, import_id)
        assert batch
        batch.what = batch.what | {"phase": "checking"}
        assert cancel_batch(session, batch, userid="qianer")
    work(base, import_id)
    batch = get(base, import_id)
    assert (batch.what["phase"], batch.due_at, batch.cancelled_by) == ("mapping", None, "")


def test_when_a_worker_dies_another_goes_on_where_it_was(
    base: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_id = many(base, monkeypatch)
    confirm(base, import_id, pieces=2)
    with base.write() as session:
        # The lease of the one that died has run out.
        past = clock.utcnow() - timedelta(seconds=1)
        session.execute(update(Batch).where(Batch.id == import_id).values(due_at=past))
        [claim] = claim_due(session, Batch, Batch.id == import_id, limit=1, lease=60)
    assert claim.id == import_id
    work(base, import_id)
    assert counts(base, import_id) == {"done": 5}
    assert len(notes(base)) == 5


def test_a_piece_that_dies_half_way_leaves_nothing(
    base: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_id = many(base, monkeypatch)
    monkeypatch.setitem(importing.STEPS, "working", _die)
    with pytest.raises(RuntimeError):
        confirm(base, import_id)
    assert notes(base) == []
    monkeypatch.undo()
    work(base, import_id)
    assert counts(base, import_id) == {"done": 5}


def _die(*about: Any) -> None:
    importing._work(*about)  # noqa: SLF001 -- the very step, and then the end
    raise RuntimeError


def test_a_manager_reaches_the_customers_of_his_people_alone(base: Database) -> None:
    import_id = hand_in(
        base,
        ["external_userid", "跟进"],
        ["wmLi", "自己的"],
        ["wmOther", "别人的"],
        userid="sunsan",
        is_manager=True,
    )
    check(base, import_id)
    assert faults(base, import_id).keys() == {3}
    with base.write() as session:
        session.execute(
            update(FollowUser).where(FollowUser.userid == "zhaoyi").values(userid="lisi")
        )
    confirm(base, import_id)
    assert notes(base) == []
    assert faults(base, import_id, "overtaken") == {2: [["", "这位客户现在不归你管，没有导入"]]}


def test_a_field_that_goes_meanwhile_is_said(base: Database) -> None:
    import_id = hand_in(base, HEAD, LI)
    check(base, import_id)
    with base.write() as session:
        session.execute(
            update(CustomField)
            .where(CustomField.key == "t_money")
            .values(removed_at=clock.utcnow())
        )
    confirm(base, import_id)
    assert faults(base, import_id, "partly") == {2: [["试预算", "核对之后有人改过，没有覆盖"]]}


def test_rows_are_deleted_when_their_time_is_over(base: Database) -> None:
    import_id = hand_in(base, HEAD, LI)
    check(base, import_id)
    waiting = hand_in(base, HEAD, WANG)
    confirm(base, import_id)
    long_ago = clock.utcnow() - timedelta(days=40)
    with base.write() as session:
        session.execute(update(Batch).where(Batch.id == import_id).values(ended_at=long_ago))
        session.execute(update(Batch).where(Batch.id == waiting).values(created_at=long_ago))
    gone = 1
    while gone:
        with base.write() as session:
            gone = delete_ended(session, before=clock.utcnow() - timedelta(days=30))
    with base.read() as session:
        assert session.scalars(select(ImportRow.number)).all() == []
        assert session.scalars(select(Batch.id)).all() == []
    assert len(notes(base)) == 1

"""Setting up pipelines and stages: nothing unawares, nobody left behind in an archived stage."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.customers.actions import (
    DOWN,
    UP,
    StageDraft,
    add_pipeline,
    add_stage,
    archive_pipeline,
    archive_stage,
    change_stage,
    edit_stage,
    import_pipelines,
    move_on,
    put_into_first_stage,
    rename_pipeline,
    restore_pipeline,
    restore_stage,
    shift_pipeline,
    shift_stage,
)
from app.customers.actions.profile import ensure_customer
from app.customers.errors import PipelinesRefused, SettingChanged, SettingRefused
from app.customers.jobs import move_customers_on
from app.customers.models import CustomerStage, Pipeline, Stage, StageChange
from app.customers.queries import (
    PipelineRow,
    get_stage_boards,
    get_stage_history,
    list_archived_pipelines,
    list_pipelines,
    list_timeline,
    word_entry,
)
from app.customers.queries.marks import mark_order
from app.db import Database
from app.errors import NotFound
from app.runtime import Runtime
from tests.customers.test_pipelines import as_file, without

T = TypeVar("T")
WANG, ADMIN = "wmWang", "qianer"


def do(db: Database, action: Callable[..., T], *given: object, **more: object) -> T:
    return db.commit(lambda session: action(session, *given, **more))


def rows(db: Database) -> list[PipelineRow]:
    with db.read() as session:
        return list_pipelines(session)


def names(db: Database, place: int = 0) -> list[str]:
    return [stage.name for stage in rows(db)[place].stages]


def ids(db: Database) -> dict[str, int]:
    with db.read() as session:
        return {stage.name: stage.id for stage in session.scalars(select(Stage))}


def crowd(db: Database, count: int = 1) -> None:
    """Have customers in the first stage."""
    with db.write() as session:
        for number in range(count):
            ensure_customer(session, f"wmMany{number}")
            put_into_first_stage(session, f"wmMany{number}")
        ensure_customer(session, WANG)
        put_into_first_stage(session, WANG)


def archive(db: Database, name: str, to: str = "") -> Stage:
    known = ids(db)
    row = next(one for one in rows(db)[0].stages if one.name == name)
    target = known[to] if to else 0
    return do(db, archive_stage, known[name], to=target, userid=ADMIN, seen=row.mark)


def finish(db: Database, name: str, *, most: int = 500) -> int:
    """Move on whoever is left, in pieces; return how many pieces there were."""
    stage_id, pieces = ids(db)[name], 0
    while do(db, move_on, stage_id, most=most):
        pieces += 1
    return pieces


def standing(session: Session, stage_id: int) -> int:
    counted = select(func.count()).where(CustomerStage.stage_id == stage_id)
    return session.scalar(counted) or 0


def test_a_new_pipeline_follows_the_others_with_its_stages(any_db: Database) -> None:
    do(any_db, add_pipeline, name=" 售后\n", stages=["待处理", "已解决"])
    assert [row.name for row in rows(any_db)] == ["客户阶段", "售后"]
    assert names(any_db, 1) == ["待处理", "已解决"]
    crowd(any_db)
    with any_db.read() as session:
        assert [board.now.name for board in get_stage_boards(session, WANG)] == ["新客户", ""]


@pytest.mark.parametrize("name", ["", " \u200b ", "长" * 33])
def test_a_name_that_cannot_be_is_refused(db: Database, name: str) -> None:
    with pytest.raises(SettingRefused, match="1 到 32 个字"):
        do(db, add_stage, 1, StageDraft(name))


def test_a_name_is_taken_once_and_one_in_the_archive_can_come_back(db: Database) -> None:
    with pytest.raises(SettingRefused, match="已经有一个叫「意向」的了"):
        do(db, add_stage, 1, StageDraft("意向"))
    archive(db, "意向")
    with pytest.raises(SettingRefused, match="可以恢复它"):
        do(db, add_stage, 1, StageDraft("意向"))


def test_two_who_add_the_same_stage_at_once_make_one(any_db: Database) -> None:
    def add(_number: int) -> bool:
        try:
            do(any_db, add_stage, 1, StageDraft("复购"))
        except SettingRefused:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(add, range(2))) == [False, True]
    assert names(any_db).count("复购") == 1


def test_a_stage_is_renamed_coloured_and_asks(any_db: Database) -> None:
    stage = rows(any_db)[0].stages[2]
    draft = StageDraft("有意向", asks="amount", color="purple")
    before = do(any_db, edit_stage, stage.id, draft, seen=stage.mark)
    assert before == StageDraft("意向", asks="", color="orange")
    row = rows(any_db)[0].stages[2]
    assert (row.name, row.asks, row.color) == ("有意向", "amount", "purple")


def test_who_saw_an_older_stage_changes_nothing_but_may_wish_the_same(any_db: Database) -> None:
    stage = rows(any_db)[0].stages[2]
    draft = StageDraft("有意向")
    do(any_db, edit_stage, stage.id, draft, seen=stage.mark)
    do(any_db, edit_stage, stage.id, draft, seen=stage.mark)
    with pytest.raises(SettingChanged):
        do(any_db, edit_stage, stage.id, StageDraft("意愿"), seen=stage.mark)
    assert names(any_db)[2] == "有意向"


def test_stages_are_put_in_order_and_an_old_order_is_not_built_upon(any_db: Database) -> None:
    row = rows(any_db)[0]
    do(any_db, shift_stage, row.stages[2].id, by=UP, seen=row.order)
    assert names(any_db)[:3] == ["新客户", "意向", "初步沟通"]
    with pytest.raises(SettingChanged):
        do(any_db, shift_stage, row.stages[2].id, by=UP, seen=row.order)
    do(any_db, shift_stage, row.stages[4].id, by=DOWN, seen=rows(any_db)[0].order)
    assert names(any_db)[-1] == "无意向"


def test_the_first_pipeline_takes_new_customers(any_db: Database) -> None:
    made = do(any_db, add_pipeline, name="售后", stages=["待处理"])
    with any_db.read() as session:
        order = [one.id for one in session.scalars(select(Pipeline).order_by(Pipeline.position))]
    do(any_db, shift_pipeline, made.id, by=UP, seen=mark_order(order))
    crowd(any_db)
    with any_db.read() as session:
        assert get_stage_boards(session, WANG)[0].now.name == "待处理"


def test_a_stage_with_customers_asks_where_they_go(any_db: Database) -> None:
    crowd(any_db, 2)
    with pytest.raises(SettingRefused, match="有 3 位客户"):
        archive(any_db, "新客户")
    assert "新客户" in names(any_db)


def test_customers_are_moved_in_pieces_and_each_move_is_told(any_db: Database) -> None:
    crowd(any_db, 6)
    archive(any_db, "新客户", to="成交")
    assert names(any_db) == ["初步沟通", "意向", "成交", "无意向"]
    # Who still stands there sees it.
    with any_db.read() as session:
        assert get_stage_boards(session, WANG)[0].now.name == "新客户"
    assert finish(any_db, "新客户", most=3) == 3
    known = ids(any_db)
    with any_db.read() as session:
        assert standing(session, known["成交"]) == 7
        assert session.get_one(Stage, known["新客户"]).removed_at is not None
        assert session.scalar(select(func.count()).select_from(StageChange)) == 7
        [entry] = list_timeline(session, WANG)
        [step] = get_stage_history(session, WANG, 1).steps
        assert get_stage_boards(session, WANG)[0].now.name == "成交"
    assert word_entry(entry) == "阶段归档，客户阶段：新客户 → 成交"
    assert (step.from_stage, step.to_stage, step.change.userid) == ("新客户", "成交", ADMIN)


def test_who_dies_in_the_middle_leaves_nothing_twice_and_nobody_behind(runtime: Runtime) -> None:
    db = runtime.db
    crowd(db, 9)
    archive(db, "新客户", to="成交")
    do(db, move_on, ids(db)["新客户"], most=4)
    with db.write() as session:
        move_on(session, ids(db)["新客户"], most=4)
        session.rollback()
    move_customers_on(runtime)
    with db.read() as session:
        assert standing(session, ids(db)["成交"]) == 10
        changes = session.scalars(select(StageChange.external_userid)).all()
    assert len(changes) == len(set(changes)) == 10


def test_two_who_move_at_once_move_everybody_once(any_db: Database) -> None:
    crowd(any_db, 40)
    archive(any_db, "新客户", to="成交")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _one: finish(any_db, "新客户", most=7), range(2)))
    with any_db.read() as session:
        changes = session.scalars(select(StageChange.external_userid)).all()
    assert len(changes) == len(set(changes)) == 41


def test_nobody_is_moved_into_a_stage_that_is_being_archived(any_db: Database) -> None:
    crowd(any_db)
    stages = ids(any_db)
    archive(any_db, "新客户", to="成交")
    with pytest.raises(NotFound):
        do(any_db, change_stage, WANG, to_stage_id=stages["新客户"], userid="zhaoyi", seen=0)
    do(any_db, change_stage, WANG, to_stage_id=stages["意向"], userid="zhaoyi", seen=0)
    with any_db.read() as session:
        offered = [name for _id, name in get_stage_boards(session, WANG)[0].stages]
    assert offered == ["初步沟通", "意向", "成交", "无意向"]
    finish(any_db, "新客户")
    with any_db.read() as session:
        assert get_stage_boards(session, WANG)[0].now.name == "意向"
    with any_db.write() as session:
        ensure_customer(session, "wmNew")
        put_into_first_stage(session, "wmNew")
        assert get_stage_boards(session, "wmNew")[0].now.name == "初步沟通"


def test_who_slips_into_an_archived_stage_is_moved_on_too(runtime: Runtime) -> None:
    db = runtime.db
    crowd(db)
    archive(db, "意向", to="成交")
    finish(db, "意向")
    with db.write() as session:
        # A change that had begun before the stage was archived.
        session.get_one(CustomerStage, (WANG, 1)).stage_id = ids(db)["意向"]
    move_customers_on(runtime)
    with db.read() as session:
        assert get_stage_boards(session, WANG)[0].now.name == "成交"


def test_where_customers_go_may_be_archived_while_they_are_on_their_way(runtime: Runtime) -> None:
    db = runtime.db
    crowd(db, 3)
    archive(db, "新客户", to="意向")
    archive(db, "意向", to="成交")
    move_customers_on(runtime)
    with db.read() as session:
        assert standing(session, ids(db)["成交"]) == 4
        assert [step.from_stage for step in get_stage_history(session, WANG, 1).steps] == ["新客户"]


def test_an_archived_stage_comes_back_and_those_who_were_moved_stay(any_db: Database) -> None:
    crowd(any_db, 5)
    archive(any_db, "新客户", to="成交")
    do(any_db, move_on, ids(any_db)["新客户"], most=2)
    do(any_db, restore_stage, ids(any_db)["新客户"])
    assert finish(any_db, "新客户") == 0
    assert names(any_db)[-1] == "新客户"
    row = rows(any_db)[0]
    assert {stage.name: stage.count for stage in row.stages if stage.count} == {
        "成交": 2,
        "新客户": 4,
    }
    assert row.archived == ()


def test_the_last_stage_and_the_last_pipeline_stay(any_db: Database) -> None:
    do(any_db, add_pipeline, name="售后", stages=["待处理"])
    row = rows(any_db)[1]
    [only] = row.stages
    with pytest.raises(SettingRefused, match="最后一个阶段"):
        do(any_db, archive_stage, only.id, to=0, userid=ADMIN, seen=only.mark)
    do(any_db, archive_pipeline, rows(any_db)[0].id)
    with pytest.raises(SettingRefused, match="最后一条流程"):
        do(any_db, archive_pipeline, row.id)


def test_an_archived_pipeline_keeps_its_customers_places(any_db: Database) -> None:
    crowd(any_db)
    first = rows(any_db)[0]
    do(any_db, add_pipeline, name="售后", stages=["待处理"])
    do(any_db, archive_pipeline, first.id)
    with any_db.read() as session:
        assert [board.name for board in get_stage_boards(session, WANG)] == ["售后"]
        [gone] = list_archived_pipelines(session)
    assert (gone.name, gone.count) == ("客户阶段", 2)
    do(any_db, restore_pipeline, first.id)
    with any_db.read() as session:
        boards = get_stage_boards(session, WANG)
    assert [(board.name, board.now.name) for board in boards] == [
        ("售后", ""),
        ("客户阶段", "新客户"),
    ]


def test_a_renamed_pipeline_keeps_its_customers(any_db: Database) -> None:
    crowd(any_db)
    row = rows(any_db)[0]
    assert do(any_db, rename_pipeline, row.id, name="销售", seen=row.mark) == "客户阶段"
    with pytest.raises(SettingChanged):
        do(any_db, rename_pipeline, row.id, name="售前", seen=row.mark)
    assert rows(any_db)[0].count == 2


def test_there_are_only_so_many_of_each(db: Database) -> None:
    for number in range(4):
        do(db, add_pipeline, name=f"流程{number}", stages=["开始"])
    with pytest.raises(SettingRefused, match="最多 5 条流程"):
        do(db, add_pipeline, name="流程5", stages=["开始"])
    for number in range(15):
        do(db, add_stage, 1, StageDraft(f"阶段{number}"))
    with pytest.raises(SettingRefused, match="最多 20 个阶段"):
        do(db, add_stage, 1, StageDraft("阶段15"))


def test_a_file_knows_colours_and_what_is_being_archived(any_db: Database) -> None:
    crowd(any_db, 2)
    whole = as_file(any_db)
    archive(any_db, "新客户", to="成交")
    take = partial(do, any_db, import_pipelines)
    assert take(as_file(any_db)).changes == ()
    with pytest.raises(PipelinesRefused, match="「成交」里还有 3 位客户"):
        take(without(as_file(any_db), "won"))
    assert "客户阶段：恢复「新客户」" in take(whole).changes
    assert finish(any_db, "新客户") == 0
    coloured = whole.replace('name = "成交"', 'name = "成交"\ncolor = "pink"')
    assert take(coloured).changes == ("客户阶段：「成交」改了颜色",)
    assert take(whole).changes == ()
    with pytest.raises(PipelinesRefused, match="color 只能是 gray"):
        take(whole.replace('name = "成交"', 'name = "成交"\ncolor = "#fff"'))

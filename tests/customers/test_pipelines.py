"""Pipelines from a file: all or nothing, renamed by key, no stage removed with customers in it."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from app.cli.pipelines import group
from app.customers.actions import change_stage, import_pipelines, put_into_first_stage, undo_stage
from app.customers.actions.profile import ensure_customer
from app.customers.errors import PipelinesRefused, StageConflict
from app.customers.models import Stage
from app.customers.queries import (
    get_stage_boards,
    get_stage_history,
    list_pipelines,
    list_timeline,
    word_entry,
)
from app.db import Database
from tests import settings

WANG = "wmWang"
SERVICE = """
[[pipeline]]
key = "service"
name = "售后"
[[pipeline.stage]]
key = "open"
name = "待处理"
[[pipeline.stage]]
key = "done"
name = "已解决"
"""


def as_file(db: Database) -> str:
    """Return the pipelines as the command shows them."""
    lines = []
    with db.read() as session:
        for row in list_pipelines(session):
            lines += ["[[pipeline]]", f'key = "{row.key}"', f'name = "{row.name}"']
            for stage in row.stages:
                lines += ["[[pipeline.stage]]", f'key = "{stage.key}"', f'name = "{stage.name}"']
                lines += [f'asks = "{stage.asks}"']
    return "\n".join(lines) + "\n"


def take_over(db: Database, toml_text: str) -> tuple[str, ...]:
    """Import a file and return what it changed."""
    with db.write() as session:
        return import_pipelines(session, toml_text).changes


def boards(db: Database) -> dict[str, list[str]]:
    with db.read() as session:
        return {
            board.name: [name for _id, name in board.stages]
            for board in get_stage_boards(session, WANG)
        }


def stage_ids(db: Database) -> dict[str, int]:
    with db.read() as session:
        return {stage.name: stage.id for stage in session.scalars(select(Stage))}


def arrive(db: Database) -> None:
    with db.write() as session:
        ensure_customer(session, WANG)
        put_into_first_stage(session, WANG)


def move(db: Database, to: int, *, by: str = "zhaoyi", seen: int = 0) -> int:
    return db.commit(
        lambda s: change_stage(s, WANG, to_stage_id=to, userid=by, seen=seen)
    ).change_id


def test_what_is_listed_changes_nothing_when_it_is_imported(any_db: Database) -> None:
    assert take_over(any_db, as_file(any_db)) == ()


def test_a_second_pipeline_follows_the_default_one(any_db: Database) -> None:
    arrive(any_db)
    assert "新增「售后」" in take_over(any_db, as_file(any_db) + SERVICE)
    assert boards(any_db) == {
        "客户阶段": ["新客户", "初步沟通", "意向", "成交", "无意向"],
        "售后": ["待处理", "已解决"],
    }
    assert take_over(any_db, as_file(any_db)) == ()
    with any_db.read() as session:
        assert [board.now.name for board in get_stage_boards(session, WANG)] == ["新客户", ""]


def test_the_first_in_the_file_is_the_default(db: Database) -> None:
    take_over(db, SERVICE + as_file(db))
    assert list(boards(db)) == ["售后", "客户阶段"]
    arrive(db)
    with db.read() as session:
        assert get_stage_boards(session, WANG)[0].now.name == "待处理"


def test_pipelines_do_not_know_of_each_other(any_db: Database) -> None:
    arrive(any_db)
    take_over(any_db, as_file(any_db) + SERVICE)
    stages = stage_ids(any_db)
    mine = move(any_db, stages["意向"])
    first = move(any_db, stages["待处理"])
    second = move(any_db, stages["已解决"], by="lisi", seen=first)
    with pytest.raises(StageConflict) as conflict:
        move(any_db, stages["待处理"], seen=first)
    assert conflict.value.current.change_id == second
    any_db.commit(lambda s: undo_stage(s, WANG, change_id=mine, userid="zhaoyi"))
    with any_db.read() as session:
        assert [b.now.name for b in get_stage_boards(session, WANG)] == ["新客户", "已解决"]
        told = [word_entry(entry) for entry in list_timeline(session, WANG)]
    assert told[:2] == ["撤销修改，客户阶段：意向 → 新客户", "售后：待处理 → 已解决"]


def test_another_name_under_the_same_key_renames(any_db: Database) -> None:
    arrive(any_db)
    before = stage_ids(any_db)
    renamed = as_file(any_db).replace('"新客户"', '"线索"').replace('"客户阶段"', '"销售流程"')
    changes = take_over(any_db, renamed)
    assert changes == ("「客户阶段」改名为「销售流程」", "销售流程：「新客户」改名为「线索」")
    assert stage_ids(any_db)["线索"] == before["新客户"]
    with any_db.read() as session:
        assert get_stage_boards(session, WANG)[0].now.name == "线索"


def test_two_stages_may_take_each_others_name(any_db: Database) -> None:
    before = stage_ids(any_db)
    text = as_file(any_db).replace('"意向"', '"?"').replace('"成交"', '"意向"')
    take_over(any_db, text.replace('"?"', '"成交"'))
    assert stage_ids(any_db)["成交"] == before["意向"]


def without(text: str, key: str) -> str:
    """Leave one stage out of a file."""
    parts = text.split("[[pipeline.stage]]")
    return "[[pipeline.stage]]".join(part for part in parts if f'key = "{key}"' not in part)


def test_a_stage_in_which_customers_stand_is_not_removed(any_db: Database) -> None:
    arrive(any_db)
    with pytest.raises(PipelinesRefused, match="「新客户」里还有 1 位客户，不能去掉"):
        take_over(any_db, without(as_file(any_db), "new"))
    with pytest.raises(PipelinesRefused, match="「新客户」里还有 1 位客户，不能去掉"):
        take_over(any_db, SERVICE)
    assert next(iter(boards(any_db).values()))[0] == "新客户"


def test_a_stage_that_was_left_is_removed_and_its_history_stays(any_db: Database) -> None:
    arrive(any_db)
    whole, stages = as_file(any_db), stage_ids(any_db)
    first = move(any_db, stages["意向"])
    move(any_db, stages["成交"], seen=first)
    assert "客户阶段：去掉「意向」" in take_over(any_db, without(whole, "interested"))
    assert "意向" not in boards(any_db)["客户阶段"]
    with any_db.read() as session:
        history = get_stage_history(session, WANG, 1)
    assert [step.to_stage for step in history.steps] == ["成交", "意向"]
    assert "客户阶段：恢复「意向」" in take_over(any_db, whole)
    assert stage_ids(any_db)["意向"] == stages["意向"]


def test_the_name_of_a_removed_stage_is_free_again(any_db: Database) -> None:
    whole = as_file(any_db)
    take_over(any_db, without(whole, "won"))
    changed = without(whole, "won").replace('"意向"', '"成交"')
    assert "客户阶段：「意向」改名为「成交」" in take_over(any_db, changed)
    assert boards(any_db)["客户阶段"] == ["新客户", "初步沟通", "成交", "无意向"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "至少要有一个"),
        ("[[pipeline", "不是正确的 TOML"),
        ("[[pipelines]]\nkey='a'", "没有「pipelines」这一项"),
        ("[[pipeline]]\nkey='a'\nname='甲'", "第 1 条流程：至少要有一个"),
        (SERVICE.replace('"open"', '"Open"'), "第 1 条流程的第 1 个阶段：key 要写成"),
        (SERVICE.replace('"open"', '"done"'), "key「done」出现了多次"),
        (SERVICE.replace('"待处理"', '"已解决"'), "name「已解决」出现了多次"),
        (SERVICE.replace('"待处理"', '" "'), "name 要写成 1 到 32 个字"),
        (SERVICE.replace('"待处理"', f'"{"长" * 33}"'), "name 要写成 1 到 32 个字"),
        (SERVICE.replace('"待处理"', "7"), "name 要写成 1 到 32 个字"),
        (SERVICE + 'asks = "money"', "asks 只能是"),
        (SERVICE + "asks = ['amount']", "asks 只能是"),
        (SERVICE + SERVICE, "key「service」出现了多次"),
        ("\n".join(SERVICE.replace("service", f"s{n}") for n in range(6)), "最多 5 个"),
    ],
)
def test_a_bad_file_is_refused_with_the_place(db: Database, text: str, fault: str) -> None:
    with pytest.raises(PipelinesRefused) as refused:
        take_over(db, text)
    assert fault in str(refused.value)


def run(folder: Path, db: Database, *arguments: str) -> Result:
    config = settings.write_toml(
        folder / "config.toml", settings.settings(folder, database={"url": str(db.url)})
    )
    return CliRunner().invoke(group, arguments, env={"BANKE_CONFIG": str(config)})


def test_the_command_lists_what_it_imports(tmp_path: Path, db: Database) -> None:
    file = tmp_path / "stages.toml"
    listed = run(tmp_path, db, "list").output
    assert 'key = "won"  # 0 位客户' in listed
    file.write_text(listed + SERVICE, encoding="utf-8")
    assert "已导入：2 条流程，7 个阶段。" in run(tmp_path, db, "import", str(file)).output
    assert "没有变化：2 条流程，7 个阶段。" in run(tmp_path, db, "import", str(file)).output


def test_the_command_changes_nothing_when_it_refuses(tmp_path: Path, db: Database) -> None:
    arrive(db)
    file = tmp_path / "stages.toml"
    file.write_text(SERVICE, encoding="utf-8")
    refused = run(tmp_path, db, "import", str(file))
    assert refused.exit_code == 1
    assert "什么都没有改" in refused.output
    assert list(boards(db)) == ["客户阶段"]
    assert run(tmp_path, db, "import", str(tmp_path / "none.toml")).exit_code == 1

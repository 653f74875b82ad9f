"""Importing a table: looked at first, then just that, piece by piece, and taken back."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select, update

from app import clock
from app.batches import importing
from app.batches.actions import cancel_batch, delete_ended
from app.batches.import_queries import find_import
from app.batches.models import Batch, ImportRow
from app.claims import claim_due
from app.customers.actions import (
    change_stage,
    import_fields,
    set_field,
)
from app.customers.models import (
    CustomerStage,
    CustomField,
    FieldChange,
    FieldValue,
    FollowUp,
    FollowUser,
    Stage,
    TimelineEntry,
)
from app.customers.queries import find_field_state, find_stage_now
from app.customers.queries.timeline import word_entry
from app.db import Base, Database
from app.errors import Refused
from tests.batches.tables import TODAY, check, confirm, counts, faults, get, hand_in, undo
from tests.batches.test_batches import work
from tests.churn.people import add, make_corp

FIELDS = """
[[field]]
key = "t_money"
name = "试预算"
kind = "money"
[[field]]
key = "t_day"
name = "试生日"
kind = "date"
[[field]]
key = "t_way"
name = "试渠道"
kind = "choices"
options = ["路过", "朋友、亲戚", "网上"]
[[field]]
key = "t_phone"
name = "试电话"
kind = "phone"
[[field]]
key = "t_vip"
name = "试会员"
kind = "yes_no"
"""
HEAD = ["external_userid", "试预算", "试生日", "试渠道", "试会员", "阶段", "跟进"]
LI = ["wmLi", "3000", "1990-05-01", "朋友、亲戚、网上", "是", "意向", "老客户"]
WANG = ["wmWang", "", "", "", "", "", "第二位"]


@pytest.fixture
def base(any_db: Database) -> Database:
    """Give two shops with three customers, one of whom has the same name as another."""
    with any_db.write() as session:
        make_corp(session)
        import_fields(session, FIELDS)
        add(session, "wmLi", name="李晓雯")
        add(session, "wmWang", name="王建国").remark = "老王"
        add(session, "wmOther", userid="qianer", name="李晓雯")
    return any_db


def field_id(db: Database, key: str) -> int:
    with db.read() as session:
        return session.scalars(select(CustomField.id).where(CustomField.key == key)).one()


def value(db: Database, key: str, external_userid: str = "wmLi") -> Any:
    with db.read() as session:
        state = find_field_state(session, external_userid, field_id(db, key))
        assert state
        return state.value


def stage(db: Database, external_userid: str = "wmLi") -> str:
    with db.read() as session:
        pipeline = session.scalars(select(Stage.pipeline_id).order_by(Stage.id)).first()
        assert pipeline
        return find_stage_now(session, external_userid, pipeline).name


def notes(db: Database) -> list[tuple[str, str, str]]:
    with db.read() as session:
        chosen = select(FollowUp).where(FollowUp.removed_at.is_(None)).order_by(FollowUp.id)
        return [(one.external_userid, one.userid, one.text) for one in session.scalars(chosen)]


def told(db: Database, external_userid: str = "wmLi") -> list[str]:
    with db.read() as session:
        rows = session.scalars(
            select(TimelineEntry)
            .where(
                TimelineEntry.external_userid == external_userid, TimelineEntry.userid == "qianer"
            )
            .order_by(TimelineEntry.id)
        )
        return [word_entry(one) for one in rows]


def written(db: Database) -> dict[str, int]:
    """Count what an import could write."""
    tables: list[type[Base]] = [FieldValue, FieldChange, CustomerStage, FollowUp, TimelineEntry]
    with db.read() as session:
        return {
            one.__tablename__: session.scalar(select(func.count()).select_from(one)) or 0
            for one in tables
        }


def type_in(db: Database, key: str, text: str, external_userid: str = "wmLi") -> None:
    """Have a member change a field beside his chat."""
    with db.write() as session:
        state = find_field_state(session, external_userid, field_id(db, key))
        assert state
        set_field(
            session,
            external_userid,
            field_id=state.field.id,
            typed=[text],
            userid="zhaoyi",
            seen=state.version,
            today=TODAY,
        )


def test_the_dry_run_changes_nothing_and_the_import_just_what_was_planned(base: Database) -> None:
    before = written(base)
    import_id = hand_in(base, HEAD, LI, WANG)
    check(base, import_id)
    assert written(base) == before
    assert counts(base, import_id) == {"ready": 2}
    confirm(base, import_id)
    assert counts(base, import_id) == {"done": 2}
    assert value(base, "t_money").number == Decimal(3000)
    assert value(base, "t_day").day.isoformat() == "1990-05-01"
    assert value(base, "t_way").chosen == ("朋友、亲戚", "网上")
    assert value(base, "t_vip").flag is True
    assert stage(base) == "意向"
    assert stage(base, "wmWang") == "新客户"
    assert notes(base) == [("wmLi", "qianer", "老客户"), ("wmWang", "qianer", "第二位")]
    after = written(base)
    assert after["field_changes"] == 4


def test_the_timeline_has_one_entry_a_customer_by_whom_it_was(base: Database) -> None:
    import_id = hand_in(base, HEAD, LI)
    check(base, import_id)
    confirm(base, import_id)
    assert told(base) == [
        "从表格导入了「试预算」、「试生日」、「试渠道」、「试会员」、阶段「意向」、一条跟进"
    ]


def test_the_same_table_again_changes_nothing(base: Database) -> None:
    for _time in range(2):
        import_id = hand_in(base, HEAD, LI, WANG)
        check(base, import_id)
    confirm(base, import_id)
    again = hand_in(base, HEAD, LI, WANG)
    check(base, again)
    assert counts(base, again) == {"same": 2}


@pytest.mark.parametrize(
    ("cells", "heading", "words"),
    [
        ({0: "wmNobody"}, "external_userid", "没有这位客户"),
        ({0: ""}, "external_userid", "没有写是哪位客户"),
        ({1: "很多"}, "试预算", ""),
        ({2: "2026-02-30"}, "试生日", "日历上没有这一天"),
        ({3: "天上"}, "试渠道", "没有选项「天上」，可用的有：路过、朋友、亲戚、网上"),
        ({4: "也许"}, "试会员", "请选「是」或「否」"),
        ({5: "成佛"}, "阶段", "没有这个阶段，可用的有：新客户"),
        ({6: "长" * 2001}, "跟进", "一条跟进最多 2000 字"),
    ],
)
def test_what_is_wrong_is_said_with_row_and_column_and_nothing_of_the_row_is_taken(
    base: Database, cells: Mapping[int, str], heading: str, words: str
) -> None:
    row = [cells.get(place, cell) for place, cell in enumerate(LI)]
    import_id = hand_in(base, HEAD, WANG, row)
    check(base, import_id)
    [(number, [[column, said]])] = faults(base, import_id).items()
    assert (number, column) == (3, heading)
    assert words in said
    confirm(base, import_id)
    assert counts(base, import_id) == {"refused": 1, "done": 1}
    assert stage(base) == "新客户"


def test_a_customer_stands_in_one_row(base: Database) -> None:
    import_id = hand_in(base, HEAD, LI, WANG, LI)
    check(base, import_id)
    [(number, [[_column, said]])] = faults(base, import_id).items()
    assert number == 4
    assert "和第 2 行是同一位客户" in said


def test_a_name_finds_its_customer_when_there_is_one(base: Database) -> None:
    head = ["客户", "员工", "跟进"]
    import_id = hand_in(
        base,
        head,
        ["老王", "", "按备注"],
        ["李晓雯", "", "两位"],
        ["李晓雯", "赵忆南", "按员工"],
        ["李晓雯", "没有的人", "谁"],
        ["没有的人", "", "谁"],
    )
    check(base, import_id)
    assert {number: said[0][1][:6] for number, said in faults(base, import_id).items()} == {
        3: "不止一位客户",
        5: "没有这位员工",
        6: "没有叫这个名",
    }
    confirm(base, import_id)
    assert {one[::2] for one in notes(base)} == {("wmWang", "按备注"), ("wmLi", "按员工")}


def test_a_number_in_a_field_finds_its_customer(base: Database) -> None:
    type_in(base, "t_phone", "13800001234", "wmWang")
    with base.write() as session:
        follow = session.scalars(select(FollowUser).where(FollowUser.external_userid == "wmLi"))
        follow.one().remark_mobiles = ["+86 13700007777", "13800001234"[:5]]
    import_id = hand_in(
        base,
        ["号码", "跟进"],
        ["138 0000 1234", "找到了"],
        ["13900001234", "没有"],
        ["138", "不是"],
        ["13700007777", "备注手机"],
    )
    check(base, import_id, {"0": "phone"})
    assert faults(base, import_id).keys() == {3, 4}
    confirm(base, import_id)
    assert notes(base) == [("wmWang", "qianer", "找到了"), ("wmLi", "qianer", "备注手机")]


def test_a_number_that_two_customers_have_is_nobody_s(base: Database) -> None:
    type_in(base, "t_phone", "13800001234", "wmWang")
    with base.write() as session:
        follow = session.scalars(select(FollowUser).where(FollowUser.external_userid == "wmLi"))
        follow.one().remark_mobiles = ["13800001234"]
    import_id = hand_in(base, ["号码", "跟进"], ["13800001234", "谁"])
    check(base, import_id, {"0": "phone"})
    assert "不止一位客户对得上" in faults(base, import_id)[2][0][1]


def test_columns_are_guessed_and_can_be_changed(base: Database) -> None:
    import_id = hand_in(base, ["客户", "external_userid", "试预算", "数"], ["", "wmLi", "1", "2"])
    money = f"f{field_id(base, 't_money')}"
    assert get(base, import_id).what["mapping"] == {"1": "id", "2": money}
    check(base, import_id, {"2": "", "3": money})
    confirm(base, import_id)
    assert value(base, "t_money").number == Decimal(2)


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"0": ""}, "还不知道每一行是哪位客户"),
        ({"1": ""}, "还没有要导入的内容"),
        ({"2": "note"}, "只能留一列：跟进、别的"),
    ],
)
def test_columns_that_will_not_do_are_refused(
    base: Database, mapping: Mapping[str, str], words: str
) -> None:
    import_id = hand_in(base, ["external_userid", "跟进", "别的"], ["wmLi", "说", "了"])
    with pytest.raises(Refused, match=words):
        check(base, import_id, mapping)
    assert get(base, import_id).what["phase"] == "mapping"


def test_with_other_columns_it_is_looked_at_anew(base: Database) -> None:
    import_id = hand_in(base, HEAD, LI, ["wmNobody", *LI[1:]])
    check(base, import_id, {"1": ""})
    check(base, import_id, {"0": "id"})
    assert counts(base, import_id) == {"ready": 1, "refused": 1}


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
            gone = delete_ended(session, keep_days=30)
    with base.read() as session:
        assert session.scalars(select(ImportRow.number)).all() == []
        assert session.scalars(select(Batch.id)).all() == []
    assert len(notes(base)) == 1

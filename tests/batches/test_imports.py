"""Importing a table: looked at first, then just that, piece by piece, and taken back."""

from collections.abc import Mapping
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.customers.actions.sealing import set_mobiles
from app.customers.models import (
    FollowUser,
)
from app.db import Database
from app.errors import Refused
from tests.batches.kept import (
    HEAD,
    LI,
    WANG,
    base,
    field_id,
    notes,
    stage,
    told,
    type_in,
    value,
    written,
)
from tests.batches.tables import check, confirm, counts, faults, get, hand_in

__all__ = ["base"]


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
        ({5: "成佛"}, "阶段", "没有这个阶段，可用的有：新客户、初步沟通、意向、成交、无意向"),
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
    import_id = hand_in(base, HEAD, LI, WANG, [*LI[:6], "又说了别的"], LI)
    check(base, import_id)
    # One that says the same, as a list has it for every member who follows him, is no fault.
    assert counts(base, import_id) == {"ready": 2, "refused": 1, "same": 1}
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
        set_mobiles(session, follow.one(), ["+86 13700007777", "13800001234"[:5]])
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
        set_mobiles(session, follow.one(), ["13800001234"])
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

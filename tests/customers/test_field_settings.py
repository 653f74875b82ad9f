"""Setting up fields: nothing unawares, nothing lost, and who may not see a field does not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import TypeVar

import pytest
from sqlalchemy import select

from app import clock
from app.customers.actions import (
    DOWN,
    UP,
    FieldDraft,
    add_field,
    add_option,
    edit_field,
    import_fields,
    remove_field,
    rename_option,
    restore_field,
    set_field,
    set_option_removed,
    shift_field,
    shift_option,
    undo_field,
)
from app.customers.actions.profile import ensure_customer
from app.customers.errors import FieldRefused, SettingChanged, SettingRefused
from app.customers.models import CustomField
from app.customers.queries import (
    FieldRow,
    count_filled,
    count_options,
    find_field_state,
    get_field_board,
    get_history_page,
    get_timeline_page,
    list_field_rows,
    list_removed_fields,
    word_line,
    word_value,
)
from app.customers.queries.marks import mark_order
from app.db import Database
from app.errors import NotFound
from app.members.models import Department, Member, MemberDepartment
from app.members.queries import leads_somebody

T = TypeVar("T")
WANG, TODAY = "wmWang", date(2026, 11, 22)


def do(db: Database, action: Callable[..., T], *given: object, **more: object) -> T:
    return db.commit(lambda session: action(session, *given, **more))


def rows(db: Database) -> dict[str, FieldRow]:
    with db.read() as session:
        return {row.field.name: row for row in list_field_rows(session)}


def order(db: Database) -> str:
    return mark_order(row.field.id for row in rows(db).values())


def options(db: Database, name: str) -> list[str]:
    return [one.name for one in rows(db)[name].field.options if not one.removed]


def put(db: Database, name: str, *typed: str, by: str = "zhaoyi", seen: int = 0) -> int:
    """Write something into a field of a customer and return the change."""
    with db.write() as session:
        ensure_customer(session, WANG)
    field_id = rows(db)[name].field.id
    move = do(
        db, set_field, WANG, field_id=field_id, typed=typed, userid=by, seen=seen, today=TODAY
    )
    return move.change_id


def staff(db: Database) -> None:
    """Have a department led by sunsan, and zhaoyi, whose direct leader is wuliu."""
    now = clock.utcnow()
    with db.write() as session:
        session.add(Department(id=2, name="门店", parentid=1))
        for userid, leaders in (("sunsan", []), ("zhaoyi", ["WuLiu"]), ("wuliu", [])):
            session.add(
                Member(
                    userid=userid,
                    folded=userid,
                    name=userid,
                    direct_leader=leaders,
                    seen_at=now,
                )
            )
        session.flush()
        session.add(MemberDepartment(userid="sunsan", department_id=2, is_leader=True))


def restrict(db: Database, name: str) -> None:
    row = rows(db)[name]
    draft = FieldDraft(name=name, hint=row.field.hint, visible_to="managers")
    do(db, edit_field, row.field.id, draft, seen=row.mark)


def test_a_field_of_every_kind_can_be_made(any_db: Database) -> None:
    for kind in ("text", "number", "money", "date", "phone", "address", "link", "yes_no"):
        do(any_db, add_field, FieldDraft(name=f"新{kind}"), kind=kind)
    for kind in ("choice", "choices"):
        do(any_db, add_field, FieldDraft(name=f"新{kind}"), kind=kind, options=["甲", " 乙 "])
        assert options(any_db, f"新{kind}") == ["甲", "乙"]
    assert list(rows(any_db))[-1] == "新choices"
    put(any_db, "新choice", "甲")


@pytest.mark.parametrize(
    ("draft", "more", "fault"),
    [
        (FieldDraft(name=" "), {"kind": "text"}, "1 到 32 个字"),
        (FieldDraft(name="预算"), {"kind": "text"}, "已经有一个叫「预算」的了"),
        (FieldDraft(name="甲", hint="长" * 65), {"kind": "text"}, "提示最多 64 个字"),
        (FieldDraft(name="甲", visible_to="me"), {"kind": "text"}, "谁能看到"),
        (FieldDraft(name="甲"), {"kind": "file"}, "请选一种类型"),
        (FieldDraft(name="甲"), {"kind": "choice"}, "至少要有一个选项"),
        (FieldDraft(name="甲"), {"kind": "choice", "options": ["一", "一"]}, "已经有「一」"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    db: Database, draft: FieldDraft, more: dict[str, object], fault: str
) -> None:
    with pytest.raises(SettingRefused, match=fault):
        do(db, add_field, draft, **more)


def test_a_field_is_changed_by_who_saw_it_as_it_is(any_db: Database) -> None:
    row = rows(any_db)["公司"]
    draft = FieldDraft(name="单位", hint="全称", pinned=True, read_only=True)
    before = do(any_db, edit_field, row.field.id, draft, seen=row.mark)
    assert (before.name, before.pinned) == ("公司", False)
    assert rows(any_db)["单位"].field.hint == "全称"
    do(any_db, edit_field, row.field.id, draft, seen=row.mark)
    with pytest.raises(SettingChanged):
        do(any_db, edit_field, row.field.id, replace(draft, hint=""), seen=row.mark)


def test_fields_are_put_in_order_among_their_own_kind(any_db: Database) -> None:
    names = list(rows(any_db))
    pinned = [name for name, row in rows(any_db).items() if row.field.pinned]
    last, first = names[-1], names[len(pinned)]
    do(any_db, shift_field, rows(any_db)[last].field.id, by=UP, seen=order(any_db))
    assert list(rows(any_db))[-2] == last
    before = list(rows(any_db))
    do(any_db, shift_field, rows(any_db)[first].field.id, by=UP, seen=order(any_db))
    do(any_db, shift_field, rows(any_db)[before[-1]].field.id, by=DOWN, seen=order(any_db))
    assert list(rows(any_db)) == before
    with pytest.raises(SettingChanged):
        do(any_db, shift_field, rows(any_db)[last].field.id, by=UP, seen="old")


def test_a_removed_field_keeps_what_stands_in_it(any_db: Database) -> None:
    put(any_db, "预算", "3000")
    row = rows(any_db)["预算"]
    do(any_db, remove_field, row.field.id, seen=row.mark)
    with any_db.read() as session:
        assert find_field_state(session, WANG, row.field.id) is None
        assert [one.field.name for one in list_removed_fields(session)] == ["预算"]
    do(any_db, restore_field, row.field.id)
    assert list(rows(any_db))[-1] == "预算"
    with any_db.read() as session:
        state = find_field_state(session, WANG, row.field.id)
    assert state
    assert word_value(state.field, state.value) == "¥3,000"


def test_a_field_does_not_come_back_under_a_name_that_is_taken(db: Database) -> None:
    row = rows(db)["预算"]
    do(db, remove_field, row.field.id, seen=row.mark)
    do(db, add_field, FieldDraft(name="预算"), kind="text")
    with pytest.raises(SettingRefused, match="已经有一个叫「预算」的了"):
        do(db, restore_field, row.field.id)


def test_customers_with_something_in_a_field_are_counted(any_db: Database) -> None:
    change = put(any_db, "来店方式", "friend")
    put(any_db, "公司", "南山")
    fields = {name: row.field.id for name, row in rows(any_db).items()}
    with any_db.read() as session:
        assert count_filled(session, fields["来店方式"]) == 1
        assert count_options(session, fields["来店方式"]) == {"friend": 1}
        assert count_filled(session, fields["公司"], most=0) == 0
        assert count_filled(session, fields["预算"]) == 0
    do(any_db, undo_field, WANG, change_id=change, userid="zhaoyi")
    with any_db.read() as session:
        assert count_filled(session, fields["来店方式"]) == 0


def test_an_option_is_renamed_for_those_who_have_it(any_db: Database) -> None:
    put(any_db, "来店方式", "friend")
    row = rows(any_db)["来店方式"]
    seen = row.options_mark
    _field, before = do(any_db, rename_option, row.field.id, "friend", name="老友介绍", seen=seen)
    assert before == "朋友介绍"
    with any_db.read() as session:
        state = find_field_state(session, WANG, row.field.id)
    assert state
    assert word_value(state.field, state.value) == "老友介绍"
    with pytest.raises(SettingChanged):
        do(any_db, rename_option, row.field.id, "friend", name="熟人", seen=seen)


def test_options_are_added_and_put_in_order(any_db: Database) -> None:
    field_id = rows(any_db)["来店方式"].field.id
    was = options(any_db, "来店方式")
    do(any_db, add_option, field_id, name="直播")
    seen = rows(any_db)["来店方式"].options_mark
    do(any_db, shift_option, field_id, "直播", by=UP, seen=seen)
    assert options(any_db, "来店方式") == [*was[:-1], "直播", was[-1]]
    with pytest.raises(SettingChanged):
        do(any_db, shift_option, field_id, "直播", by=UP, seen=seen)
    with pytest.raises(SettingRefused, match="已经有「直播」"):
        do(any_db, add_option, field_id, name="直播")
    put(any_db, "来店方式", "直播")


def test_a_removed_option_stays_with_those_who_have_it_and_comes_back(any_db: Database) -> None:
    put(any_db, "来店方式", "friend")
    field_id = rows(any_db)["来店方式"].field.id
    do(any_db, set_option_removed, field_id, "friend", removed=True)
    assert "朋友介绍" not in options(any_db, "来店方式")
    with any_db.read() as session:
        state = find_field_state(session, WANG, field_id)
    assert state
    assert word_value(state.field, state.value) == "朋友介绍"
    with any_db.write() as session:
        ensure_customer(session, "wmLi")
    with pytest.raises(FieldRefused):
        do(
            any_db,
            set_field,
            "wmLi",
            field_id=field_id,
            typed=["friend"],
            userid="zhaoyi",
            seen=0,
            today=TODAY,
        )
    with pytest.raises(SettingRefused, match="可以恢复它"):
        do(any_db, add_option, field_id, name="朋友介绍")
    do(any_db, set_option_removed, field_id, "friend", removed=False)
    assert options(any_db, "来店方式")[-1] == "朋友介绍"


def test_the_last_option_stays(db: Database) -> None:
    field = do(db, add_field, FieldDraft(name="甲"), kind="choice", options=["一"])
    with pytest.raises(SettingRefused, match="最后一个选项"):
        do(db, set_option_removed, field.id, "一", removed=True)
    with pytest.raises(NotFound):
        do(db, add_option, rows(db)["公司"].field.id, name="一")


def test_who_leads_a_department_or_somebody_is_known(any_db: Database) -> None:
    staff(any_db)
    with any_db.read() as session:
        assert leads_somebody(session, "sunsan")
        assert leads_somebody(session, "wuliu")
        assert not leads_somebody(session, "zhaoyi")
        assert not leads_somebody(session, "liu")
        assert not leads_somebody(session, "nobody")


def test_a_field_for_managers_is_not_there_for_others(any_db: Database) -> None:
    staff(any_db)
    change = put(any_db, "预算", "3000")
    restrict(any_db, "预算")
    field_id = rows(any_db)["预算"].field.id
    with any_db.read() as session:
        shown = {
            viewer: "预算"
            in {s.field.name for s in get_field_board(session, WANG, viewer=viewer).states}
            for viewer in ("zhaoyi", "sunsan", "wuliu")
        }
    assert shown == {"zhaoyi": False, "sunsan": True, "wuliu": True}
    with pytest.raises(NotFound):
        put(any_db, "预算", "1", seen=1)
    with pytest.raises(NotFound):
        do(any_db, undo_field, WANG, change_id=change, userid="zhaoyi")
    assert put(any_db, "预算", "4000", by="sunsan", seen=1)
    assert field_id


def test_the_timeline_does_not_tell_what_stands_in_a_field_for_managers(any_db: Database) -> None:
    staff(any_db)
    put(any_db, "公司", "南山")
    put(any_db, "预算", "3000")
    restrict(any_db, "预算")
    put(any_db, "预算", "4000", by="sunsan", seen=1)
    with any_db.read() as session:
        told = [word_line(line) for line in get_timeline_page(session, WANG).lines]
        whole = [word_line(one.line) for one in get_history_page(session, WANG).lines if one.line]
    assert told == whole == ["修改了「预算」", "修改了「预算」", "公司：南山"]


def test_an_older_file_does_not_open_a_field_to_everybody(any_db: Database) -> None:
    restrict(any_db, "预算")
    text = '[[field]]\nkey = "budget"\nname = "预算"\nkind = "money"\n'
    do(any_db, import_fields, text)
    assert rows(any_db)["预算"].field.visible_to == "managers"
    do(any_db, import_fields, text + 'visible_to = ""\n')
    assert rows(any_db)["预算"].field.visible_to == ""


def test_what_was_made_here_has_a_key_for_files(db: Database) -> None:
    made = do(db, add_field, FieldDraft(name="甲"), kind="text")
    with db.read() as session:
        assert session.scalar(select(CustomField.key).where(CustomField.id == made.id))

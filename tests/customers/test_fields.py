"""Fields (资料): saved with who and when, never over a colleague's change unawares, taken back."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.customers.actions import FieldMove, reveal_field, set_field, undo_field
from app.customers.actions.profile import ensure_customer
from app.customers.errors import FieldConflict, FieldRefused
from app.customers.models import Customer, CustomField, FieldChange, FieldChoice, FieldValue
from app.customers.queries import (
    FieldState,
    Value,
    find_field_state,
    get_field_board,
    list_timeline,
    word_entry,
    word_value,
)
from app.db import Database
from app.errors import NotFound

WANG, TODAY = "wmWang", date(2026, 11, 22)
PHONE = "13800001234"
TYPED: list[tuple[str, Sequence[str], Value]] = [
    ("phone", [PHONE], Value(text=PHONE)),
    ("birthday", ["1990-01-02"], Value(day=date(1990, 1, 2))),
    ("company", ["南山 <b>&"], Value(text="南山 <b>&")),
    ("address", ["科技园 🀄"], Value(text="科技园 🀄")),
    ("budget", ["3000.5"], Value(number=Decimal("3000.50"))),
    ("visit", ["friend"], Value(chosen=("friend",))),
    ("interests", ["gift", "new"], Value(chosen=("new", "gift"))),
    ("member", ["no"], Value(flag=False)),
]


def start(db: Database) -> dict[str, int]:
    """Have a customer; return the fields' ids by key."""
    with db.write() as session:
        ensure_customer(session, WANG)
        return {field.key: field.id for field in session.scalars(select(CustomField))}


def put(db: Database, field_id: int, typed: Sequence[str], **how: object) -> FieldMove:
    given: Any = {"external_userid": WANG, "userid": "zhaoyi", "seen": 0, "today": TODAY} | how
    return db.commit(partial(set_field, field_id=field_id, typed=typed, **given))


def undo(db: Database, change_id: int, *, by: str = "zhaoyi") -> FieldMove:
    return db.commit(lambda s: undo_field(s, WANG, change_id=change_id, userid=by))


def get_state(session: Session, field_id: int) -> FieldState:
    state = find_field_state(session, WANG, field_id)
    assert state
    return state


def stands(db: Database, field_id: int) -> Value:
    with db.read() as session:
        return get_state(session, field_id).value


def told(db: Database) -> list[str]:
    with db.read() as session:
        return [word_entry(entry) for entry in list_timeline(session, WANG)]


def count(session: Session, table: type) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_shop_has_its_fields_from_the_start(any_db: Database) -> None:
    with any_db.read() as session:
        board = get_field_board(session, WANG, viewer="zhaoyi")
    names = [state.field.name for state in board.states]
    assert names == ["手机", "生日", "公司", "地址", "预算", "来店方式", "感兴趣的商品", "会员"]
    assert [state.field.pinned for state in board.states] == [True] + [False] * 7
    assert all(state.value.is_empty and state.version == 0 for state in board.states)


def test_every_kind_comes_back_as_it_was_saved_emptied_and_undone(any_db: Database) -> None:
    fields = start(any_db)
    for key, typed, value in TYPED:
        moved = put(any_db, fields[key], typed)
        assert (moved.changed, moved.state.version) == (True, 1), key
        with any_db.read() as session:
            state = get_state(session, fields[key])
            board = get_field_board(session, WANG, viewer="zhaoyi")
        assert state in board.states, key
        assert (state.value, state.version, state.userid) == (value, 1, "zhaoyi"), key
        back = put(any_db, fields[key], [], seen=1)
        assert back.state.value.is_empty, key
        undo(any_db, back.change_id)
        assert stands(any_db, fields[key]) == value, key


def test_the_timeline_says_field_value_and_member_and_no_number(any_db: Database) -> None:
    fields = start(any_db)
    put(any_db, fields["budget"], ["3000"])
    put(any_db, fields["member"], ["yes"])
    put(any_db, fields["phone"], [PHONE])
    last = put(any_db, fields["budget"], [], seen=1)
    undo(any_db, last.change_id)
    assert told(any_db) == [
        "撤销了对「预算」的修改",
        "清空了「预算」",
        "修改了「手机」",
        "会员：是",
        "预算：¥3,000",
    ]
    with any_db.read() as session:
        entries = list_timeline(session, WANG)
    assert {entry.userid for entry in entries} == {"zhaoyi"}
    assert PHONE not in str([entry.data for entry in entries])


def test_the_same_again_is_no_change_whoever_wrote_it(any_db: Database) -> None:
    fields = start(any_db)
    put(any_db, fields["company"], ["南山"])
    again = put(any_db, fields["company"], [" 南山 "], userid="lisi", seen=0)
    assert (again.changed, again.state.userid) == (False, "zhaoyi")
    assert len(told(any_db)) == 1


def test_a_number_is_not_found_out_by_trying(db: Database) -> None:
    fields = start(db)
    put(db, fields["phone"], [PHONE])
    with pytest.raises(FieldConflict):
        put(db, fields["phone"], [PHONE], userid="lisi", seen=0)
    assert not put(db, fields["phone"], [PHONE], seen=0).changed


def test_nobody_overwrites_a_colleague_unawares(any_db: Database) -> None:
    fields = start(any_db)
    put(any_db, fields["budget"], ["3000"], userid="lisi")
    with pytest.raises(FieldConflict) as conflict:
        put(any_db, fields["budget"], ["5000"], seen=0)
    current = conflict.value.current
    assert (current.userid, word_value(current.field, current.value)) == ("lisi", "¥3,000")
    assert stands(any_db, fields["budget"]) == Value(number=Decimal(3000))
    put(any_db, fields["budget"], ["5000"], seen=current.version)
    assert stands(any_db, fields["budget"]) == Value(number=Decimal(5000))


def test_a_field_that_a_colleague_emptied_is_a_conflict_too(any_db: Database) -> None:
    fields = start(any_db)
    put(any_db, fields["company"], ["南山"])
    put(any_db, fields["company"], [], userid="lisi", seen=1)
    with pytest.raises(FieldConflict):
        put(any_db, fields["company"], ["福田"], seen=1)


def test_of_two_at_once_one_is_told_of_the_other(any_db: Database) -> None:
    fields = start(any_db)

    def write(number: int) -> bool:
        try:
            put(any_db, fields["budget"], [str(number)], userid=f"u{number}")
        except FieldConflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(write, range(1, 9)))
    assert done.count(True) == 1
    with any_db.read() as session:
        assert count(session, FieldChange) == 1


def test_an_undo_is_for_who_did_it_and_comes_before_others_go_on(any_db: Database) -> None:
    fields = start(any_db)
    mine = put(any_db, fields["company"], ["南山"])
    with pytest.raises(NotFound):
        undo(any_db, mine.change_id, by="lisi")
    for unknown in (0, 999, 10**18, 2**70):
        with pytest.raises(NotFound):
            undo(any_db, unknown)
    put(any_db, fields["company"], ["福田"], userid="lisi", seen=1)
    with pytest.raises(FieldConflict):
        undo(any_db, mine.change_id)
    assert stands(any_db, fields["company"]).text == "福田"


def test_an_undo_of_another_customer_is_none(db: Database) -> None:
    fields = start(db)
    mine = put(db, fields["company"], ["南山"])
    with db.write() as session:
        ensure_customer(session, "wmOther")
    with pytest.raises(NotFound), db.write() as session:
        undo_field(session, "wmOther", change_id=mine.change_id, userid="zhaoyi")


@pytest.mark.parametrize("field_id", [0, 999, 2**31, 10**17])
def test_a_field_that_does_not_exist_is_refused(any_db: Database, field_id: int) -> None:
    start(any_db)
    with pytest.raises(NotFound):
        put(any_db, field_id, ["x"])
    with any_db.read() as session:
        assert find_field_state(session, WANG, field_id) is None


def test_a_customer_whom_nobody_knows_has_no_fields(db: Database) -> None:
    fields = start(db)
    with pytest.raises(NotFound):
        put(db, fields["company"], ["x"], external_userid="wmNobody")


def test_a_field_that_is_read_only_or_gone_takes_nothing(db: Database) -> None:
    fields = start(db)
    before = put(db, fields["company"], ["南山"])
    with db.write() as session:
        session.get_one(CustomField, fields["company"]).read_only = True
        session.get_one(CustomField, fields["budget"]).removed_at = session.get_one(
            Customer, WANG
        ).created_at
    with pytest.raises(FieldRefused, match="「公司」只能查看"):
        put(db, fields["company"], ["北山"])
    with pytest.raises(FieldRefused, match="「公司」只能查看"):
        undo(db, before.change_id)
    with pytest.raises(NotFound):
        put(db, fields["budget"], ["1"])


def test_a_refused_value_leaves_what_was_there(any_db: Database) -> None:
    fields = start(any_db)
    put(any_db, fields["budget"], ["3000"])
    with pytest.raises(FieldRefused):
        put(any_db, fields["budget"], ["很多"], seen=1)
    assert stands(any_db, fields["budget"]) == Value(number=Decimal(3000))


def test_what_stands_in_fields_goes_with_the_customer(any_db: Database) -> None:
    fields = start(any_db)
    put(any_db, fields["interests"], ["new", "gift"])
    with any_db.write() as session:
        session.delete(session.get_one(Customer, WANG))
    with any_db.read() as session:
        assert [count(session, one) for one in (FieldValue, FieldChoice, FieldChange)] == [0] * 3


def test_who_looks_at_a_number_is_on_record_and_the_number_is_not(any_db: Database) -> None:
    fields = start(any_db)
    put(any_db, fields["phone"], [PHONE])
    with any_db.write() as session:
        shown = reveal_field(session, WANG, field_id=fields["phone"], userid="lisi")
    assert shown == PHONE
    with any_db.read() as session:
        entry = session.scalars(select(AuditEntry)).one()
    assert (entry.userid, entry.action, entry.external_userid) == ("lisi", "phone_revealed", WANG)
    assert entry.detail == {"field": "phone"}


@pytest.mark.parametrize("key", ["company", "phone"])
def test_what_is_no_number_is_not_revealed_and_not_recorded(db: Database, key: str) -> None:
    fields = start(db)
    put(db, fields["company"], ["南山"])
    with pytest.raises(NotFound), db.write() as session:
        reveal_field(session, WANG, field_id=fields[key], userid="lisi")
    with db.read() as session:
        assert count(session, AuditEntry) == 0

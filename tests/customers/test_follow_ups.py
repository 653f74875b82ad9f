"""Notes (跟进): written once however often sent, put right within a day; drafts that stay."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app import clock
from app.customers.actions import (
    Box,
    Wish,
    create_reminder,
    edit_follow_up,
    record_follow_up,
    remove_follow_up,
    restore_follow_up,
    save_draft,
)
from app.customers.actions.profile import ensure_customer
from app.customers.errors import BoxSpent
from app.customers.models import FollowUp, Reminder
from app.customers.queries import find_draft, get_timeline_page
from app.db import Database
from app.errors import NotFound, Refused

WANG, LI = "wmWang", "wmLi"
DAY = 24 * 3600


@pytest.fixture(autouse=True)
def customers(request: pytest.FixtureRequest) -> None:
    """Have two customers, in whichever database the test has."""
    name = "any_db" if "any_db" in request.fixturenames else "db"
    db: Database = request.getfixturevalue(name)
    with db.write() as session:
        for external_userid in (WANG, LI):
            ensure_customer(session, external_userid)


def box(key: str = "box-0001", *, userid: str = "zhaoyi", customer: str = WANG) -> Box:
    return Box(userid=userid, external_userid=customer, key=key)


def note(db: Database, text: str, at: Box | None = None) -> int:
    return db.commit(lambda session: record_follow_up(session, at or box(), text=text).id)


def texts(db: Database, customer: str = WANG) -> list[str]:
    """Return what the timeline shows of notes, newest first; "" for one that is removed."""
    with db.read() as session:
        lines = get_timeline_page(session, customer).lines
    return [line.note.text if not line.note.removed_at else "" for line in lines if line.note]


def edit(db: Database, note_id: int, text: str, *, by: str = "zhaoyi", of: str = WANG) -> None:
    db.commit(lambda s: edit_follow_up(s, of, follow_up_id=note_id, userid=by, text=text).id)


def remove(db: Database, note_id: int, *, by: str = "zhaoyi") -> None:
    db.commit(lambda s: remove_follow_up(s, WANG, follow_up_id=note_id, userid=by))


def restore(db: Database, note_id: int) -> None:
    db.commit(lambda s: restore_follow_up(s, WANG, follow_up_id=note_id, userid="zhaoyi"))


def draft(db: Database, text: str, version: int, at: Box | None = None) -> bool:
    return db.commit(lambda s: save_draft(s, at or box(), text=text, version=version))


def kept(db: Database, userid: str = "zhaoyi", customer: str = WANG) -> str:
    with db.read() as session:
        return find_draft(session, customer, userid)


def test_a_note_stands_in_the_timeline_with_its_lines(any_db: Database) -> None:
    note(any_db, "  想要蓝色的\r\n周五前给报价 ")
    assert texts(any_db) == ["想要蓝色的\n周五前给报价"]


def test_one_box_sent_many_times_at_once_is_one_note(any_db: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(lambda _: note(any_db, "已寄样品"), range(8)))
    with any_db.read() as session:
        assert session.scalar(select(func.count()).select_from(FollowUp)) == len(ids) == 1
    assert texts(any_db) == ["已寄样品"]


def test_many_write_about_one_customer_at_once(any_db: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: note(any_db, "来过电话", box(userid=f"member{n}")), range(16)))
    assert texts(any_db) == ["来过电话"] * 16


def test_what_was_typed_on_after_an_answer_that_got_lost_is_in_the_note(any_db: Database) -> None:
    note(any_db, "已寄样品")
    note(any_db, "已寄样品，周五回访")
    assert texts(any_db) == ["已寄样品，周五回访"]


@pytest.mark.parametrize("between", [edit, remove, None])
def test_a_box_that_was_sent_writes_over_no_note(
    db: Database, between: Callable[..., None] | None
) -> None:
    made = note(db, "已寄样品")
    if between is edit:
        edit(db, made, "已寄样品三份")
    elif between is remove:
        remove(db, made)
    stood = texts(db)
    with pytest.raises(BoxSpent):
        note(db, "已寄样品，周五回访" if between else "要蓝色的")
    assert texts(db) == stood


def test_two_members_boxes_are_two_notes(db: Database) -> None:
    note(db, "我来报价", box("same-key"))
    note(db, "我来安装", box("same-key", userid="lisi"))
    assert sorted(texts(db)) == ["我来安装", "我来报价"]


def test_a_box_of_one_customer_writes_nothing_about_another(db: Database) -> None:
    note(db, "王先生要蓝色")
    with pytest.raises(NotFound):
        note(db, "李女士要红色", box(customer=LI))
    assert (texts(db), texts(db, LI)) == (["王先生要蓝色"], [])


@pytest.mark.parametrize("text", ["", " \r\n ", "长" * 2001])
def test_nothing_and_too_much_are_refused(db: Database, text: str) -> None:
    with pytest.raises(Refused):
        note(db, text)
    assert texts(db) == []


def test_the_longest_note_is_kept_whole(any_db: Database) -> None:
    note(any_db, "🌊" * 2000)
    assert texts(any_db) == ["🌊" * 2000]


def test_ones_own_note_is_put_right_and_says_so(any_db: Database) -> None:
    made = note(any_db, "报价 100")
    edit(any_db, made, "报价 120")
    assert texts(any_db) == ["报价 120"]
    with any_db.read() as session:
        assert session.get_one(FollowUp, made).edited_at


def test_a_removed_note_leaves_a_mark_and_can_be_had_back(any_db: Database) -> None:
    made = note(any_db, "写错了客户")
    remove(any_db, made)
    assert texts(any_db) == [""]
    restore(any_db, made)
    assert texts(any_db) == ["写错了客户"]


def test_nobody_changes_the_note_of_another_or_of_another_customer(db: Database) -> None:
    made = note(db, "我写的")
    with pytest.raises(NotFound):
        edit(db, made, "不是我写的", by="lisi")
    with pytest.raises(NotFound):
        edit(db, made, "不是这位客户的", of=LI)
    with pytest.raises(NotFound):
        remove(db, made, by="lisi")
    assert texts(db) == ["我写的"]


def test_after_a_day_a_note_stands_as_it_is(db: Database, tmp_path: Path) -> None:
    made = note(db, "昨天的")
    (tmp_path / "clock").write_text(str(DAY))
    clock.follow(tmp_path / "clock")
    try:
        with pytest.raises(Refused, match="24 小时"):
            edit(db, made, "今天改的")
        with pytest.raises(Refused, match="24 小时"):
            remove(db, made)
        with pytest.raises(BoxSpent):
            note(db, "昨天的，今天补的")
    finally:
        clock.follow(None)
    assert texts(db) == ["昨天的"]


def test_a_removed_note_takes_its_reminder_along_and_brings_it_back(any_db: Database) -> None:
    made = note(any_db, "周五回访")
    due_at = clock.utcnow() + timedelta(days=2)
    wish = Wish(
        userid="zhaoyi",
        external_userid=WANG,
        key="box-0001",
        due_at=due_at,
        text="周五回访",
        follow_up_id=made,
    )
    any_db.commit(lambda session: create_reminder(session, wish).id)

    def state() -> str:
        with any_db.read() as session:
            return session.scalars(select(Reminder.state)).one()

    remove(any_db, made)
    assert state() == "cancelled"
    restore(any_db, made)
    assert state() == "open"


def test_a_draft_is_kept_for_who_types_it_before_this_customer(any_db: Database) -> None:
    assert draft(any_db, "还没写完", 1)
    assert kept(any_db) == "还没写完"
    assert (kept(any_db, "lisi"), kept(any_db, customer=LI)) == ("", "")


def test_what_was_typed_earlier_does_not_write_over_what_was_typed_later(any_db: Database) -> None:
    assert draft(any_db, "还没写完，再写一点", 2)
    assert not draft(any_db, "还没写完", 1)
    assert kept(any_db) == "还没写完，再写一点"


def test_of_two_devices_the_one_that_typed_last_counts(db: Database) -> None:
    draft(db, "手机上写的", 900)
    draft(db, "电脑上写的", 5, box("box-0002"))
    assert kept(db) == "电脑上写的"


def test_a_written_note_empties_its_draft_and_a_late_one_stays_away(any_db: Database) -> None:
    draft(any_db, "写完了", 1)
    note(any_db, "写完了。")
    assert kept(any_db) == ""
    assert not draft(any_db, "写完了", 2)
    assert kept(any_db) == ""

"""A remark: one line of twenty characters, the member's own, and WeCom is told."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.customers.actions import Change, change_remark, record_change, retry_remark
from app.customers.models import Customer
from app.customers.queries import find_follow
from app.db import Database
from app.errors import NotFound, Refused
from app.pushes.actions import end_pushes
from app.pushes.models import Push

START = datetime(2026, 1, 1, tzinfo=UTC)
LI = "wmLi"


@pytest.fixture
def shop(any_db: Database) -> Database:
    """Give a database in which zhaoyi follows 李晓雯."""
    follow_li(any_db)
    return any_db


def follow_li(db: Database, name: str = "李晓雯") -> None:
    change = Change(userid="zhaoyi", external_userid=LI, kind="add", at=START)
    with db.write() as session:
        record_change(session, change)
        session.get_one(Customer, LI).name = name


def write(db: Database, text: str, *, userid: str = "zhaoyi") -> bool:
    with db.write() as session:
        return change_remark(session, LI, userid=userid, remark=text).changed


def state(db: Database) -> tuple[str, list[str]]:
    """Return the remark and what WeCom is told, in the order of the changes."""
    with db.read() as session:
        follow = find_follow(session, "zhaoyi", LI)
        assert follow
        return follow.remark, list(session.scalars(select(Push.value).order_by(Push.id)))


def test_a_remark_is_kept_and_told(shop: Database) -> None:
    assert write(shop, "  城西店\n-李姐\u202e ")
    assert state(shop) == ("城西店 -李姐", ["城西店 -李姐"])
    assert not write(shop, "城西店 -李姐")


def test_twenty_characters_go_and_one_more_does_not(shop: Database) -> None:
    assert write(shop, "备" * 19 + "😀")
    with pytest.raises(Refused, match="最多 20 个字，现在是 21 个"):
        write(shop, "备" * 21)


def test_without_a_remark_he_goes_by_his_name_as_in_wecom(shop: Database) -> None:
    write(shop, "城西店-李姐")
    write(shop, "")
    assert state(shop) == ("李晓雯", ["城西店-李姐", "李晓雯"])


@pytest.mark.parametrize(
    ("was", "way_back"),
    [
        ("老备注", "老备注"),
        ("", ""),
        ("李晓雯", ""),
        # Somebody wrote it in WeCom's own window, where more is taken.
        ("备" * 21, None),
    ],
)
def test_what_wecom_would_not_take_again_cannot_be_brought_back(
    db: Database, was: str, way_back: str | None
) -> None:
    follow_li(db)
    with db.write() as session:
        follow = find_follow(session, "zhaoyi", LI)
        assert follow
        follow.remark = was
    with db.write() as session:
        changed = change_remark(session, LI, userid="zhaoyi", remark="新备注")
    assert changed.way_back == way_back


@pytest.mark.parametrize("name", ["", "\u3164"])
def test_without_a_name_that_can_be_seen_there_is_no_empty_remark(db: Database, name: str) -> None:
    follow_li(db, name)
    write(db, "城西店-李姐")
    with pytest.raises(Refused, match="备注不能清空"):
        write(db, "")
    assert state(db) == ("城西店-李姐", ["城西店-李姐"])


@pytest.mark.parametrize("blank", ["\u3164", "\u2800\u200b", "\u200d"])
def test_a_remark_of_which_nothing_can_be_seen_is_refused(db: Database, blank: str) -> None:
    follow_li(db)
    with pytest.raises(Refused, match="没有看得见的字"):
        write(db, blank)
    assert state(db) == ("", [])


def test_it_is_the_members_own(shop: Database) -> None:
    with pytest.raises(NotFound):
        write(shop, "我的", userid="lisi")
    assert state(shop) == ("", [])


def test_what_failed_is_told_again_when_he_asks_for_it(shop: Database) -> None:
    write(shop, "城西店-李姐")
    with shop.write() as session:
        end_pushes(session, list(session.scalars(select(Push.id))), outcome="failed")
        follow = find_follow(session, "zhaoyi", LI)
        assert follow
        follow.remark = "别的"
    with shop.write() as session:
        assert retry_remark(session, LI, userid="zhaoyi")
        assert not retry_remark(session, LI, userid="zhaoyi")
    assert state(shop) == ("城西店-李姐", ["城西店-李姐", "城西店-李姐"])

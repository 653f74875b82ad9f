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
    change = Change(userid="zhaoyi", external_userid=LI, kind="add", at=START)
    with any_db.write() as session:
        record_change(session, change)
        session.get_one(Customer, LI).name = "李晓雯"
    return any_db


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

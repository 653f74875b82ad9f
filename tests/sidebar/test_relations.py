"""Who else knows the customer: counters on the card, and the lists that they open."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app import clock
from app.customers.actions import Change, record_change
from app.db import Database
from app.groups.models import GroupChat, GroupMember
from tests.sidebar.cards import LI, Card, Page, card_of, change, make_app


@pytest.fixture
def card(tmp_path: Path, db: Database) -> Iterator[Card]:
    """Give the browser of the member who follows her."""
    app = make_app(tmp_path, db)
    yield card_of(app, db, "zhaoyi")
    app.extensions["banke_runtime"].db.close()


def text_of(card: Card, part: str = "") -> str:
    return " ".join(Page(card.get(part).text).text.split())


def follow_her(card: Card, userid: str, days_ago: float) -> None:
    at = clock.utcnow() - timedelta(days=days_ago)
    with card.db.write() as session:
        record_change(session, Change(userid=userid, external_userid=LI, kind="add", at=at))


def test_what_there_is_none_of_is_not_counted(card: Card) -> None:
    shown = text_of(card)
    assert "客户群 1" in shown
    assert not re.search(r"同事 \d|添加记录 \d", shown)


def test_colleagues_are_listed_with_their_last_follow_up(card: Card) -> None:
    follow_her(card, "wangqiang", 3)
    follow_her(card, "sunsan", 2)
    card.move_as("wangqiang", "意向")
    assert "同事 2" in text_of(card)
    shown = text_of(card, "/colleagues")
    assert re.search(r"孙叁木 \d\d-\d\d 起跟进 · 还没有跟进记录", shown)
    assert re.search(r"王强 \d\d-\d\d 起跟进 · 最近跟进 \d\d-\d\d \d\d:\d\d · 改到「意向」", shown)


def test_groups_in_common_are_marked(card: Card) -> None:
    with card.db.write() as session:
        at = clock.utcnow()
        session.add(GroupChat(chat_id="wr2", name="读书群", owner="zhaoyi"))
        session.flush()
        for userid, kind in ((LI, 2), ("zhaoyi", 1)):
            session.add(
                GroupMember(chat_id="wr2", userid=userid, period=1, type=kind, joined_at=at)
            )
    assert "客户群 2" in text_of(card)
    assert re.search(r"读书群 你也在群里 \S+ 入群 南山会员群 \S+ 入群", text_of(card, "/groups"))


def test_the_times_they_added_each_other_are_listed(card: Card) -> None:
    with card.db.write() as session:
        record_change(session, change("customer", 8))
        record_change(session, change("add", 2))
    assert "添加记录 2" in text_of(card)
    assert re.search(r"至今 .*，客户删除", text_of(card, "/periods"))


def test_a_long_list_is_read_in_pages_each_once(card: Card) -> None:
    for number in range(45):
        follow_her(card, f"member{number}", number / 10)
    assert "同事 45" in text_of(card)
    answer, names = card.get("/colleagues"), []
    while True:
        names += re.findall(r"member\d+", Page(answer.text).text)
        more = re.search(r'href="[^"]+(/colleagues\?page=\d+)"', answer.text)
        if more is None:
            break
        answer = card.get(more[1])
        assert "sheet-title" not in answer.text
    assert names == [f"member{number}" for number in range(45)]


@pytest.mark.parametrize("page", ["x", "-1", "9" * 18, "99"])
def test_a_page_that_is_none_is_empty_or_the_first(card: Card, page: str) -> None:
    assert card.get(f"/groups?page={page}").status_code == 200

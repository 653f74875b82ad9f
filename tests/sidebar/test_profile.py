"""The panel 画像 through the WSGI app: the card, one tap on a stage, undo, conflict, paging."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, update
from werkzeug.test import TestResponse

from app import clock
from app.customers.actions import record_change, record_timeline
from app.customers.models import FollowUser
from app.db import Database
from sidebar.session import CSRF_HEADER
from tests.sidebar.cards import LI, PATH, Card, Page, card_of, change, make_app

CURSOR = re.compile(r'href="[^"]+\?before=([0-9-]+)"')
UNDO = re.compile(r'name="change" value="(\d+)"')
MOST_STATEMENTS = 12


@pytest.fixture
def card(tmp_path: Path, db: Database) -> Iterator[Card]:
    """Give the browser of the member who follows her."""
    app = make_app(tmp_path, db)
    yield card_of(app, db, "zhaoyi")
    app.extensions["banke_runtime"].db.close()


def text_of(response: TestResponse) -> str:
    return Page(response.text).text


def test_the_card_says_who_he_is_and_where_he_came_from(card: Card) -> None:
    shown = text_of(card.get())
    for words in (
        *("李晓雯", "@微信", "城西店-李姐", "认识 12 天"),
        *("来自渠道「门店海报」", "扫描二维码", "重要", "客户群 1"),
    ):
        assert words in shown


def test_a_customer_added_today_is_not_known_for_zero_days(card: Card) -> None:
    with card.db.write() as session:
        session.execute(update(FollowUser).values(added_at=clock.utcnow()))
    assert "今天添加" in text_of(card.get())


def test_the_card_speaks_the_readers_language(card: Card) -> None:
    shown = text_of(replace(card, language="en").get())
    assert "Stage" in shown
    assert "客户阶段" not in shown


def test_a_customer_who_left_is_told_in_red(card: Card) -> None:
    with card.db.write() as session:
        record_change(session, change("customer", 0.1))
    answer = card.get()
    assert 'class="bk-bar bk-bar_loss" role="alert"' in answer.text
    assert re.search(r"客户已在 \d\d-\d\d \d\d:\d\d 删除了你", text_of(answer))
    assert "认识 11 天" in text_of(answer)


def test_a_customer_who_came_back_has_both_periods(card: Card) -> None:
    with card.db.write() as session:
        record_change(session, change("customer", 8))
        record_change(session, change("add", 2))
    shown = text_of(card.get())
    assert "认识 12 天" in shown
    assert "第 2 次添加" in shown
    assert "客户删除" in text_of(card.get("/periods"))
    assert "bk-bar_loss" not in card.get().text


def test_a_half_friendship_is_told(card: Card) -> None:
    with card.db.write() as session:
        record_change(session, change("customer", 3))
        record_change(session, change("half", 1))
    assert "对方免验证加了你，你还没有加回" in text_of(card.get())


def test_a_manager_reads_whose_customer_it_is(card: Card) -> None:
    answer = card_of(card.client.application, card.db, "sunsan").get()
    assert "你以负责人的身份查看，跟进人：赵忆南" in text_of(answer)


def test_a_tap_changes_the_stage_and_offers_to_take_it_back(card: Card) -> None:
    answer = card.post("stage", to=card.stage("意向"), seen=0)
    assert (answer.status_code, card.stage_name()) == (200, "意向")
    assert "已改为「意向」" in answer.text
    assert "客户阶段：新客户 → 意向" in answer.text
    undo = UNDO.search(answer.text)
    assert undo
    back = card.post("undo", change=int(undo[1]))
    assert "已撤销，回到「新客户」" in back.text
    assert card.stage_name() == "新客户"


def test_a_second_tap_on_the_same_stage_says_that_it_is_so(card: Card) -> None:
    card.post("stage", to=card.stage("意向"), seen=0)
    again = card.post("stage", to=card.stage("意向"), seen=0)
    assert (again.status_code, "已经是「意向」" in again.text) == (200, True)
    assert UNDO.search(again.text) is None


def test_a_conflict_names_who_did_what_and_overwrites_nothing(card: Card) -> None:
    theirs = card.move_as("wangqiang", "成交")
    answer = card.post("stage", to=card.stage("意向"), seen=0)
    assert (answer.status_code, card.stage_name()) == (409, "成交")
    assert "王强 刚把阶段改成「成交」" in answer.text
    assert "仍要改为「意向」" in answer.text
    assert f'name="seen" value="{theirs}"' in answer.text
    card.post("stage", to=card.stage("意向"), seen=theirs)
    assert card.stage_name() == "意向"


def test_an_undo_that_came_too_late_is_a_conflict(card: Card) -> None:
    mine = card.move_as("zhaoyi", "意向")
    card.move_as("wangqiang", "成交")
    answer = card.post("undo", change=mine)
    assert (answer.status_code, card.stage_name()) == (409, "成交")
    assert "仍要改为「新客户」" in answer.text


@pytest.mark.parametrize("to", ["0", "999999", "-1", "1.5", "９", "9" * 30, "x", ""])
def test_a_stage_that_does_not_exist_is_refused_in_words(card: Card, to: str) -> None:
    headers = {"HX-Request": "true", CSRF_HEADER: card.csrf}
    answer = card.client.post(f"{PATH}/stage", data={"to": to, "seen": "0"}, headers=headers)
    assert (answer.status_code, "没有这个阶段" in answer.text) == (422, True)
    assert card.stage_name() == "新客户"


def test_a_plain_form_works_without_javascript(card: Card) -> None:
    answer = card.send_form("stage", to=card.stage("意向"), seen=0)
    assert answer.text.startswith("<!doctype html>")
    assert "已改为「意向」" in text_of(answer)
    assert "李晓雯" in text_of(answer)
    undo = UNDO.search(answer.text)
    assert undo
    assert "已撤销" in text_of(card.send_form("undo", change=int(undo[1])))
    assert card.stage_name() == "新客户"


def test_a_plain_form_is_told_of_a_conflict(card: Card) -> None:
    card.move_as("wangqiang", "成交")
    answer = card.send_form("stage", to=card.stage("意向"), seen=0)
    assert answer.status_code == 409
    assert "王强 刚把阶段改成「成交」" in text_of(answer)


def fill(card: Card, count: int) -> None:
    first = clock.utcnow() - timedelta(days=count / 10)
    with card.db.write() as session:
        for number in range(count):
            record_timeline(
                session,
                external_userid=LI,
                userid="zhaoyi",
                kind="group_joined",
                at=first + timedelta(hours=2.4 * (number // 3)),
                key=f"entry{number}",
                data={"group_name": f"群{number}"},
            )


def test_a_long_timeline_is_read_in_pages_each_entry_once(card: Card) -> None:
    fill(card, 130)
    answer, shown, days = card.get(), [], []
    while True:
        shown += re.findall(r"加入客户群「群(\d+)」", answer.text)
        days += re.findall(r'class="bk-day">([^<]+)<', answer.text)
        older = CURSOR.search(answer.text)
        if older is None:
            break
        answer = card.get(f"?before={older[1]}")
        assert "bk-header" not in answer.text
    assert shown == [str(number) for number in reversed(range(130))]
    assert len(days) == len(set(days))


def test_a_page_of_the_timeline_can_be_opened_by_its_link(card: Card) -> None:
    fill(card, 30)
    older = CURSOR.search(card.get().text)
    assert older
    page = card.get(f"?before={older[1]}", htmx=False)
    assert page.text.startswith("<!doctype html>")
    assert "加入客户群「群0」" in page.text
    assert "回到最新" in page.text


def test_five_thousand_entries_make_a_card_no_longer(card: Card) -> None:
    fill(card, 5000)
    statements: list[str] = []
    engine = card.client.application.extensions["banke_runtime"].db.engine

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    answer = card.get()
    assert answer.text.count('class="bk-entry ') == 20
    assert len(answer.data) < 32_000
    assert len([one for one in statements if one.startswith("SELECT")]) <= MOST_STATEMENTS


def test_a_new_remark_wears_the_pen_in_the_timeline(card: Card) -> None:
    card.post("remark", remark="常来的李姐", was="城西店-李姐")
    assert "bk-entry_pen" in card.get().text

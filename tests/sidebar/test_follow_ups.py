"""The panel 跟进 as a browser gets it, by htmx and without JavaScript, and who may what."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import clock
from app.customers.actions import (
    Box,
    CustomerWish,
    record_follow_up,
    record_timeline,
    write_many,
)
from app.customers.models import Draft, FollowUp, Reminder
from app.db import Database
from tests.sidebar.cards import AGENT, LI, Card, Page, card_of, make_app

PATH = f"/sidebar/customers/{LI}/follow_ups"


@pytest.fixture
def app(tmp_path: Path, db: Database) -> Flask:
    return make_app(tmp_path, db)


@pytest.fixture
def card(app: Flask, db: Database) -> Card:
    """Give zhaoyi's browser; he follows the customer."""
    return card_of(app, db, "zhaoyi")


def get(card: Card, query: str = "", *, htmx: bool = False) -> TestResponse:
    headers = {"User-Agent": AGENT.format("zh")} | ({"HX-Request": "true"} if htmx else {})
    return card.client.get(PATH + query, headers=headers)


def post(card: Card, action: str, *, htmx: bool = True, **form: str) -> TestResponse:
    headers = {"User-Agent": AGENT.format("zh")} | ({"HX-Request": "true"} if htmx else {})
    data = {"csrf_token": card.csrf, **form}
    return card.client.post(f"{PATH}/{action}", data=data, headers=headers)


def texts(html: str) -> list[str]:
    """Return the lines of the timeline."""
    return re.findall(r'<p class="bk-entry__text[^>]*><bdi>(.*?)</bdi>', html, flags=re.DOTALL)


def notes(db: Database) -> list[FollowUp]:
    with db.read() as session:
        return list(session.scalars(select(FollowUp).order_by(FollowUp.id)))


def reminders(db: Database) -> list[Reminder]:
    with db.read() as session:
        return list(session.scalars(select(Reminder).order_by(Reminder.id)))


def key_in(html: str) -> str:
    found = re.search(r'name="key" value="(\w+)"', html)
    assert found
    return found[1]


def test_a_note_sent_without_javascript_is_written_and_the_panel_shown_again(card: Card) -> None:
    key = key_in(get(card).text)
    page = post(card, "record", htmx=False, text="想要蓝色的\r\n周五报价", key=key, when="")
    assert page.status_code == 200
    assert texts(page.text)[0] == "想要蓝色的\n周五报价"
    assert "已记录" in Page(page.text).text
    # Sent again, as a browser does that loads the answer anew.
    post(card, "record", htmx=False, text="想要蓝色的\r\n周五报价", key=key, when="")
    assert len(notes(card.db)) == 1


@pytest.mark.parametrize(
    ("text", "words"), [("  ", "先写点什么，再记录"), ("长" * 2001, "最多 2000 字，现在有 2001 字")]
)
@pytest.mark.parametrize("htmx", [True, False])
def test_what_cannot_be_written_stays_in_the_box(
    card: Card, text: str, words: str, *, htmx: bool
) -> None:
    answer = post(card, "record", htmx=htmx, text=text, key="box-0001", when="")
    assert (answer.status_code, notes(card.db)) == (422, [])
    assert words in Page(answer.text).text
    assert f">{text}</textarea>" in answer.text
    assert 'value="box-0001"' in answer.text


def test_an_old_box_that_a_browser_shows_again_writes_over_nothing(card: Card) -> None:
    post(card, "record", text="已寄样品", key="box-0001", when="")
    answer = post(card, "record", text="要蓝色的", key="box-0001", when="")
    assert (answer.status_code, [note.text for note in notes(card.db)]) == (422, ["已寄样品"])
    assert ">要蓝色的</textarea>" in answer.text
    post(card, "record", text="要蓝色的", key=key_in(answer.text), when="")
    assert [note.text for note in notes(card.db)] == ["已寄样品", "要蓝色的"]


def test_why_a_note_is_refused_is_said_in_the_readers_language(card: Card) -> None:
    headers = {"User-Agent": AGENT.format("en"), "HX-Request": "true"}
    data = {"csrf_token": card.csrf, "key": "box-0001", "text": "x" * 2001, "when": ""}
    answer = card.client.post(f"{PATH}/record", data=data, headers=headers)
    assert (answer.status_code, "2001" in answer.text) == (422, True)
    assert "最多" not in Page(answer.text).text


def test_what_was_typed_in_the_sheet_and_refused_stays_there(card: Card) -> None:
    post(card, "record", text="报价 100", key="box-0001", when="")
    note_id = str(notes(card.db)[0].id)
    refused = post(card, "edit", note=note_id, text="长" * 2001)
    assert (refused.status_code, '<hx-partial hx-target="#sheet"' in refused.text) == (422, False)
    kept = post(card, "edit", note=note_id, text="报价 120")
    assert '<hx-partial hx-target="#sheet"' in kept.text


@pytest.mark.parametrize(("when", "days"), [("1", 1), ("3", 3)])
def test_a_chip_sets_the_reminder_for_the_morning(card: Card, when: str, days: int) -> None:
    post(card, "record", text="回访", key="box-0001", when=when)
    (reminder,) = reminders(card.db)
    here = timedelta(hours=8)
    due = reminder.due_at + here
    assert due.date() == (clock.utcnow() + here).date() + timedelta(days=days)
    assert (f"{due:%H:%M}", reminder.text) == ("09:30", "回访")


def test_a_reminder_for_tomorrow_says_so(card: Card) -> None:
    answer = post(card, "record", text="回访", key="box-0001", when="1")
    assert "明天 09:30</time>" in answer.text


def test_next_monday_is_a_monday_to_come(card: Card) -> None:
    post(card, "record", text="回访", key="box-0001", when="monday")
    (reminder,) = reminders(card.db)
    due = reminder.due_at + timedelta(hours=8)
    assert due.weekday() == 0
    assert timedelta(0) < reminder.due_at - clock.utcnow() <= timedelta(days=8)


def test_a_time_of_ones_own_is_the_corps_time(card: Card) -> None:
    post(card, "record", text="", key="box-0001", when="own", at="2027-05-06T07:08")
    (reminder,) = reminders(card.db)
    assert f"{reminder.due_at:%Y-%m-%d %H:%M}" == "2027-05-05 23:08"
    assert notes(card.db) == []


@pytest.mark.parametrize("at", ["", "soon", "2020-01-01T00:00", "2100-01-01T00:00", "0001-01-01"])
def test_without_a_good_time_nothing_is_written_at_all(card: Card, at: str) -> None:
    answer = post(card, "record", text="回访", key="box-0001", when="own", at=at)
    assert answer.status_code == 422
    assert ">回访</textarea>" in answer.text
    assert (notes(card.db), reminders(card.db)) == ([], [])


def test_a_draft_is_in_the_box_when_the_panel_is_opened_again(card: Card) -> None:
    assert "草稿已保存" in post(card, "draft", text="还没写", key="box-0001", version="5").text
    assert ">还没写</textarea>" in get(card).text
    post(card, "record", text="还没写完", key="box-0001", when="")
    assert "></textarea>" in get(card).text


def test_a_draft_is_nobody_elses(card: Card, app: Flask) -> None:
    post(card, "draft", text="还没写", key="box-0001", version="5")
    leader = card_of(app, card.db, "sunsan")
    assert "还没写" not in get(leader).text
    post(leader, "draft", text="我来写", key="box-0001", version="6")
    with card.db.read() as session:
        kept = session.execute(select(Draft.userid, Draft.text).order_by(Draft.userid)).all()
    assert [tuple(row) for row in kept] == [("sunsan", "我来写"), ("zhaoyi", "还没写")]


def test_another_who_may_see_the_customer_reads_the_note_and_cannot_change_it(
    card: Card, app: Flask
) -> None:
    post(card, "record", text="想要蓝色的", key="box-0001", when="1")
    leader = card_of(app, card.db, "sunsan")
    page = get(leader).text
    assert texts(page)[0] == "想要蓝色的"
    assert "赵忆南" in page
    assert "/remove" not in page
    assert 'id="reminder-' not in page
    note = str(notes(card.db)[0].id)
    for action in ("edit", "remove", "restore"):
        assert post(leader, action, note=note, text="红色").status_code == 422
    reminder = str(reminders(card.db)[0].id)
    assert post(leader, "remind", reminder=reminder, turn="1", do="done").status_code == 422
    assert (notes(card.db)[0].text, notes(card.db)[0].removed_at) == ("想要蓝色的", None)
    assert reminders(card.db)[0].state == "open"


def test_a_stranger_gets_nothing_of_it(card: Card, app: Flask) -> None:
    post(card, "record", text="想要蓝色的", key="box-0001", when="")
    stranger = card_of(app, card.db, "wangqiang")
    refused = post(stranger, "record", text="我也要写", key="box-0002", when="")
    assert refused.status_code != 200
    assert "想要蓝色的" not in get(stranger).text
    assert len(notes(card.db)) == 1


def test_ones_note_is_changed_in_a_sheet_removed_and_had_back(card: Card) -> None:
    post(card, "record", text="报价 100", key="box-0001", when="")
    note = str(notes(card.db)[0].id)
    assert ">报价 100</textarea>" in get(card, f"/edit?note={note}", htmx=True).text
    changed = post(card, "edit", note=note, text="报价 120")
    assert texts(changed.text)[0] == "报价 120"
    assert "已修改" in changed.text
    removed = post(card, "remove", htmx=False, note=note)
    assert texts(removed.text)[0] == "删除了一条跟进"
    assert "报价" not in removed.text
    assert texts(post(card, "restore", note=note).text)[0] == "报价 120"


def test_what_a_removed_note_said_is_not_told_of_its_reminder_either(card: Card) -> None:
    post(card, "record", text="写错了客户", key="box-0001", when="3")
    post(card, "remind", reminder=str(reminders(card.db)[0].id), turn="1", do="done")
    note_id = str(notes(card.db)[0].id)
    post(card, "edit", note=note_id, text="真写错了")
    assert texts(get(card).text) == ["完成了提醒：真写错了", "真写错了"]
    post(card, "remove", note=note_id)
    assert texts(get(card).text) == ["完成了提醒：…", "删除了一条跟进"]
    post(card, "restore", note=note_id)
    assert texts(get(card).text) == ["完成了提醒：真写错了", "真写错了"]


def test_the_profile_shows_the_note_too(card: Card) -> None:
    post(card, "record", text="想要蓝色的", key="box-0001", when="")
    assert texts(card.get().text)[0] == "想要蓝色的"


@pytest.mark.parametrize(
    ("do", "more", "state", "turn"),
    [
        ("done", {}, "done", 1),
        ("cancel", {}, "cancelled", 1),
        ("hour", {}, "open", 2),
        ("tomorrow", {}, "open", 2),
        ("own", {"at": "2027-05-06T07:08"}, "open", 2),
    ],
)
@pytest.mark.parametrize("htmx", [True, False])
def test_a_reminder_is_ended_or_put_off_with_one_button(
    card: Card, do: str, more: dict[str, str], state: str, turn: int, *, htmx: bool
) -> None:
    post(card, "record", text="回访", key="box-0001", when="3")
    (made,) = reminders(card.db)
    answer = post(card, "remind", htmx=htmx, reminder=str(made.id), turn="1", do=do, **more)
    assert answer.status_code == 200
    (now,) = reminders(card.db)
    assert (now.state, now.turn) == (state, turn)
    assert ('id="reminder-' in answer.text) == (state == "open")
    if state != "open":
        post(card, "reopen", reminder=str(made.id))
        assert reminders(card.db)[0].state == "open"


@pytest.mark.parametrize("do", ["done", "hour"])
def test_of_a_reminder_that_ended_elsewhere_nothing_is_promised(card: Card, do: str) -> None:
    post(card, "record", text="", key="box-0001", when="3")
    (made,) = reminders(card.db)
    post(card, "remind", reminder=str(made.id), turn="1", do="cancel")
    answer = post(card, "remind", reminder=str(made.id), turn="1", do=do)
    assert (answer.status_code, "这个提醒已经结束了" in answer.text) == (422, True)
    assert reminders(card.db)[0].state == "cancelled"
    # Nor is one set by the form that had set it, when a browser shows it again.
    answer = post(card, "record", text="", key="box-0001", when="1")
    assert (answer.status_code, len(reminders(card.db))) == (422, 1)


def many(db: Database) -> None:
    with db.write() as session:
        for number in range(45):
            record_timeline(
                session,
                external_userid=LI,
                kind="group_joined",
                at=clock.utcnow() - timedelta(days=number, minutes=1),
                key=f"many{number}",
                data={"group_name": f"{number}群"},
            )
            box = Box(userid="zhaoyi", external_userid=LI, key=f"box-{number:04}")
            record_follow_up(session, box, text=f"第 {number} 条")


def test_filters_and_pages_are_links_that_work_without_javascript(card: Card) -> None:
    many(card.db)
    found, query = [], "?filter=customer"
    while query:
        page = get(card, query).text
        assert '<h1 class="bk-who">' in page
        assert re.search(r'aria-current="true"><span[^>]*>客户<', page)
        found += texts(page)
        more = re.search(r'id="timeline-more" href="[^"?]*([^"]*)"', page)
        query = more[1].replace("&amp;", "&") if more else ""
    assert found[:45] == [f"加入客户群「{number}群」" for number in range(45)]
    assert not [text for text in found if "条" in text]


def test_an_older_page_comes_alone_when_htmx_asks(card: Card) -> None:
    many(card.db)
    first = get(card, "/history?filter=notes", htmx=True).text
    assert texts(first) == [f"第 {number} 条" for number in reversed(range(25, 45))]
    more = re.search(r'hx-get="[^"]*(/history[^"]*before=[^"]*)"', first)
    assert more
    older = get(card, more[1].replace("&amp;", "&"), htmx=True).text
    assert texts(older) == [f"第 {number} 条" for number in reversed(range(5, 25))]
    assert "<section" not in older


@pytest.mark.parametrize("query", ["?filter=x", "?before=x", "?filter=notes&before=1-z-9"])
def test_an_address_that_somebody_made_up_shows_the_newest(card: Card, query: str) -> None:
    assert get(card, query).status_code == 200


def test_what_came_out_of_a_table_is_one_entry_with_its_note(card: Card) -> None:
    wish = CustomerWish(external_userid=LI, key="import:1:2", note="老客户\n喜欢蓝色")
    card.db.commit(lambda session: write_many(session, [wish], userid="qianer", fields={}))
    assert texts(get(card).text)[0] == "从表格导入了一条跟进\n老客户\n喜欢蓝色"
    dropped = replace(wish, note="", drops_note=notes(card.db)[0].id)
    card.db.commit(
        lambda session: write_many(
            session, [dropped], userid="qianer", fields={}, kind="import_undone"
        )
    )
    assert texts(get(card).text)[:2] == ["撤销了从表格的导入：一条跟进", "从表格导入了一条跟进"]

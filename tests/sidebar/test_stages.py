"""The stages of a card beyond one tap: several pipelines, what is added afterwards, the history."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from app import clock
from app.customers.actions import Change, change_stage, import_pipelines, record_change
from app.customers.models import StageChange
from app.customers.queries import get_stage_boards
from app.db import Database
from tests.customers.test_pipelines import SERVICE, as_file
from tests.sidebar.cards import LI, Card, Page, card_of, make_app

CHANGE = re.compile(r'name="change" value="(\d+)"')
OLDER = re.compile(r'href="[^"]+(/history\?pipeline=\d+&amp;before=\d+)"')


@pytest.fixture
def card(tmp_path: Path, db: Database) -> Iterator[Card]:
    """Give the browser of the member who follows her, where there is a second pipeline."""
    app = make_app(tmp_path, db)
    with db.write() as session:
        import_pipelines(session, as_file(db) + SERVICE)
    yield card_of(app, db, "zhaoyi")
    app.extensions["banke_runtime"].db.close()


def colleague(card: Card, userid: str) -> Card:
    """Return another member's browser, who follows her too."""
    with card.db.write() as session:
        at = clock.utcnow() - timedelta(days=1)
        change = Change(userid=userid, external_userid=LI, kind="add", at=at)
        record_change(session, change)
    return card_of(card.client.application, card.db, userid)


def text_of(response: TestResponse) -> str:
    return " ".join(Page(response.text).text.split())


def tap(card: Card, to: str, *, seen: int = 0) -> int:
    """Move her and return the change that may be added to."""
    found = CHANGE.search(card.post("stage", to=card.stage(to), seen=seen).text)
    assert found
    return int(found[1])


def second(card: Card) -> int:
    with card.db.read() as session:
        return get_stage_boards(session, LI)[1].pipeline_id


def test_another_pipeline_is_a_line_until_it_is_opened(card: Card) -> None:
    answer = card.get()
    assert "售后 未设置" in text_of(answer)
    assert re.search(r'<details class="bk-pipeline" id="pipeline-\d+">', answer.text)


def test_a_tap_answers_with_its_own_pipeline_opened(card: Card) -> None:
    answer = card.post("stage", to=card.stage("待处理"), seen=0, pipeline=second(card))
    assert f'id="pipeline-{second(card)}" open' in answer.text
    assert 'id="stage"' not in answer.text
    assert "售后：未设置 → 待处理" in text_of(answer)
    assert "客户阶段" not in text_of(answer)


def test_undo_stays_in_its_pipeline(card: Card) -> None:
    first = card.post("stage", to=card.stage("待处理"), seen=0)
    seen = re.search(r'name="seen" value="(\d+)"', first.text)
    assert seen
    answer = card.post("stage", to=card.stage("已解决"), seen=int(seen[1]))
    assert f'hx-target="#pipeline-{second(card)}"' in answer.text
    change = int(CHANGE.findall(answer.text)[-1])
    undone = card.post("undo", change=change, pipeline=second(card))
    assert "售后 待处理" in text_of(undone)
    assert card.stage_name() == "新客户"


def test_a_conflict_names_the_pipeline(card: Card) -> None:
    with card.db.write() as session:
        change_stage(session, LI, to_stage_id=card.stage("已解决"), userid="wangqiang", seen=0)
    answer = card.post("stage", to=card.stage("待处理"), seen=0, pipeline=second(card))
    assert answer.status_code == 409
    assert "王强 刚把「售后」改成「已解决」" in text_of(answer)


def test_a_fault_about_another_pipeline_leaves_the_default_one_alone(card: Card) -> None:
    answer = card.post("stage", to=0, seen=0, pipeline=second(card))
    assert (answer.status_code, 'id="stage"' in answer.text) == (422, False)


def test_a_change_may_be_added_to_and_a_card_that_is_opened_does_not_ask(card: Card) -> None:
    answer = card.post("stage", to=card.stage("意向"), seen=0)
    assert "补一句（可不填）" in answer.text
    assert "成交金额" not in answer.text
    assert "补一句" not in card.get().text


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("3,000.5", "¥3,000.50"), ("￥3000", "¥3,000.00"), ("0", "¥0.00")],
)
def test_an_amount_and_words_are_told_in_the_timeline(card: Card, amount: str, shown: str) -> None:
    answer = card.post("stage-note", change=tap(card, "成交"), amount=amount, why=" 老客户\n介绍 ")
    assert (answer.status_code, "已补充" in answer.text) == (200, True)
    assert f"客户阶段：新客户 → 成交 · {shown} · 老客户 介绍" in text_of(answer)


@pytest.mark.parametrize("amount", ["-5", "三千", "1.234", "1" + "0" * 12])
def test_an_amount_that_is_none_is_refused_in_words_and_nothing_is_kept(
    card: Card, amount: str
) -> None:
    answer = card.post("stage-note", change=tap(card, "成交"), amount=amount, why="先付定金")
    assert answer.status_code == 422
    assert re.search(r'role="alert"><bdi>金额', answer.text)
    assert "先付定金" not in text_of(card.get())


def test_reasons_are_chips_of_which_one_may_be_chosen(card: Card) -> None:
    change = tap(card, "无意向")
    answer = card.post("stage-note", change=change, reason="rival")
    assert re.search(
        r'-rival" type="submit" name="reason" value="" aria-pressed="true"', answer.text
    )
    assert "客户阶段：新客户 → 无意向 · 竞品" in text_of(answer)
    cleared = card.post("stage-note", change=change, reason="")
    assert "已清空补充" in cleared.text


def test_what_was_added_with_words_alone_keeps_the_reason(card: Card) -> None:
    change = tap(card, "无意向")
    card.post("stage-note", change=change, reason="rival")
    answer = card.post("stage-note", change=change, why="用了三年别家的")
    assert "无意向 · 竞品 · 用了三年别家的" in text_of(answer)


def test_nobody_adds_to_a_colleagues_change(card: Card) -> None:
    change = tap(card, "成交")
    answer = colleague(card, "wangqiang").post("stage-note", change=change, amount="1", why="我的")
    assert (answer.status_code, "没有可以补充的阶段修改" in answer.text) == (422, True)
    assert "我的" not in text_of(card.get())


def test_a_change_of_yesterday_takes_nothing_any_more(card: Card) -> None:
    change = tap(card, "成交")
    with card.db.write() as session:
        session.execute(update(StageChange).values(changed_at=clock.utcnow() - timedelta(hours=25)))
    answer = card.post("stage-note", change=change, why="太晚")
    assert (answer.status_code, "过了一天" in answer.text) == (422, True)


@pytest.mark.parametrize("change", ["0", "x", "-1", "9" * 18, "9" * 30])
def test_a_change_that_is_none_takes_nothing(card: Card, change: str) -> None:
    assert card.post("stage-note", change=change, why="谁的").status_code == 422


def test_without_javascript_the_line_is_there_too(card: Card) -> None:
    page = card.send_form("stage", to=card.stage("成交"), seen=0)
    assert "补一句（可不填）" in page.text
    change = CHANGE.search(page.text)
    assert change
    refused = card.send_form("stage-note", change=int(change[1]), amount="-5", why="")
    assert "金额不能是负数" in refused.text
    assert 'value="-5"' in refused.text
    done = card.send_form("stage-note", change=int(change[1]), amount="5", why="")
    assert done.text.startswith("<!doctype html>")
    assert "成交 · ¥5.00" in text_of(done)


def wander(card: Card, count: int) -> None:
    """Move her back and forth, a day each."""
    names = ["意向", "初步沟通"]
    with card.db.write() as session:
        seen = 0
        for number in range(count):
            to = card.stage(names[number % 2])
            moved = change_stage(session, LI, to_stage_id=to, userid="wangqiang", seen=seen)
            seen = moved.change_id
            at = clock.utcnow() - timedelta(days=count - number, minutes=1)
            session.get_one(StageChange, seen).changed_at = at


def test_the_history_says_who_when_why_and_how_long(card: Card) -> None:
    wander(card, 3)
    with card.db.read() as session:
        seen = get_stage_boards(session, LI)[0].now.change_id
    card.post("stage-note", change=tap(card, "成交", seen=seen), amount="12", why="首单")
    shown = text_of(card.get("/history"))
    assert "意向 → 成交 ¥12.00 · 首单" in shown
    assert "赵忆南 · 至今不到 1 天" in shown
    assert "王强 · 停留 1 天" in shown
    assert "一开始是「新客户」" in shown


def test_a_history_without_a_change_says_so(card: Card) -> None:
    assert "还没有改过" in text_of(card.get(f"/history?pipeline={second(card)}"))


def test_a_long_history_is_read_in_pages_each_change_once(card: Card) -> None:
    wander(card, 45)
    answer, times, pages = card.get("/history"), [], 0
    while True:
        times += re.findall(r'<time datetime="([^"]+)"', answer.text)
        pages += 1
        older = OLDER.search(answer.text)
        if older is None:
            break
        answer = card.get(older[1].replace("&amp;", "&"))
        assert "sheet-title" not in answer.text
        assert "停留 1 天" in answer.text.split("</li>")[0]
    assert (len(times), len(set(times)), pages) == (45, 45, 3)


@pytest.mark.parametrize("query", ["?pipeline=999999", "?pipeline=x", f"?pipeline={'9' * 18}"])
def test_a_pipeline_that_is_none_leads_to_the_default_one(card: Card, query: str) -> None:
    answer = card.get(f"/history{query}")
    assert (answer.status_code, "客户阶段的历史" in text_of(answer)) == (200, True)


def test_a_history_opens_as_a_page_without_javascript(card: Card) -> None:
    page = card.get("/history", htmx=False)
    assert page.text.startswith("<!doctype html>")
    assert "客户阶段的历史" in text_of(page)

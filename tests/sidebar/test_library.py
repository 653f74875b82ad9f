"""The panels 话术 and 素材 through the WSGI app: what is found, shown and sent, and by whom."""

import re
from collections.abc import Iterator
from functools import partial
from http import HTTPStatus
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event, select

from app import clock
from app.db import Database
from app.library.actions import mark_favourite, record_use, remove_item
from app.library.models import LibraryItem, LibraryMark, LibraryUse
from app.library.queries import files
from app.turns import Pace, Recent, Turns
from tests.sidebar.browser import problem_in
from tests.sidebar.cards import LI, Page, card_of, make_app
from tests.sidebar.library_pages import BOARD, GROUP, Shelf, beside, job_in, of, told
from tests.sidebar.shelves import file_of, keep, link, picture_of

MOST_STATEMENTS = 16


@pytest.fixture
def app(tmp_path: Path, db: Database) -> Iterator[Flask]:
    made = make_app(tmp_path, db)
    yield made
    made.extensions["banke_runtime"].db.close()


@pytest.fixture
def shelf(app: Flask, db: Database) -> Shelf:
    """Give the scripts beside the card of the member who follows her."""
    return Shelf(card_of(app, db, "zhaoyi"))


def watched(shelf: Shelf) -> list[str]:
    """Return where every statement will stand that is run from now on."""
    statements: list[str] = []
    engine = shelf.card.client.application.extensions["banke_runtime"].db.engine
    event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    return statements


# What is found.


def test_each_tab_shows_its_items(shelf: Shelf) -> None:
    liked, sent = shelf.keep("收藏过", "一"), shelf.keep("发送过", "二")
    shelf.keep("没动过", "三")
    shelf.keep("自己的", "四", owner="zhaoyi")
    shelf.keep("同事的", "五", owner="wangqiang")
    shelf.keep("素材", link(), shelf="materials")
    with shelf.db.write() as session:
        record_use(session, "zhaoyi", sent, key="12345678", external_userid=LI, parts=1)
        mark_favourite(session, "zhaoyi", liked, on=True)
    assert shelf.titles() == ["收藏过", "发送过"]
    assert shelf.titles("?tab=corp") == ["收藏过", "发送过", "没动过"]
    assert shelf.titles("?tab=own") == ["自己的"]


def test_a_group_narrows_the_tab(shelf: Shelf) -> None:
    shelf.keep("开场白", "您好", group="开场")
    shelf.keep("报价", "请看", group="报价")
    answer = shelf.get("/list?tab=corp")
    chosen = re.search(r'\?tab=corp&amp;group=(\d+)"[^>]*><bdi>报价 1', answer.text)
    assert chosen
    assert shelf.titles(f"?tab=corp&group={chosen[1]}") == ["报价"]


@pytest.mark.parametrize("search", ["开场", "kcb", "KCB", "很高兴", "开 高兴"])
def test_a_search_finds_by_title_text_and_initials_whatever_the_tab(
    shelf: Shelf, search: str
) -> None:
    shelf.keep("开场白", "您好，很高兴认识您")
    shelf.keep("别的", "不相干")
    assert shelf.titles(f"?tab=own&q={search}") == ["开场白"]


@pytest.mark.parametrize("search", ["%", "_", "没有这样的", "'", "</bdi>"])
def test_nothing_found_says_what_to_do(shelf: Shelf, search: str) -> None:
    shelf.keep("开场白", "您好")
    answer = shelf.get(f"/list?q={search}")
    assert f"没有找到「{search}」" in told(answer)
    assert "清空搜索" in told(answer)


def test_who_uses_nothing_yet_sees_what_the_corp_has(shelf: Shelf) -> None:
    made = shelf.keep("开场白", "您好")
    opened = shelf.get()
    assert re.search('id="tab-corp"[^>]* aria-current', opened.text)
    assert "开场白" in told(opened)
    shelf.post("favourite", item=made, on=1)
    assert re.search('id="tab-frequent"[^>]* aria-current', shelf.get().text)


def test_an_empty_shelf_says_what_to_do(shelf: Shelf) -> None:
    assert "看看企业的" in told(shelf.get("?tab=frequent"))
    assert "请管理员添加企业话术" in told(shelf.get("?tab=corp"))
    assert "新建话术" in told(shelf.get("?tab=own"))


def test_a_form_without_javascript_searches_too(shelf: Shelf) -> None:
    shelf.keep("开场白", "您好")
    page = shelf.get("?q=kcb&tab=own", htmx=False)
    assert page.text.startswith("<!doctype html>")
    assert "开场白" in told(page)


def test_a_long_shelf_is_read_in_pages_each_item_once(shelf: Shelf) -> None:
    for number in range(65):
        shelf.keep(f"第{number:02}条", "您好")
    pages = [shelf.titles(f"?tab=corp&page={page}") for page in range(3)]
    assert [len(page) for page in pages] == [30, 30, 5]
    assert len({title for page in pages for title in page}) == 65


def test_a_page_of_items_takes_few_statements(shelf: Shelf) -> None:
    for number in range(40):
        shelf.keep(f"第{number}条", "{{客户称呼}}您好", "第二条")
    statements = watched(shelf)
    shelf.get("?tab=corp")
    assert len([one for one in statements if one.startswith("SELECT")]) <= MOST_STATEMENTS


# What is shown.


def test_variables_are_filled_and_gaps_are_marked(shelf: Shelf) -> None:
    shelf.keep("开场白", "{{客户称呼}}您好，我是{{员工姓名}}，{{企业名称}}")
    shown = shelf.get("/list?tab=corp").text
    assert "<mark>城西店-李姐</mark>您好，我是<mark>赵忆南</mark>" in shown
    assert '<mark class="bk-gap">{{企业名称}}</mark>' in shown
    assert "「企业名称」没有值，不能直接发送；可复制后自己填写" in told(shelf.get("/list?tab=corp"))


def test_a_group_has_no_customer_to_fill_in(shelf: Shelf) -> None:
    shelf.keep("开场白", "{{客户称呼}}您好，我是{{员工姓名}}")
    shown = beside(shelf, f"{GROUP}/scripts").get("/list?tab=corp")
    assert "「客户称呼」没有值" in told(shown)
    assert "<mark>赵忆南</mark>" in shown.text


def test_an_item_is_shown_in_full(shelf: Shelf) -> None:
    with shelf.db.write() as session:
        pdf, picture = file_of(session), picture_of(session)
        made = keep(session, "报价单", "第一行\n第二行", pdf, picture, link("新品"), group="报价")
        record_use(session, "wangqiang", made, key="12345678", parts=4)
    answer = shelf.get(f"/item?item={made}")
    for words in ("报价单", "企业 · 报价", "你用过 0 次 · 全员 1 次", "第一行\n第二行"):
        assert words in told(answer)
    assert "价目表.pdf · 1 KB" in told(answer)
    assert "全部发送 4 条" in told(answer)
    assert f"/image?material={picture.material_id}" in answer.text


def test_what_left_says_so(shelf: Shelf) -> None:
    made = shelf.keep("要走的", "您好", owner="zhaoyi")
    with shelf.db.write() as session:
        remove_item(session, "zhaoyi", made)
    assert "这条话术已经不在了" in told(shelf.get(f"/item?item={made}"))
    assert "这条话术已经不在了" in told(shelf.post("prepare", item=made))


def test_hostile_texts_are_texts(shelf: Shelf) -> None:
    trick = "</a><script>a()</script>' \" &lt;"
    made = shelf.keep(trick, trick + "{{员工姓名}}", trick)
    plain = shelf.keep("平常", "平常{{员工姓名}}", "平常")
    shapes = [
        Page(shelf.get(f"/item?item={one}").text.replace(str(one), "0")).elements
        for one in (made, plain)
    ]
    assert [len(shape) for shape in shapes] == [len(shapes[0])] * 2
    assert "<script" not in shelf.get("/list?tab=corp").text
    job = job_in(shelf.post("prepare", item=made))
    assert job["parts"][1]["body"]["text"]["content"] == trick


# Favourites.


def test_a_tap_on_the_star_is_kept(shelf: Shelf) -> None:
    made = shelf.keep("开场白", "您好")
    on = shelf.post("favourite", item=made, on=1)
    assert 'aria-pressed="true"' in on.text
    assert shelf.titles("?tab=frequent") == ["开场白"]
    off = shelf.post("favourite", item=made, on=0)
    assert 'aria-pressed="false"' in off.text
    assert shelf.titles("?tab=frequent") == []


# Sending.


def test_a_text_is_prepared_with_its_variables(shelf: Shelf) -> None:
    made = shelf.keep("开场白", "{{客户称呼}}您好")
    job = job_in(shelf.post("prepare", item=made))
    assert job["card"] == BOARD
    assert job["told"] == "已发送「开场白」"
    assert [part["body"] for part in job["parts"]] == [
        {"msgtype": "text", "text": {"content": "城西店-李姐您好"}}
    ]


def test_several_messages_come_with_a_line_for_each(shelf: Shelf) -> None:
    made = shelf.keep("三步", "一", "二", "三")
    answer = shelf.post("prepare", item=made)
    assert [part["n"] for part in job_in(answer)["parts"]] == [1, 2, 3]
    assert answer.text.count("等待</span>") == 3
    alone = job_in(shelf.post("prepare", item=made, n=2))
    assert [part["body"]["text"]["content"] for part in alone["parts"]] == ["二"]


def test_what_is_unfilled_is_not_prepared(shelf: Shelf) -> None:
    made = shelf.keep("部门", "{{部门}}和{{企业名称}}")
    answer = shelf.post("prepare", item=made)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "「部门」、「企业名称」没有值" in told(answer)


def test_what_was_sent_is_counted_once_and_told_on_the_timeline(shelf: Shelf) -> None:
    made = shelf.keep("开场白", "您好", "请问")
    key = job_in(shelf.post("prepare", item=made))["key"]
    for _again in range(2):
        assert shelf.post("sent", item=made, key=key, parts=2).status_code == HTTPStatus.OK
    with shelf.db.read() as session:
        (use,) = session.scalars(select(LibraryUse))
        assert (use.userid, use.external_userid, use.chat_id, use.parts) == ("zhaoyi", LI, "", 2)
        assert session.get_one(LibraryItem, made).uses == 1
    assert "发送了话术「开场白」" in told(beside(shelf, f"{BOARD}/follow_ups").get())


def test_what_was_sent_into_a_group_is_counted_there(shelf: Shelf) -> None:
    made = shelf.keep("开场白", "您好")
    group = beside(shelf, f"{GROUP}/scripts")
    key = job_in(group.post("prepare", item=made))["key"]
    group.post("sent", item=made, key=key, parts=1)
    with shelf.db.read() as session:
        (use,) = session.scalars(select(LibraryUse))
        assert (use.external_userid, use.chat_id) == ("", "wr1")


@pytest.mark.parametrize("key", ["", "short", "x" * 65, "no such key!"])
def test_without_a_proper_key_nothing_is_counted(shelf: Shelf, key: str) -> None:
    made = shelf.keep("开场白", "您好")
    refused = shelf.post("sent", item=made, key=key, parts=1)
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    with shelf.db.read() as session:
        assert session.scalars(select(LibraryUse)).all() == []


# Whose it is.


def test_anothers_own_items_are_never_his(shelf: Shelf) -> None:
    made = shelf.keep("王强的秘密", "别人的话", owner="wangqiang")
    for query in ("", "?tab=corp", "?tab=own", "?q=王强", "?q=wqdmm"):
        assert "秘密" not in shelf.get(f"/list{query}").text
    assert "别人的话" not in shelf.get(f"/item?item={made}").text
    for action in ("prepare", "favourite", "sent"):
        refused = shelf.post(action, item=made, on=1, key="12345678", parts=1)
        assert (refused.status_code, "别人的话" in refused.text) == (422, False)
    with shelf.db.read() as session:
        assert session.scalars(select(LibraryMark)).all() == []
        assert session.get_one(LibraryItem, made).uses == 0


def test_a_picture_is_for_those_who_may_see_its_item(shelf: Shelf) -> None:
    with shelf.db.write() as session:
        own = picture_of(session, owner="zhaoyi")
        keep(session, "自己的图", own, owner="zhaoyi", shelf="materials")
    manager = of(shelf, "sunsan")
    assert manager.get().status_code == HTTPStatus.OK
    for name, content_type in (("picture", "image/jpeg"), ("image", "image/png")):
        place = f"/{name}?material={own.material_id}"
        assert shelf.get(place).content_type == content_type
        assert manager.get(place).status_code == HTTPStatus.NOT_FOUND


def test_a_file_that_is_no_picture_is_not_opened(shelf: Shelf) -> None:
    with shelf.db.write() as session:
        page = file_of(session, filename="a.html", data=b"<script>alert(1)</script>")
        keep(session, "网页", page, shelf="materials")
    place = f"/image?material={page.material_id}"
    assert beside(shelf, f"{BOARD}/materials").get(place).status_code == HTTPStatus.NOT_FOUND


def test_a_file_that_only_calls_itself_a_picture_is_not_even_read(shelf: Shelf) -> None:
    with shelf.db.write() as session:
        page = file_of(session, filename="a.png", data=b"<script>alert(1)</script>")
        keep(session, "网页", page, shelf="materials")
    statements = watched(shelf)
    place = f"/image?material={page.material_id}"
    assert shelf.get(place).status_code == HTTPStatus.NOT_FOUND
    assert not any("material_chunks" in one for one in statements)


def test_a_member_gets_so_much_at_once_and_the_rest_later(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shelf.db.write() as session:
        picture = picture_of(session)
        keep(session, "门店", picture, shelf="materials")
    size = len(shelf.get(f"/image?material={picture.material_id}").data)
    of_each = partial(Pace, 0.001, burst=2.5 * size)
    monkeypatch.setattr(files, "READERS", Recent[str, Pace](of_each, most=9))
    statuses = [shelf.get(f"/image?material={picture.material_id}").status_code for _ in range(3)]
    assert statuses == [200, 200, 503]
    other = of(shelf, "sunsan").get(f"/image?material={picture.material_id}")
    assert other.status_code == HTTPStatus.OK


def test_where_too_many_pictures_are_read_one_is_asked_for_later(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    with shelf.db.write() as session:
        picture = picture_of(session, owner="zhaoyi")
    monkeypatch.setattr(files, "PATIENCE", 0.0)
    monkeypatch.setattr(files, "READS", Turns(1))
    with files.READS.awaited(clock.monotonic()):
        busy = shelf.get(f"/image?material={picture.material_id}")
    assert (busy.status_code, problem_in(busy)) == (503, "server_busy")
    assert shelf.get(f"/image?material={picture.material_id}").status_code == HTTPStatus.OK

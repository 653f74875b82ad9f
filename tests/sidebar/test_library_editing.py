"""Own scripts and materials as a browser writes them: whose they are, what is wrong and kept."""

import re
from ast import literal_eval
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.db import Database
from app.library.actions import Draft, DraftPart, save_item
from app.library.models import LibraryItem
from app.library.queries import Item, find_item, list_items
from app.materials.actions import PIECE_BYTES
from tests.browser.hostile import HOSTILE
from tests.sidebar.cards import Card, Page, card_of, make_app
from tests.sidebar.library_forms import CARD, get, headers, material, png, post, send, value

HELLO: dict[str, Any] = {"item_title": "打招呼", "msgtype": "text", "content": "您好，{{客户称呼}}"}


@pytest.fixture
def app(tmp_path: Path, db: Database) -> Flask:
    return make_app(tmp_path, db)


@pytest.fixture
def card(app: Flask, db: Database) -> Card:
    """Give zhaoyi's browser."""
    return card_of(app, db, "zhaoyi")


@pytest.fixture
def leader(app: Flask, db: Database) -> Card:
    """Give the browser of another, who sees the same customer."""
    return card_of(app, db, "sunsan")


def own(card: Card, userid: str = "zhaoyi", shelf: str = "scripts") -> list[Item]:
    with card.db.read() as session:
        return list_items(session, userid, shelf, tab="own")[0]


def make(
    card: Card, userid: str = "zhaoyi", title: str = "打招呼", *, shelf: str = "scripts"
) -> int:
    parts = (DraftPart("text", {"content": "您好，{{客户称呼}}"}),)
    if shelf == "materials":
        parts = (DraftPart("news", {"link": "https://a.example/", "title": "官网"}),)
    with card.db.write() as session:
        return save_item(session, userid, shelf, Draft(title, "日常", parts))


def removed(card: Card, item_id: int) -> bool:
    with card.db.read() as session:
        found = select(LibraryItem.removed_at).where(LibraryItem.id == item_id)
        return session.scalar(found) is not None


def test_a_new_script_is_saved_and_shown_again_to_be_changed(card: Card) -> None:
    sheet = get(card)
    answer = post(card, "save", key=value(sheet.text, "key"), item_group="日常", **HELLO)
    assert (answer.status_code, "已保存" in Page(answer.text).text) == (200, True)
    (item,) = own(card)
    shown = Page(get(card, f"?item={item.id}").text)
    assert [text in shown.text for text in ("打招呼", "您好，{{客户称呼}}", "日常")] == [True] * 3


def test_parts_are_saved_in_the_order_in_which_they_were_sent(card: Card) -> None:
    image = material(card)
    form: dict[str, Any] = {
        "item_title": "三条",
        "msgtype": ["text", "news", "image", "text"],
        "content": ["一", "四"],
        "link": "https://a.example/",
        "title": "二",
        "desc": "",
        "imgUrl": "",
        "material": image,
        "filename": "a.png",
    }
    assert post(card, "save", key="form-0001", **form).status_code == 200
    (item,) = own(card)
    parts = [
        (one.msgtype, one.fields.get("content") or one.fields.get("title")) for one in item.parts
    ]
    assert parts == [("text", "一"), ("news", "二"), ("image", None), ("text", "四")]
    assert item.parts[2].material
    assert str(item.parts[2].material.id) == image


def test_the_same_form_sent_twice_is_one_item(card: Card) -> None:
    for _ in range(2):
        assert post(card, "save", key="form-0001", **HELLO).status_code == 200
    assert len(own(card)) == 1


def test_every_fault_stands_beside_its_field_and_what_was_typed_stays(card: Card) -> None:
    form: dict[str, Any] = {
        "item_title": "",
        "item_group": "组" * 17,
        "msgtype": ["text", "news", "image"],
        "content": "您好{{谁}}",
        "link": "ftp://a",
        "title": "官网<b>",
        "desc": "",
        "imgUrl": "",
        "material": "",
        "filename": "",
    }
    answer = post(card, "save", key="form-0001", **form)
    assert answer.status_code == 422
    told = dict(
        re.findall(r'<p class="bk-fault" id="fault-([\w-]+)" role="alert">(.*?)</p>', answer.text)
    )
    assert {where: text.partition("，")[0] for where, text in told.items()} == {
        "title": "还没有标题",
        "group": "分组名称有 17 个字",
        "1-content": "文字里的变量「谁」不存在",
        "2-link": "网址要以 https:// 或 http:// 开头",
        "3": "图片没有选择素材",
    }
    assert [text in Page(answer.text).text for text in ("您好{{谁}}", "官网<b>", "ftp://a")] == [
        True
    ] * 3
    assert value(answer.text, "key") == "form-0001"
    assert own(card) == []


def test_what_was_changed_in_another_window_is_shown_and_overruled_by_saving_again(
    card: Card,
) -> None:
    item_id = make(card)
    seen = value(get(card, f"?item={item_id}").text, "version")
    post(card, "save", item=item_id, version=seen, **HELLO | {"content": "别处改的"})
    answer = post(card, "save", item=item_id, version=seen, **HELLO | {"content": "这里改的"})
    assert answer.status_code == 409
    assert [text in Page(answer.text).text for text in ("这里改的", "仍要保存", "看新的")] == [
        True
    ] * 3
    fresh = post(card, "discard", item=item_id)
    assert "别处改的" in Page(fresh.text).text
    now = value(answer.text, "version")
    post(card, "save", item=item_id, version=now, **HELLO | {"content": "这里改的"})
    assert own(card)[0].parts[0].fields == {"content": "这里改的"}


def test_another_members_item_cannot_be_read_changed_removed_or_restored(
    card: Card, leader: Card
) -> None:
    item_id = make(card, title="赵忆南自己的")
    for query in ("item", "from"):
        assert "赵忆南自己的" not in get(leader, f"?{query}={item_id}").text
    assert post(leader, "save", item=item_id, version="1", **HELLO).status_code == 422
    assert post(leader, "remove", item=item_id).status_code == 422
    assert [item.title for item in own(card)] == ["赵忆南自己的"]
    post(card, "remove", item=item_id)
    assert post(leader, "restore", item=item_id).status_code == 422
    assert removed(card, item_id)


def test_an_item_is_found_on_its_own_shelf_alone(card: Card) -> None:
    item_id = make(card, title="官网", shelf="materials")
    assert "官网" not in get(card, f"?item={item_id}").text
    assert post(card, "save", item=item_id, version="1", **HELLO).status_code == 422


def test_what_was_typed_of_an_item_that_is_gone_is_given_up_without_a_form(card: Card) -> None:
    item_id = make(card, title="官网", shelf="materials")
    for gone in (item_id, 4711):
        answer = post(card, "discard", item=gone)
        assert (answer.status_code, "这条话术已经不在了" in Page(answer.text).text) == (200, True)


def test_another_members_file_is_not_put_into_an_item(card: Card, leader: Card) -> None:
    image = material(card)
    form: dict[str, Any] = {
        "item_title": "借来的",
        "msgtype": "image",
        "material": image,
        "filename": "a.png",
    }
    assert post(leader, "save", key="form-0001", **form).status_code == 422
    assert own(leader, "sunsan") == []


def test_what_is_removed_comes_back_by_undoing(card: Card) -> None:
    item_id = make(card)
    answer = post(card, "remove", item=item_id)
    assert [text in Page(answer.text).text for text in ("已删除", "撤销")] == [True] * 2
    assert own(card) == []
    assert "已恢复" in Page(post(card, "restore", item=item_id).text).text
    assert len(own(card)) == 1


def test_what_there_is_no_room_for_does_not_come_back(
    card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    item_id = make(card)
    post(card, "remove", item=item_id)
    make(card, title="另一条")
    monkeypatch.setattr("app.library.actions.items.MOST_OWN", 1)
    answer = post(card, "restore", item=item_id)
    assert (answer.status_code, "最多 1 条" in Page(answer.text).text) == (422, True)


def test_a_draft_is_in_the_form_again_until_it_is_given_up(card: Card, leader: Card) -> None:
    image = material(card)
    form: dict[str, Any] = {
        "item_title": "没写完",
        "msgtype": ["image", "text"],
        "content": "写到一半",
        "material": image,
        "filename": "a.png",
    }
    assert "草稿已保存" in post(card, "draft", typed="5", **form).text
    sheet = get(card).text
    assert [
        text in Page(sheet).text for text in ("没写完", "写到一半", "已恢复上次未保存的内容")
    ] == [True] * 3
    assert f"picture?material={image}" in sheet
    assert "没写完" not in get(leader).text
    assert "没写完" not in post(card, "discard").text
    assert "没写完" not in get(card).text


def test_a_form_that_was_saved_or_emptied_has_no_draft(card: Card) -> None:
    post(card, "draft", typed="5", **HELLO)
    post(card, "save", key="form-0001", **HELLO)
    assert "已恢复" not in get(card).text
    post(card, "draft", typed="6", **HELLO)
    post(card, "draft", typed="7", item_title="", msgtype="text", content="  ")
    assert "已恢复" not in get(card).text


def test_a_late_draft_writes_nothing_over_a_newer_one(card: Card) -> None:
    post(card, "draft", typed="6", **HELLO | {"item_title": "新的"})
    post(card, "draft", typed="5", **HELLO | {"item_title": "旧的"})
    assert value(get(card).text, "item_title") == "新的"


def test_a_copy_begins_as_the_item_and_is_ones_own(card: Card) -> None:
    item_id = make(card, title="原来的")
    post(card, "draft", typed="5", **HELLO | {"item_title": "另一条"})
    sheet = get(card, f"?from={item_id}").text
    assert (value(sheet, "item_title"), value(sheet, "item")) == ("原来的", "")
    post(card, "save", key="form-0001", **HELLO | {"item_title": "抄来的"})
    assert {item.title for item in own(card)} == {"原来的", "抄来的"}


def test_a_draft_says_how_the_text_reads_for_this_customer(card: Card) -> None:
    form: dict[str, Any] = {
        "item_title": "打招呼",
        "msgtype": ["news", "text"],
        "link": "",
        "content": "{{客户称呼}}好",
    }
    answer = post(card, "draft", typed="5", **form).text
    assert "nth-child(2)" in answer
    assert "效果：城西店-李姐好" in Page(answer).text


def test_a_file_in_pieces_is_counted_and_becomes_a_part_with_its_picture(card: Card) -> None:
    data = png()
    assert len(data) > PIECE_BYTES
    assert send(card, data).text.strip() == str(len(data))
    answer = post(card, "finish", key="upload-0001").text
    shown = f"{CARD}/scripts/picture?material={value(answer, 'material')}"
    assert shown in answer
    assert card.client.get(shown, headers=headers(htmx=False)).data.startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize(
    ("data", "filename", "kind", "words"),
    [
        (b"GIF89a" * 9, "a.gif", "image", "图片「a.gif」的文件名要以 .jpg、.jpeg、.png 结尾"),
        (b"GIF89a" * 9, "<b>.png", "image", "图片「&lt;b&gt;.png」不是 JPG 或 PNG"),
        (b"moov" * 9, "a.mp4", "video", "视频「a.mp4」不是 MP4"),
        (b"MZ" * 9, "a.exe", "script", "素材只能是图片、视频或文件"),
    ],
)
def test_a_file_that_cannot_be_sent_is_refused_with_its_first_piece(
    card: Card, data: bytes, filename: str, kind: str, words: str
) -> None:
    answer = send(card, data, filename=filename, kind=kind)
    assert (answer.status_code, answer.text.strip()) == (422, words)


def test_a_file_that_is_too_big_is_refused_with_its_first_piece(card: Card) -> None:
    told: dict[str, Any] = {
        "key": "upload-0001",
        "kind": "video",
        "filename": "a.mp4",
        "size": "10485761",
        "n": "0",
    }
    piece = (BytesIO(b"\0\0\0\x18ftyp" + bytes(PIECE_BYTES - 8)), "blob")
    answer = post(card, "piece", **told, data=piece)
    assert (answer.status_code, "最大 10 MB" in answer.text) == (422, True)


def test_a_file_is_not_finished_before_it_is_here(card: Card) -> None:
    data = png()
    told: dict[str, Any] = {
        "key": "upload-0001",
        "kind": "image",
        "filename": "a.png",
        "size": str(len(data)),
    }
    post(card, "piece", **told, n="0", data=(BytesIO(data[:PIECE_BYTES]), "blob"))
    assert "还没有传完" in post(card, "finish", key="upload-0001").text
    assert "没有这次上传" in post(card, "finish", key="upload-0002").text


def test_without_javascript_a_text_is_written_and_saved_and_faults_are_told(card: Card) -> None:
    page = get(card, htmx=False).text
    assert "上传文件需要 JavaScript" in Page(page).text
    assert 'name="content"' in page
    key = value(page, "key")
    refused = post(card, "save", htmx=False, key=key, **HELLO | {"item_title": ""})
    assert (refused.status_code, "还没有标题" in Page(refused.text).text) == (422, True)
    assert "您好，{{客户称呼}}" in Page(refused.text).text
    saved = post(card, "save", htmx=False, key=key, **HELLO)
    assert "已保存" in Page(saved.text).text
    assert [item.title for item in own(card)] == ["打招呼"]


def test_a_material_has_one_part_and_the_title_of_its_file(card: Card) -> None:
    image = material(card)
    form: dict[str, Any] = {
        "item_title": "",
        "msgtype": "image",
        "material": image,
        "filename": "秋季海报.png",
    }
    assert post(card, "save", shelf="materials", key="form-0001", **form).status_code == 200
    (item,) = own(card, shelf="materials")
    assert (item.title, len(item.parts)) == ("秋季海报", 1)
    two: dict[str, Any] = {
        "item_title": "两个",
        "msgtype": ["image", "image"],
        "material": [image, image],
    }
    assert post(card, "save", shelf="materials", key="form-0002", **two).status_code == 422


def test_a_form_of_anybodys_making_is_answered_in_words(card: Card) -> None:
    forms: list[dict[str, Any]] = [
        {},
        {"msgtype": ["video"] * 60},
        {"msgtype": "nothing"},
        {"item": "9" * 40},
    ]
    for form in forms:
        assert post(card, "save", **form).status_code == 422
        assert post(card, "draft", typed="x", **form).status_code == 200


def _names_only(element: str) -> tuple[str, ...]:
    tag, _, attributes = element.partition(" ")
    return (tag, *(name for name, _value in literal_eval(attributes)))


def test_whatever_stands_in_the_form_is_text(card: Card) -> None:
    shapes = set()
    for start in range(0, len(HOSTILE), 9):
        texts = list((HOSTILE * 2)[start : start + 9])
        form: dict[str, Any] = {
            "item_title": texts[0],
            "item_group": texts[1],
            "msgtype": ["text"] * 6 + ["file", "news", "miniprogram"],
            "content": texts[:6],
            "material": "7",
            "filename": texts[6],
            **dict.fromkeys(("link", "title", "desc", "imgUrl", "appid", "page"), texts[7:9]),
        }
        post(card, "draft", typed=str(start + 1), **form)
        sheet = Page(get(card).text)
        assert [text for text in texts if text.strip() not in sheet.text] == []
        shapes.add(tuple(_names_only(element) for element in sheet.elements))
        refused = Page(post(card, "save", **form).text) if start == 0 else sheet
        assert texts[0] in refused.text
    assert len(shapes) == 1


def test_the_sheet_is_there_in_a_groups_chat_too(card: Card) -> None:
    path = "/sidebar/groups/wr1/scripts"
    assert card.client.get(f"{path}/edit", headers=headers(htmx=True)).status_code == 200
    with card.db.read() as session:
        assert find_item(session, "zhaoyi", 1) is None
    data = {"csrf_token": card.csrf, **HELLO}
    answer = card.client.post(f"{path}/save", data=data, headers=headers(htmx=True))
    assert answer.status_code == 200
    assert len(own(card)) == 1

"""Remark and tags on the card: changed by one line or one tap, told how they stand with WeCom."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app import clock
from app.customers.actions import record_change, record_tags
from app.customers.models import FollowTag, Tag
from app.customers.queries import find_follow, list_marked, read_mobiles
from app.data_keys import keys_of
from app.db import Database
from app.pushes.actions import end_pushes
from app.pushes.mobiles import Mobiles, unpack_mobiles
from app.pushes.models import Push
from app.wecom.external_contact import CorpTag, TagGroupInfo
from tests.sidebar.cards import LI, Card, Page, card_of, change, make_app

TAGS = ("高意向", "宝妈", "小红书")


@pytest.fixture
def app(tmp_path: Path, db: Database) -> Iterator[Flask]:
    """Give the application, with some corp tags and one of the member's own."""
    made = make_app(tmp_path, db)
    pull(db, TAGS)
    with db.write() as session:
        follow = find_follow(session, "zhaoyi", LI)
        assert follow
        own = FollowTag(follow_id=follow.id, group_name="自定义", tag_name="我的", type=2)
        session.add(own)
    yield made
    made.extensions["banke_runtime"].db.close()


@pytest.fixture
def card(app: Flask, db: Database) -> Card:
    """Give the browser of the member who follows her."""
    return card_of(app, db, "zhaoyi")


def pull(db: Database, names: tuple[str, ...]) -> None:
    tags = tuple(CorpTag(id=f"et{n}", name=n, order=0, create_time=clock.utcnow()) for n in names)
    group = TagGroupInfo(
        group_id="etg", group_name="来源", order=0, create_time=clock.utcnow(), tags=tags
    )
    with db.write() as session:
        record_tags(session, [group])


def key(card: Card, name: str) -> int:
    with card.db.read() as session:
        return session.scalars(select(Tag.id).where(Tag.name == name)).one()


def text_of(answer: TestResponse) -> str:
    return " ".join(Page(answer.text).text.split())


def ours(card: Card) -> tuple[str, set[str]]:
    with card.db.read() as session:
        follow = find_follow(session, "zhaoyi", LI)
        assert follow
        return follow.remark, list_marked(session, follow)


def end(card: Card, outcome: str = "done", reason: str = "", errcode: int | None = None) -> None:
    with card.db.write() as session:
        ids = list(session.scalars(select(Push.id)))
        end_pushes(session, ids, outcome=outcome, reason=reason, errcode=errcode)


def told(card: Card) -> list[tuple[str, str]]:
    with card.db.read() as session:
        rows = session.scalars(select(Push).where(Push.outcome.is_(None)).order_by(Push.id))
        return [(push.subject, push.value) for push in rows]


def test_a_remark_is_saved_with_a_way_back_and_wecom_is_told(card: Card) -> None:
    answer = card.post("remark", remark="李老师")
    assert "备注已改为「李老师」" in text_of(answer)
    assert "正在同步到企业微信" in text_of(answer)
    assert "备注改为「李老师」" in text_of(answer)
    assert (ours(card)[0], told(card)) == ("李老师", [("", "李老师")])
    assert 'name="remark" value="城西店-李姐"' in answer.text


def test_a_remark_that_is_too_long_stays_in_the_form(card: Card) -> None:
    typed = "一二三四五六七八九十" * 2 + "多"
    answer = card.post("remark", remark=typed)
    assert answer.status_code == 422
    assert "备注最多 20 个字，现在是 21 个" in text_of(answer)
    assert f'value="{typed}"' in answer.text
    assert 'bk-remark" id="remark-edit" open' in answer.text
    assert (ours(card)[0], told(card)) == ("城西店-李姐", [])


def test_the_same_remark_again_says_nothing(card: Card) -> None:
    answer = card.post("remark", remark="城西店-李姐")
    assert "备注已改为" not in text_of(answer)
    assert told(card) == []


def test_without_javascript_the_whole_card_comes_back(card: Card) -> None:
    shown = text_of(card.send_form("remark", remark="李老师"))
    assert "备注已改为「李老师」" in shown
    assert "客户阶段" in shown
    shown = text_of(card.send_form("tag", add=key(card, "宝妈")))
    assert "已加上「宝妈」" in shown


def test_a_tap_gives_a_tag_and_another_takes_it(card: Card) -> None:
    tag = key(card, "宝妈")
    answer = card.post("tag", add=tag)
    assert "已加上「宝妈」" in text_of(answer)
    assert "添加标签「宝妈」" in text_of(answer)
    assert f'name="remove" value="{tag}"' in answer.text
    assert ours(card)[1] == {"et宝妈"}
    answer = card.post("tag", remove=tag)
    assert "已去掉「宝妈」" in text_of(answer)
    assert "移除标签" not in text_of(answer)
    assert (ours(card)[1], told(card)) == (set(), [("et宝妈", "remove")])


@pytest.mark.parametrize("form", [{}, {"add": "x"}, {"add": "9" * 18}, {"add": "-1"}])
def test_a_tag_that_is_none_is_refused_in_words(card: Card, form: dict[str, str]) -> None:
    answer = card.post("tag", **form)
    assert answer.status_code == 422
    assert "没有这个标签" in text_of(answer)
    assert told(card) == []


def test_the_sheet_shows_all_tags_and_the_last_used_first(card: Card) -> None:
    for name in ("高意向", "小红书"):
        card.post("tag", add=key(card, name))
    sheet = card.get("/tags")
    pressed = re.findall(r'id="tag-(\d+)"[^>]*aria-pressed="true"', sheet.text)
    assert pressed == [str(key(card, "高意向")), str(key(card, "小红书"))]
    recent = re.findall(r'id="recent-(\d+)"', sheet.text)
    assert recent == [str(key(card, "小红书")), str(key(card, "高意向"))]
    assert "个人标签只能在企业微信里修改" in text_of(sheet)


def test_a_tag_that_was_deleted_in_wecom_is_shown_as_such(card: Card) -> None:
    card.post("tag", add=key(card, "宝妈"))
    end(card)
    pull(card.db, ("高意向",))
    assert "宝妈 已失效" in text_of(card.get())
    assert "宝妈" not in re.sub(r'(?s)<section class="bk-card.*', "", card.get("/tags").text)


def test_the_page_asks_how_it_goes_and_stops_when_it_is_done(card: Card) -> None:
    tag = key(card, "宝妈")
    card.post("tag", add=tag)
    card.post("remark", remark="李老师")
    asked = card.get().text
    assert f"/tags-way?looks=1&amp;was={tag}" in asked
    assert "/remark-way?looks=1" in asked
    end(card)
    answer = card.get(f"/tags-way?looks=1&was={tag}")
    assert f'hx-target="#tag-{tag}"' in answer.text
    assert "-way?looks" not in answer.text + card.get("/remark-way?looks=1").text


def test_the_page_asks_no_longer_than_a_minute(card: Card) -> None:
    card.post("remark", remark="李老师")
    assert "looks=30" in card.get("/remark-way?looks=29").text
    answer = card.get("/remark-way?looks=30")
    assert "hx-get" not in answer.text
    assert "还没有同步到企业微信，会自动再试" in text_of(answer)


def test_what_failed_is_said_with_its_cause_and_can_be_tried_again(card: Card) -> None:
    card.post("tag", add=key(card, "宝妈"))
    card.post("tag", add=key(card, "小红书"))
    card.post("remark", remark="李老师")
    end(card, "failed", "permission", 48002)
    shown = text_of(card.get())
    assert "「宝妈」、「小红书」没有加到企业微信：本应用不在客户联系的“可调用接口的应用”里" in shown
    assert "备注没有同步到企业微信" in shown
    card.post("tags-retry")
    card.post("remark-retry")
    assert told(card) == [("et宝妈", "add"), ("et小红书", "add"), ("", "李老师")]
    assert "没有加到企业微信" not in text_of(card.get())


def test_a_remark_that_wecom_overruled_is_not_lost(card: Card) -> None:
    card.post("remark", remark="李老师")
    end(card, "failed", "unreachable")
    with card.db.write() as session:
        follow = find_follow(session, "zhaoyi", LI)
        assert follow
        follow.remark = "别的"
    assert "备注「李老师」没有同步到企业微信：一直连不上企业微信" in text_of(card.get())
    card.post("remark-retry")
    assert ours(card)[0] == "李老师"


@pytest.mark.parametrize("userid", ["sunsan", "zhaoyi"], ids=["manager", "left"])
def test_who_may_not_write_reads_why(app: Flask, db: Database, userid: str) -> None:
    if userid == "zhaoyi":
        with db.write() as session:
            record_change(session, change("customer", 0.1))
    card = card_of(app, db, userid)
    why = "只有 赵忆南 自己能修改" if userid == "sunsan" else "客户已经删除了你"
    assert why in text_of(card.get())
    assert not re.search('id="(tags-open|remark-edit)"', card.get().text)
    assert "bk-chip" not in card.get("/tags").text
    for action, form in (
        ("remark", {"remark": "我的"}),
        ("remark-retry", {}),
        ("tag", {"add": str(key(card, "宝妈"))}),
        ("tags-retry", {}),
    ):
        answer = card.post(action, **form)
        assert answer.status_code == 403
        assert why in text_of(answer)
    assert ours(card) == ("城西店-李姐", set())
    assert told(card) == []


def test_a_relation_that_ended_while_the_page_was_open_changes_nothing(card: Card) -> None:
    with card.db.write() as session:
        record_change(session, change("customer", 0.1))
    assert card.post("tag", add=key(card, "宝妈")).status_code == 403
    with card.db.write() as session:
        session.execute(update(Push).values(created_at=clock.utcnow() - timedelta(days=1)))
    assert told(card) == []


def noted(card: Card) -> tuple[str, list[str]]:
    """Return the description and the numbers."""
    with card.db.read() as session:
        follow = find_follow(session, "zhaoyi", LI)
        assert follow
        return follow.description, read_mobiles(session, follow)


def test_a_description_is_saved_with_a_way_back_and_wecom_is_told(card: Card) -> None:
    before = noted(card)[0]
    answer = card.post("description", description=" 周末到店\n带孩子 ")
    shown = text_of(answer)
    assert "描述已保存" in shown
    assert "正在同步到企业微信" in shown
    assert "描述改为「周末到店 带孩子」" in shown
    assert (noted(card)[0], told(card)) == (
        "周末到店\n带孩子",
        [("description", "周末到店\n带孩子")],
    )
    assert f'name="description" value="{before}"' in answer.text
    assert "描述已清空" in text_of(card.post("description", description=""))
    assert noted(card)[0] == ""


def test_a_description_that_is_too_long_stays_in_the_form(card: Card) -> None:
    typed = "长" * 151
    answer = card.post("description", description=typed)
    assert answer.status_code == 422
    assert "描述最多 150 个字，现在是 151 个" in text_of(answer)
    assert f">{typed}</textarea>" in answer.text
    assert told(card) == []


def test_a_refused_description_is_said_and_tried_again(card: Card) -> None:
    card.post("description", description="周末到店")
    end(card, "failed", "permission", 48002)
    way = text_of(card.get("/description-way"))
    assert "描述没有同步到企业微信" in way
    card.post("description-retry")
    assert told(card) == [("description", "周末到店")]


def test_a_number_is_added_and_taken_without_ever_being_shown_whole(card: Card) -> None:
    answer = card.post("mobiles", text="139 0000 5678")
    assert "电话已修改" in text_of(answer)
    assert "139****5678" in answer.text
    assert noted(card)[1] == ["13900005678"]
    form = card.get("/field-form?field=mobiles").text
    [key_] = re.findall(r'name="remove" value="([0-9a-f]+)"', form)
    gone = card.post("mobiles", remove=key_)
    assert noted(card)[1] == []
    [back] = re.findall(r'name="back" value="([^"]+)"', gone.text)
    card.post("mobiles", back=back)
    assert noted(card)[1] == ["13900005678"]
    for page in (answer, gone, card.get()):
        assert "13900005678" not in page.text
    assert card.post("mobiles", remove=key_[::-1]).status_code == 422
    assert card.post("mobiles", back=back[:-9]).status_code == 422


def test_what_is_no_number_stays_in_the_form_with_a_word(card: Card) -> None:
    for typed, word in (("在路上", "号"), ("", "请输入电话号码")):
        answer = card.post("mobiles", text=typed)
        assert answer.status_code == 422
        assert word in text_of(answer)
        assert f'value="{typed}"' in answer.text
    assert told(card) == []


def test_refused_numbers_are_said_and_tried_again(card: Card) -> None:
    card.post("mobiles", text="13900005678")
    end(card, "failed", "permission", 48002)
    assert "备注手机没有同步到企业微信" in text_of(card.get())
    assert "备注手机没有同步到企业微信" in text_of(card.get("/field-mobiles-way"))
    card.post("mobiles-retry")
    with card.db.read() as session:
        push = session.scalars(select(Push).where(Push.outcome.is_(None))).one()
        assert unpack_mobiles(keys_of(session), push) == Mobiles((), ("13900005678",))
        assert "13900005678" not in push.value

"""What the timeline tells of remarks and tags: who changed what, once, and nothing of no change."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from app import clock
from app.customers.actions import (
    Change,
    change_remark,
    mark_tag,
    record_change,
    record_detail,
    record_tags,
)
from app.customers.models import Customer, FollowTag, Tag, TimelineEntry
from app.customers.queries import list_timeline, word_entry
from app.db import Database
from app.pushes.actions import end_pushes
from app.pushes.models import Push
from app.wecom.external_contact import (
    CorpTag,
    CustomerDetail,
    ExternalContact,
    FollowUserInfo,
    TagGroupInfo,
    TagInfo,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
LI = "wmLi"
NAMES = ("重要", "普通", "到店", "宝妈", "老客", "亲友", "沉睡")


@pytest.fixture
def shop(any_db: Database) -> Database:
    """Give a database in which zhaoyi follows 李晓雯, as WeCom was read at first."""
    tags = tuple(CorpTag(id=f"et{name}", name=name, order=0, create_time=START) for name in NAMES)
    group = TagGroupInfo(group_id="g", group_name="等级", order=0, create_time=START, tags=tags)
    any_db.commit(lambda session: record_tags(session, [group]))
    change = Change(userid="zhaoyi", external_userid=LI, kind="add", at=START)
    any_db.commit(lambda session: record_change(session, change))
    show(any_db, "李晓雯", ["亲友"])
    return any_db


def show(
    db: Database, remark: str, tags: Sequence[str], *, named: str = "李晓雯", renamed: str = ""
) -> None:
    """Take over what WeCom shows, some time after what was told it."""
    contact = ExternalContact(
        external_userid=LI,
        name=named,
        type=1,
        gender=0,
        avatar=None,
        unionid=None,
        position=None,
        corp_name=None,
        corp_full_name=None,
    )
    marks = tuple(
        TagInfo(group_name="等级", tag_name=renamed or name, tag_id=f"et{name}", type=1)
        for name in tags
    )
    relation = FollowUserInfo(
        userid="zhaoyi",
        remark=remark,
        description="",
        createtime=START,
        remark_mobiles=(),
        remark_corp_name=None,
        oper_userid=None,
        add_way=1,
        state=None,
        tags=marks,
    )
    detail = CustomerDetail(external_contact=contact, follow_users=(relation,))
    asked_at = clock.utcnow() + timedelta(seconds=1)
    db.commit(lambda session: record_detail(session, detail, asked_at=asked_at))


def write(db: Database, remark: str) -> None:
    db.commit(lambda session: change_remark(session, LI, userid="zhaoyi", remark=remark))


def tap(db: Database, *names: str, on: bool = True) -> None:
    for name in names:
        with db.write() as session:
            key = session.query(Tag.id).filter_by(tag_id=f"et{name}").scalar()
            mark_tag(session, LI, userid="zhaoyi", tag_key=key, on=on)


def told(db: Database) -> list[str]:
    """Return what the timeline says, newest first."""
    with db.read() as session:
        entries = list_timeline(session, LI)
        assert {entry.userid for entry in entries} <= {"zhaoyi"}
        return [word_entry(entry) for entry in entries]


def end(db: Database, outcome: str) -> None:
    with db.write() as session:
        end_pushes(session, [row.id for row in session.query(Push.id)], outcome=outcome)


def pass_by(db: Database, span: timedelta) -> None:
    with db.write() as session:
        for entry in session.query(TimelineEntry):
            entry.at -= span


def test_a_first_look_at_a_customer_is_no_change(shop: Database) -> None:
    assert told(shop) == []


def test_taps_in_a_row_are_one_entry(shop: Database) -> None:
    tap(shop, "重要", "普通")
    tap(shop, "亲友", on=False)
    assert told(shop) == ["添加标签「重要、普通」 · 移除标签「亲友」"]
    tap(shop, "到店", "宝妈", "老客", "沉睡")
    assert told(shop) == ["添加标签「重要、普通、到店、宝妈、老客 等 6 个」 · 移除标签「亲友」"]


@pytest.mark.parametrize(
    ("there", "back"),
    [
        (lambda db: tap(db, "重要"), lambda db: tap(db, "重要", on=False)),
        (lambda db: tap(db, "亲友", on=False), lambda db: tap(db, "亲友")),
        (lambda db: write(db, "城西店-李姐"), lambda db: write(db, "")),
    ],
    ids=["a tag", "no tag", "a remark"],
)
def test_what_is_taken_back_at_once_leaves_nothing(
    shop: Database, there: Callable[[Database], None], back: Callable[[Database], None]
) -> None:
    there(shop)
    assert len(told(shop)) == 1
    back(shop)
    assert told(shop) == []


def test_what_is_taken_back_later_is_told(shop: Database) -> None:
    write(shop, "城西店-李姐")
    tap(shop, "重要")
    pass_by(shop, timedelta(minutes=6))
    write(shop, "")
    tap(shop, "重要", on=False)
    assert told(shop) == [
        "移除标签「重要」",
        "清除了备注",
        "添加标签「重要」",
        "备注改为「城西店-李姐」",
    ]


def test_a_remark_that_is_typed_again_is_told_as_it_is_last(shop: Database) -> None:
    write(shop, "城西店")
    write(shop, "城西店-李姐")
    assert told(shop) == ["备注改为「城西店-李姐」"]


def test_what_changed_in_wecom_is_told_as_its(shop: Database) -> None:
    tap(shop, "重要")
    end(shop, "done")
    show(shop, "城西店-李姐", ["普通"])
    assert set(told(shop)) == {
        "添加标签「重要」",
        "备注改为「城西店-李姐」 · 来自企业微信",
        "添加标签「普通」 · 移除标签「亲友、重要」 · 来自企业微信",
    }


def test_the_echo_of_our_own_push_is_no_second_entry(shop: Database) -> None:
    tap(shop, "重要")
    write(shop, "城西店-李姐")
    before = told(shop)
    show(shop, "李晓雯", ["亲友"])
    assert told(shop) == before
    end(shop, "done")
    show(shop, "城西店-李姐", ["亲友", "重要"])
    assert told(shop) == before


def test_another_name_of_a_customer_or_a_tag_is_no_change(shop: Database) -> None:
    show(shop, "晓雯", ["亲友"], named="晓雯", renamed="亲戚朋友")
    assert told(shop) == []


def test_an_answer_that_comes_twice_is_told_once(shop: Database) -> None:
    show(shop, "城西店-李姐", ["亲友"])
    show(shop, "城西店-李姐", ["亲友"])
    assert told(shop) == ["备注改为「城西店-李姐」 · 来自企业微信"]


def test_a_customer_without_a_name_has_his_remark_told(shop: Database) -> None:
    with shop.write() as session:
        session.execute(update(Customer).values(name=""))
    write(shop, "城西店-李姐")
    assert told(shop) == ["备注改为「城西店-李姐」"]


def test_tags_whose_names_differ_in_spaces_at_the_end_are_one(shop: Database) -> None:
    show(shop, "李晓雯", ["VIP", "VIP "])
    with shop.read() as session:
        assert session.scalars(select(FollowTag.tag_name)).all() == ["VIP"]

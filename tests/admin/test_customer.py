"""The page of one customer: who sees whom, and what it tells."""

import re
from datetime import date, timedelta
from functools import partial
from html import unescape

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.churn.actions import Cause, set_loss_reason
from app.customers.actions import (
    Addition,
    Box,
    Wish,
    add_stage_note,
    change_stage,
    create_reminder,
    record_follow_up,
    record_tags,
    record_timeline,
    set_field,
)
from app.customers.actions.sealing import set_mobiles
from app.customers.models import Customer, CustomField, FollowTag, FollowUser, Stage
from app.db import Database
from app.deliveries.actions import record_intent, record_outcome
from app.groups.models import GroupChat, GroupMember
from app.money import parse_amount
from app.pushes.actions import end_pushes, record_push
from app.runtime import Runtime
from app.wecom.external_contact import CorpTag, TagGroupInfo
from tests.admin.conftest import Desk, Seat
from tests.browser.hostile import HOSTILE
from tests.churn.people import add, lose

DAY = timedelta(days=1)
LI, QIAN, PHONE = "wmLi", "wmQian", "13800001234"


@pytest.fixture
def shop(runtime: Runtime) -> Database:
    """Give a shop: 李晓雯 left zhaoyi and is qianer's, 钱家的客户 is qianer's alone."""
    now = clock.utcnow()
    with runtime.db.write() as session:
        lose(session, LI, at=now - 2 * DAY, days=10, state="门店海报", name="李晓雯")
        add(session, LI, userid="qianer", at=now - 5 * DAY)
        add(session, QIAN, userid="qianer", at=now - DAY, name="钱家的客户")
    return runtime.db


def look(desk: Desk, external_userid: str, more: str = "") -> str:
    """Open a customer's page, as lists of customers lead to it; return it as it reads."""
    page = desk.get(address(desk, external_userid) + more)
    assert page.status_code == 200
    return unescape(page.text)


def address(desk: Desk, external_userid: str) -> str:
    led = desk.act("/admin/customer/choose", external_userid=external_userid)
    return led.headers["Location"]


def follow_of(session: Session, userid: str, external_userid: str = LI) -> FollowUser:
    return session.scalars(
        select(FollowUser)
        .where(FollowUser.userid == userid, FollowUser.external_userid == external_userid)
        .order_by(FollowUser.period.desc())
    ).first() or pytest.fail("no such relation")


def stage_id(session: Session, name: str) -> int:
    return session.scalars(select(Stage.id).where(Stage.name == name)).one()


def move(session: Session, to: str, seen: int = 0, userid: str = "zhaoyi") -> int:
    stage = stage_id(session, to)
    return change_stage(session, LI, to_stage_id=stage, userid=userid, seen=seen).change_id


def section(page: str, name: str) -> str:
    """Return what stands in one part of the page, without its tags."""
    found = re.search(rf'<section[^>]* id="{name}".*?</section>', page, re.DOTALL)
    assert found, name
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


@pytest.mark.usefixtures("shop")
def test_a_row_of_losses_leads_to_the_customer_and_names_him_not_in_the_address(
    desk: Seat,
) -> None:
    owner = desk("qianer", "owner")
    [where] = re.findall(
        r'<a href="(/admin/customer\?[^"]+)"><bdi>李晓雯', owner.get("/admin/losses").text
    )
    assert LI not in where
    page = owner.get(where)
    assert page.status_code == 200
    assert "李晓雯" in page.text
    assert LI not in page.text


@pytest.mark.usefixtures("shop")
def test_a_manager_sees_whom_his_people_follow_or_followed_and_no_other_exists(
    desk: Seat,
) -> None:
    manager = desk("sunsan", "manager")
    assert "李晓雯" in look(manager, LI)
    foreign, none = (manager.get(address(manager, who)) for who in (QIAN, "wmNobody"))
    assert (foreign.status_code, none.status_code) == (404, 404)
    assert foreign.text == none.text
    lines = (
        manager.get(address(manager, who).replace("?", "/timeline?")) for who in (QIAN, "wmNobody")
    )
    assert {answer.status_code for answer in lines} == {404}


@pytest.mark.usefixtures("shop")
def test_without_a_customer_the_page_says_where_to_choose_one(desk: Seat) -> None:
    owner = desk("qianer", "owner")
    for where in ("/admin/customer", "/admin/customer?f=made-up"):
        page = owner.get(where)
        assert page.status_code == 200
        assert "还没有选择客户" in page.text


def test_the_head_says_who_he_is_and_since_when_he_is_known(desk: Seat, shop: Database) -> None:
    with shop.write() as session:
        customer = session.get_one(Customer, LI)
        customer.type, customer.gender = 1, 2
        customer.avatar = "http://wx.qlogo.cn/mmhead/abc/0"
        other = session.get_one(Customer, QIAN)
        other.type, other.corp_name, other.avatar = 2, "腾云贸易", "https://evil.example/a.png"
    owner = desk("qianer", "owner")
    page = look(owner, LI)
    for told in ("@微信", "女", "认识 12 天", "1 位员工在跟进"):
        assert told in page
    assert 'src="https://wx.qlogo.cn/mmhead/abc/0"' in page
    page = look(owner, QIAN)
    assert "@腾云贸易" in page
    assert "evil.example" not in page


def test_that_he_left_is_said_with_the_reason(desk: Seat, shop: Database) -> None:
    with shop.write() as session:
        follow = follow_of(session, "zhaoyi")
        set_loss_reason(
            session, follow, userid="zhaoyi", cause=Cause(reason="other", note="搬家了")
        )
    page = look(desk("qianer", "owner"), LI)
    assert "删除了 赵忆南，此前认识 10 天" in page
    assert "其他（搬家了）" in page


def test_the_stages_stand_there_with_who_moved_him_when_and_why(desk: Seat, shop: Database) -> None:
    with shop.write() as session:
        first = move(session, "意向")
        won = move(session, "成交", seen=first, userid="qianer")
        said = Addition(why="老客介绍", amount=parse_amount("1280"))
        add_stage_note(session, LI, change_id=won, userid="qianer", said=said)
    told = section(look(desk("sunsan", "manager"), LI), "stages")
    assert "新客户 → 意向 赵忆南" in told
    assert re.search(r"意向 → 成交 钱尔雅 · .*1,280.* · 老客介绍", told)


def test_older_changes_of_a_stage_lie_on_further_pages(desk: Seat, shop: Database) -> None:
    with shop.write() as session:
        seen = 0
        for number in range(25):
            seen = move(session, ("意向", "初步沟通")[number % 2], seen=seen)
    owner = desk("qianer", "owner")
    page = look(owner, LI)
    assert section(page, "stages").count(" → ") == 20
    [older] = re.findall(r'href="(/admin/customer\?[^"#]+change=\d+)', page)
    assert section(unescape(owner.get(older).text), "stages").count(" → ") == 5


def test_each_member_stands_there_with_what_he_noted(desk: Seat, shop: Database) -> None:
    with shop.write() as session:
        follow = follow_of(session, "zhaoyi")
        follow.remark, follow.add_way, follow.description = "城西李姐", 1, "常买礼盒"
        set_mobiles(session, follow, [PHONE])
        sent = record_intent(
            session,
            kind="welcome",
            dedupe_key="w1",
            recipient=LI,
            userid="zhaoyi",
            external_userid=LI,
        )
        assert sent
        record_outcome(session, sent.id, outcome="sent", took_ms=400)
    told = section(look(desk("sunsan", "manager"), LI), "members")
    for words in (
        "赵忆南 客户删除",
        "城西李姐",
        "常买礼盒",
        "渠道「门店海报」 · 扫描二维码",
        "欢迎语 0.4 秒送达",
    ):
        assert words in told, words
    assert "钱尔雅 单向" in told or "钱尔雅 跟进中" in told


def test_of_a_member_out_of_the_managers_scope_a_colleagues_view_alone_is_shown(
    desk: Seat, shop: Database
) -> None:
    with shop.write() as session:
        follow = follow_of(session, "qianer")
        follow.remark = "福田大客户"
        session.add(FollowTag(follow_id=follow.id, group_name="价值", tag_name="高价值"))
    page = look(desk("sunsan", "manager"), LI)
    assert "钱尔雅" in page
    assert "福田大客户" not in page
    assert "高价值" not in page
    page = look(desk("lisi", "auditor"), LI)
    assert "福田大客户" in page
    assert "高价值" in page


def test_tags_stand_there_with_how_far_they_have_come(desk: Seat, shop: Database) -> None:
    tags = tuple(
        CorpTag(id=f"et{name}", name=name, order=0, create_time=clock.utcnow())
        for name in ("已买", "高意向", "礼盒")
    )
    group = TagGroupInfo(
        group_id="etg", group_name="状态", order=0, create_time=clock.utcnow(), tags=tags
    )
    with shop.write() as session:
        record_tags(session, [group])
        follow = follow_of(session, "qianer")
        for tag in tags:
            session.add(
                FollowTag(
                    follow_id=follow.id, group_name="状态", tag_name=tag.name, tag_id=tag.id, type=1
                )
            )
        session.add(FollowTag(follow_id=follow.id, group_name="我的", tag_name="邻居", type=2))
        pushes = [
            record_push(
                session,
                kind="tags",
                userid="qianer",
                external_userid=LI,
                subject=tag.id,
                value="add",
            )
            for tag in tags[1:]
        ]
        end_pushes(session, [pushes[1].id], outcome="failed", reason="permission")
    told = section(look(desk("sunsan", "owner"), LI), "members")
    for words in ("高意向 同步中", "礼盒 未同步", "邻居 个人", "「礼盒」没有加到企业微信"):
        assert words in told, words
    assert "已买 同步中" not in told


def test_phones_are_shown_with_their_middle_hidden(desk: Seat, shop: Database) -> None:
    with shop.write() as session:
        fields = {one.key: one.id for one in session.scalars(select(CustomField))}
        put = partial(set_field, session, LI, userid="zhaoyi", seen=0, today=date(2026, 11, 30))
        put(field_id=fields["phone"], typed=[PHONE])
        put(field_id=fields["company"], typed=["南山贸易"])
        set_mobiles(session, follow_of(session, "zhaoyi"), [PHONE])
    page = look(desk("qianer", "owner"), LI)
    assert page.count("138****1234") == 2
    assert PHONE not in page
    assert "公司 南山贸易" in section(page, "fields")
    assert "未填写：" in section(page, "fields")


def test_reminders_of_the_scope_and_groups_stand_there(desk: Seat, shop: Database) -> None:
    with shop.write() as session:
        for userid in ("zhaoyi", "qianer"):
            wish = Wish(
                userid=userid,
                external_userid=LI,
                key=f"key-{userid}",
                due_at=clock.utcnow() + DAY,
                text=f"{userid} 回访",
            )
            create_reminder(session, wish)
        session.add(GroupChat(chat_id="wr1", name="会员群"))
        session.flush()
        session.add(
            GroupMember(chat_id="wr1", userid=LI, period=1, type=2, joined_at=clock.utcnow())
        )
    page = look(desk("sunsan", "manager"), LI)
    assert "赵忆南 ： zhaoyi 回访" in section(page, "reminders")
    assert "qianer 回访" not in page
    assert "会员群" in page


def test_the_timeline_is_paged_by_place_and_filtered(desk: Seat, shop: Database) -> None:
    now = clock.utcnow()
    with shop.write() as session:
        for number in range(45):
            record_timeline(
                session,
                external_userid=LI,
                kind="group_joined",
                at=now - timedelta(hours=number),
                key=f"g{number}",
                data={"group_name": f"第{number}群"},
            )
        box = Box(userid="zhaoyi", external_userid=LI, key="box-note")
        record_follow_up(session, box, text="约了周六看样品")
    owner = desk("qianer", "owner")
    page, seen = look(owner, LI), list[str]()
    for _turn in range(4):
        seen += re.findall(r"第(\d+)群", page)
        older = re.findall(r'hx-get="([^"]+before=[^"]+)"', page)
        if not older:
            break
        page = unescape(owner.get(older[0], **{"HX-Request": "true"}).text)
        assert "<section" not in page
    assert seen == [str(number) for number in range(45)]
    assert "没有更早的了" in page
    assert "今天" in section(look(owner, LI), "timeline")
    notes = section(look(owner, LI, "&show=notes"), "timeline")
    assert "约了周六看样品 赵忆南" in notes
    assert "群" not in notes
    assert "系统还没有发送过什么" in section(look(owner, LI, "&show=system"), "timeline")


def test_hostile_texts_are_shown_as_texts(desk: Seat, shop: Database) -> None:
    owner = desk("qianer", "owner")
    with shop.write() as session:
        session.add(GroupChat(chat_id="wr1", name=""))
        session.flush()
        session.add(
            GroupMember(chat_id="wr1", userid=LI, period=1, type=2, joined_at=clock.utcnow())
        )
    for text in HOSTILE[:60]:
        with shop.write() as session:
            customer, follow = session.get_one(Customer, LI), follow_of(session, "zhaoyi")
            customer.name = customer.corp_name = customer.position = text[:128]
            customer.type, customer.avatar = 2, text
            follow.remark = follow.state = text[:128]
            follow.description = text
            set_mobiles(session, follow, [text])
            session.get_one(GroupChat, "wr1").name = text[:128]
            box = Box(userid="zhaoyi", external_userid=LI, key=f"box-{abs(hash(text))}")
            record_follow_up(session, box, text=text)
        page = owner.get(address(owner, LI))
        assert page.status_code == 200
        for mark in ("<script>alert", "<img src=x", "<svg onload", "<hx-partial", "<iframe"):
            assert mark not in page.text, text
        assert "\u202e" not in page.text

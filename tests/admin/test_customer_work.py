"""What can be done from the page of one customer: in the admin's scope, on record, taken back."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import clock
from app.audit.models import AuditEntry
from app.customers.actions import record_tags, set_field
from app.customers.actions.sealing import set_mobiles
from app.customers.models import CustomField, FollowUp, Reminder, StageChange, Tag
from app.customers.queries import find_stage_name
from app.db import Database
from app.deliveries.models import Delivery
from app.pushes.actions import end_pushes
from app.pushes.models import Push
from app.wecom.external_contact import CorpTag, TagGroupInfo
from tests.admin.conftest import SAME_SITE, Desk, Seat
from tests.admin.test_customer import (
    LI,
    PHONE,
    QIAN,
    address,
    follow_of,
    look,
    move,
    section,
    shop,
    stage_id,
)

__all__ = ["shop"]

DAY = timedelta(days=1)
HTMX = {**SAME_SITE, "HX-Request": "true"}


def ask(
    desk: Desk,
    action: str,
    headers: dict[str, str] | None = None,
    who: str = LI,
    **form: Any,
) -> TestResponse:
    """Act on a customer's page as htmx does, with the token of the page."""
    query = address(desk, who).partition("?")[2]
    form["csrf_token"] = desk.token()
    return desk.post(f"/admin/customer/{action}?{query}", form, headers or HTMX)


def audited(db: Database) -> list[tuple[str, str, Any]]:
    with db.read() as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [
            (row.action, row.external_userid, row.detail)
            for row in rows
            if not row.action.startswith("admin_")
        ]


def stage_of(db: Database) -> str | None:
    with db.read() as session:
        return find_stage_name(session, LI)


def to(db: Database, name: str) -> int:
    with db.read() as session:
        return stage_id(session, name)


def test_a_stage_is_changed_and_taken_back_and_both_are_on_record(
    desk: Seat, shop: Database
) -> None:
    owner = desk("qianer", "owner")
    answer = ask(owner, "stage", to=to(shop, "意向"), seen=0)
    assert answer.status_code == 200
    assert "<!doctype" not in answer.text
    assert "新客户 → 意向 钱尔雅" in section(answer.text, "stages")
    assert "新客户 → 意向" in section(answer.text, "timeline")
    assert stage_of(shop) == "意向"
    [change] = re.findall(r'-undo".*?name="change" value="(\d+)"', answer.text, re.DOTALL)
    assert "已撤销，回到「新客户」" in ask(owner, "undo", change=change).text
    assert stage_of(shop) == "新客户"
    [first, second] = audited(shop)
    assert (first[0], second[0]) == ("customer_stage_changed", "customer_stage_undone")
    assert (first[1], first[2]["before"], first[2]["after"]) == (LI, "新客户", "意向")
    page = owner.get("/admin/audit").text
    assert "修改客户阶段" in page
    assert "撤销阶段修改" in page


def test_a_change_that_somebody_made_meanwhile_is_shown_and_not_written_over(
    desk: Seat, shop: Database
) -> None:
    with shop.write() as session:
        move(session, "初步沟通")
    owner = desk("qianer", "owner")
    answer = ask(owner, "stage", to=to(shop, "成交"), seen=0)
    assert answer.status_code == 409
    assert "赵忆南 刚把阶段改成「初步沟通」" in answer.text
    assert stage_of(shop) == "初步沟通"
    assert audited(shop) == []
    conflict = answer.text[answer.text.index("仍要改为") - 600 :]
    [seen] = re.findall(r'name="seen" value="(\d+)"', conflict)[:1]
    assert ask(owner, "stage", to=to(shop, "成交"), seen=seen).status_code == 200
    assert stage_of(shop) == "成交"


def test_why_and_how_much_are_added_to_ones_own_change(desk: Seat, shop: Database) -> None:
    owner = desk("qianer", "owner")
    page = ask(owner, "stage", to=to(shop, "成交"), seen=0).text
    [change] = re.findall(r'id="note-on-(\d+)"', page)
    answer = ask(owner, "stage-note", change=change, amount="1280", why="老客<b>介绍")
    assert "新客户 → 成交 钱尔雅 · ¥1,280.00 · 老客<b>介绍" in unescape(plain(answer.text))
    assert audited(shop)[-1][:2] == ("customer_stage_noted", LI)
    refused = ask(owner, "stage-note", change=change, amount="很多", why="另一句")
    assert refused.status_code == 422
    assert 'value="很多"' in refused.text
    assert 'value="另一句"' in refused.text
    manager = desk("sunsan", "manager")
    assert 'id="note-on-' not in section_of(look(manager, LI), "stages")
    assert ask(manager, "stage-note", change=change, why="不是他的").status_code == 422
    with shop.read() as session:
        row = session.scalars(select(StageChange)).one()
        assert (row.why, str(row.amount)) == ("老客<b>介绍", "1280.00")


def test_nobody_takes_anothers_change_back(desk: Seat, shop: Database) -> None:
    with shop.write() as session:
        theirs = move(session, "意向")
    owner = desk("qianer", "owner")
    assert 'name="change"' not in look(owner, LI)
    assert ask(owner, "undo", change=theirs).status_code == 422
    assert stage_of(shop) == "意向"


def test_without_htmx_an_action_leads_back_to_the_customer(desk: Seat, shop: Database) -> None:
    owner = desk("qianer", "owner")
    answer = ask(owner, "stage", SAME_SITE, to=to(shop, "意向"), seen=0)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/admin/customer?f=")
    page = unescape(owner.get(answer.headers["Location"]).text)
    assert "已改为「意向」" in page
    assert "李晓雯" in page
    assert "撤销，回到「新客户」" in page


def test_without_htmx_what_was_refused_stands_on_the_page_with_what_was_typed(
    desk: Seat, shop: Database
) -> None:
    with shop.write() as session:
        theirs = move(session, "初步沟通")
    keys, parted = pull_tags(shop), follow_id(shop, "zhaoyi")
    owner = desk("qianer", "owner")
    asked: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
        ("stage", {"to": to(shop, "成交"), "seen": 0}, ("刚把阶段改成", "仍要改为「成交」")),
        ("undo", {"change": theirs}, ("没有可以撤销的阶段修改",)),
        ("tag", {"follow": parted, "add": keys["礼盒"]}, ("他们已经不是好友",)),
        ("note", {"text": "好" * 2001}, ("最多 2000 字", "好" * 2001)),
        ("remind", {"follow": parted, "at": "", "text": "问尺码"}, ("请选择提醒时间", "问尺码")),
    ]
    for action, form, words in asked:
        answer = ask(owner, action, SAME_SITE, **form)
        assert answer.status_code == 422, action
        assert "<!doctype" in answer.text
        for one in words:
            assert one in answer.text, (action, one)


def pull_tags(db: Database) -> dict[str, int]:
    """Have the corp two tags; return their keys by name."""
    now = clock.utcnow()
    tags = tuple(
        CorpTag(id=f"et{name}", name=name, order=0, create_time=now) for name in ("高意向", "礼盒")
    )
    group = TagGroupInfo(group_id="etg", group_name="状态", order=0, create_time=now, tags=tags)
    with db.write() as session:
        record_tags(session, [group])
        return {tag.name: tag.id for tag in session.scalars(select(Tag))}


def follow_id(db: Database, userid: str, who: str = LI) -> int:
    with db.read() as session:
        return follow_of(session, userid, who).id


def pushes(db: Database) -> list[tuple[str, str, str]]:
    with db.read() as session:
        rows = session.scalars(select(Push).order_by(Push.id))
        return [(row.userid, row.subject, row.value) for row in rows]


def test_a_tag_is_given_and_taken_in_the_name_of_a_follower_and_wecom_is_told(
    desk: Seat, shop: Database
) -> None:
    owner, keys, follow = desk("sunsan", "owner"), pull_tags(shop), follow_id(shop, "qianer")
    assert "高意向" in section(look(owner, LI), "members")
    answer = ask(owner, "tag", follow=follow, add=keys["高意向"])
    assert answer.status_code == 200
    assert f'id="tags-{follow}"' in answer.text
    assert "<bdi>高意向</bdi> <small>同步中</small>" in answer.text
    assert "添加标签「高意向」 · 钱尔雅 的标签 孙叁木" in section(answer.text, "timeline")
    ask(owner, "tag", follow=follow, remove=keys["高意向"])
    assert pushes(shop) == [("qianer", "et高意向", "add"), ("qianer", "et高意向", "remove")]
    detail = {"member": "qianer", "tag": "高意向"}
    assert audited(shop) == [
        ("customer_tag_added", LI, detail),
        ("customer_tag_removed", LI, detail),
    ]


def test_how_far_a_tag_has_come_can_be_asked_again_and_again(desk: Seat, shop: Database) -> None:
    owner, keys, follow = desk("sunsan", "owner"), pull_tags(shop), follow_id(shop, "qianer")
    where = re.findall(
        r'hx-get="([^"]+)"', ask(owner, "tag", follow=follow, add=keys["礼盒"]).text
    )[0]
    again = owner.get(unescape(where), **{"HX-Request": "true"})
    assert "looks=1" in again.text
    assert "every 2s" in again.text
    with shop.write() as session:
        push = session.scalars(select(Push)).one()
        end_pushes(session, [push.id], outcome="failed", reason="permission")
    again = owner.get(unescape(where), **{"HX-Request": "true"})
    assert "every 2s" not in again.text
    assert "未同步" in again.text
    assert "1 个标签正在重新同步" in ask(owner, "tags-retry", follow=follow).text
    assert [value for _userid, _subject, value in pushes(shop)] == ["add", "add"]


def test_nobodys_tags_are_changed_who_is_out_of_scope_or_parted(desk: Seat, shop: Database) -> None:
    keys = pull_tags(shop)
    manager = desk("sunsan", "manager")
    foreign = ask(manager, "tag", follow=follow_id(shop, "qianer"), add=keys["礼盒"])
    elsewhere = ask(
        desk("lisi", "owner"), "tag", follow=follow_id(shop, "qianer", QIAN), add=keys["礼盒"]
    )
    parted = ask(manager, "tag", follow=follow_id(shop, "zhaoyi"), add=keys["礼盒"])
    assert [one.status_code for one in (foreign, elsewhere, parted)] == [404, 404, 422]
    assert "他们已经不是好友" in parted.text
    assert pushes(shop) == []


def test_a_note_is_written_once_however_often_it_is_sent(desk: Seat, shop: Database) -> None:
    manager = desk("sunsan", "manager")
    [key] = re.findall(r'id="note".*?name="key" value="([^"]+)"', look(manager, LI), re.DOTALL)
    for _turn in range(2):
        answer = ask(manager, "note", text="请<b>周五</b>前回访", key=key)
    assert "请&lt;b&gt;周五&lt;/b&gt;前回访" in answer.text
    with shop.read() as session:
        [note] = session.scalars(select(FollowUp))
    assert (note.userid, note.external_userid, note.text) == ("sunsan", LI, "请<b>周五</b>前回访")
    assert audited(shop)[0] == ("customer_noted", LI, {"note": note.id})


def test_a_note_that_cannot_be_keeps_what_was_typed(desk: Seat, shop: Database) -> None:
    answer = ask(desk("sunsan", "manager"), "note", text="好" * 2001)
    assert answer.status_code == 422
    assert "最多 2000 字" in answer.text
    assert "好" * 2001 in answer.text
    assert ask(desk("sunsan", "manager"), "note", text=" ").status_code == 422
    assert audited(shop) == []


def test_a_reminder_is_set_for_a_follower_and_cancelled(desk: Seat, shop: Database) -> None:
    owner = desk("lisi", "owner")
    form: dict[str, Any] = {
        "follow": follow_id(shop, "qianer"),
        "at": tomorrow(),
        "text": "问问尺码",
        "key": "k" * 9,
    }
    for _turn in range(2):
        answer = ask(owner, "remind", **form)
    assert "钱尔雅 ： 问问尺码" in section(answer.text, "reminders")
    with shop.read() as session:
        [reminder], [planned] = session.scalars(select(Reminder)), session.scalars(select(Delivery))
    assert (reminder.userid, reminder.external_userid) == ("qianer", LI)
    assert (planned.kind, planned.recipient) == ("reminder", "qianer")
    answer = ask(owner, "unremind", reminder=reminder.id)
    assert "没有未完成的提醒" in answer.text
    assert ask(owner, "unremind", reminder=reminder.id).status_code == 422
    detail = {"member": "qianer", "reminder": reminder.id}
    assert {entry for entry, _who, _detail in audited(shop)} == {
        "customer_reminder_set",
        "customer_reminder_cancelled",
    }
    assert audited(shop)[-1] == ("customer_reminder_cancelled", LI, detail)


@pytest.mark.parametrize(
    ("at", "why"),
    [
        ("", "请选择提醒时间"),
        ("2001-01-01T09:00", "提醒时间要晚于现在"),
        ("2099-01-01T09:00", "提醒时间最远是两年以后"),
    ],
)
def test_a_reminder_that_cannot_be_says_why(desk: Seat, shop: Database, at: str, why: str) -> None:
    owner = desk("lisi", "owner")
    answer = ask(owner, "remind", follow=follow_id(shop, "qianer"), at=at, text="问问尺码")
    assert answer.status_code == 422
    assert why in answer.text
    assert 'value="问问尺码"' in answer.text


def test_reminders_of_members_out_of_scope_are_nobodys_business(desk: Seat, shop: Database) -> None:
    owner, manager = desk("lisi", "owner"), desk("sunsan", "manager")
    follow = follow_id(shop, "qianer")
    assert ask(manager, "remind", follow=follow, at=tomorrow()).status_code == 404
    ask(owner, "remind", follow=follow, at=tomorrow())
    with shop.read() as session:
        [reminder] = session.scalars(select(Reminder))
    assert ask(manager, "unremind", reminder=reminder.id).status_code == 404


def test_a_whole_number_is_shown_to_who_asks_for_it_and_that_is_on_record(
    desk: Seat, shop: Database
) -> None:
    with shop.write() as session:
        field = session.scalars(select(CustomField.id).where(CustomField.key == "phone")).one()
        today = clock.utcnow().date()
        set_field(session, LI, field_id=field, typed=[PHONE], userid="zhaoyi", seen=0, today=today)
        set_mobiles(session, follow_of(session, "zhaoyi"), [PHONE])
    owner = desk("qianer", "owner")
    links = re.findall(r'hx-get="(/admin/customer/number[^"]+)"', look(owner, LI))
    assert len(links) == 2
    for link in links:
        answer = owner.get(link, **{"HX-Request": "true"})
        assert PHONE in answer.text
        assert "<!doctype" not in answer.text
    assert "回到客户" in owner.get(links[0]).text
    assert [entry[0] for entry in audited(shop)] == ["phone_revealed"] * 3
    with shop.read() as session:
        last = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert last
        assert last.origin
    auditor = desk("lisi", "auditor")
    assert "/admin/customer/number" not in look(auditor, LI)
    assert auditor.get(links[0]).status_code == 403


@pytest.mark.parametrize(
    "action", ["stage", "undo", "stage-note", "tag", "tags-retry", "note", "remind", "unremind"]
)
def test_nothing_is_done_about_a_customer_out_of_scope_or_by_who_may_only_look(
    desk: Seat, shop: Database, action: str
) -> None:
    form: dict[str, Any] = {
        "to": to(shop, "意向"),
        "seen": 0,
        "text": "好",
        "follow": follow_id(shop, "qianer", QIAN),
    }
    manager, auditor = desk("sunsan", "manager"), desk("lisi", "auditor")
    assert ask(manager, action, who=QIAN, **form).status_code == 404
    assert ask(auditor, action, **form).status_code == 403
    assert f"/admin/customer/{action}" not in look(auditor, LI)
    with shop.read() as session:
        assert list(session.scalars(select(StageChange))) == []
        assert list(session.scalars(select(FollowUp))) == []
    assert audited(shop) == []


def plain(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def section_of(page: str, name: str) -> str:
    found = re.search(rf'<section[^>]* id="{name}".*?</section>', page, re.DOTALL)
    assert found
    return found[0]


def tomorrow() -> str:
    return f"{clock.utcnow() + DAY:%Y-%m-%dT%H:%M}"

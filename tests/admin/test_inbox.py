"""The page 回调收件箱: what came, what became of it, nothing personal, and working it again."""

import re
from datetime import timedelta

from flask import Flask
from sqlalchemy import select, update

from app.audit.models import AuditEntry
from app.inbox.models import InboxEvent
from app.runtime import Runtime
from app.sandbox.server import Sandbox
from app.seal import Sealer
from tests.admin.conftest import Seat
from tests.admin.events import event_of, kill, receive, receive_plain, work

WM = "wmAAAA0000000000000000000000000A"
LOST = {"ChangeType": "del_follow_user", "WelcomeCode": ""}


def replays(runtime: Runtime) -> list[AuditEntry]:
    with runtime.db.read() as session:
        wanted = select(AuditEntry).where(AuditEntry.action == "inbox_replayed")
        return list(session.scalars(wanted.order_by(AuditEntry.id)))


def listed(text: str) -> list[int]:
    """Return the ids of the events on the page, from above."""
    return [int(found) for found in re.findall(r"event\?id=(\d+)", text)]


def test_an_event_is_told_in_words_with_its_end_and_its_ids(
    desk: Seat, app: Flask, runtime: Runtime, box: Sandbox
) -> None:
    customer = box.people.customer_scans("zhaoyi").external_userid
    event = event_of(runtime, receive(app, ExternalUserID=customer, **LOST))
    work(runtime)
    with runtime.db.write() as session:
        ended = event.received_at + timedelta(seconds=1.6)
        session.execute(update(InboxEvent).values(finished_at=ended))
    page = desk("qianer", "owner").get("/admin/inbox").text
    for words in ("客户删除了成员", "zhaoyi", customer, "已处理", "1.6 秒"):
        assert words in page


def test_the_newest_come_first_and_older_ones_are_a_page_away(desk: Seat, app: Flask) -> None:
    ids = [receive(app, ExternalUserID=f"wm{number}", **LOST) for number in range(55)]
    owner = desk("qianer", "owner")
    first = owner.get("/admin/inbox").text
    assert listed(first) == ids[:4:-1]
    [older] = re.findall(r'href="/admin/inbox(\?before=[^"]+)"', first)
    assert listed(owner.get(f"/admin/inbox{older}").text) == ids[4::-1]


def test_events_are_chosen(desk: Seat, app: Flask, runtime: Runtime) -> None:
    dead = receive(app, ExternalUserID="wmDead", **LOST)
    kill(runtime, dead)
    other = receive(app, ExternalUserID="wmOpen", WelcomeCode="")
    owner = desk("qianer", "owner")
    today = event_of(runtime, dead).received_at.astimezone(runtime.config.server.zone)
    tomorrow = f"{today + timedelta(days=1):%Y-%m-%d}"
    for query, ids in (
        ("fate=dead", [dead]),
        ("fate=open", [other]),
        ("kind=change_external_contact/del_follow_user", [dead]),
        ("external_userid=wmOpen", [other]),
        (f"until={today:%Y-%m-%d}", [other, dead]),
        (f"since={tomorrow}", []),
        # What cannot be is as if it were not said.
        ("fate=alive&since=0001-01-01&until=soon&before=here", [other, dead]),
    ):
        assert listed(owner.get(f"/admin/inbox?{query}").text) == ids, query
    assert "没有符合条件的事件" in owner.get(f"/admin/inbox?since={tomorrow}").text


def test_an_empty_inbox_says_what_to_do(desk: Seat) -> None:
    assert "还没有收到过事件" in desk("qianer", "owner").get("/admin/inbox").text


def test_the_body_shows_its_shape_and_ids_and_nothing_personal(desk: Seat, app: Flask) -> None:
    secret = {
        "WelcomeCode": "CANARYCODE",
        "Name": "不能看的名字",
        "Remark": "不能看的备注",
        "Mobile": "13900000000",
        "SomethingNew": "不能看的新东西",
    }
    event = receive(app, ExternalUserID=WM, State="门店海报", **secret)
    page = desk("qianer", "owner").get(f"/admin/inbox/event?id={event}").text
    for tag, value in secret.items():
        assert f"&lt;{tag}&gt;•••&lt;/{tag}&gt;" in page
        assert value not in page
    for told in (WM, "zhaoyi", "add_external_contact", "门店海报"):
        assert told in page


def test_lists_of_ids_are_shown_and_other_lists_are_not(desk: Seat, app: Flask) -> None:
    body = (
        "<xml><Event>change_external_chat</Event><ChangeType>update</ChangeType><ChatId>wrA</ChatId>"
        "<MemChangeList><Item>wmShown</Item></MemChangeList>"
        "<ExtAttr><Item><Name>电话</Name><Text><Value>不能看的值</Value></Text></Item></ExtAttr></xml>"
    )
    event = receive_plain(app, body.encode())
    page = desk("qianer", "owner").get(f"/admin/inbox/event?id={event}").text
    assert "&lt;Item&gt;wmShown&lt;/Item&gt;" in page
    assert "不能看的值" not in page
    assert "电话" not in page


def test_what_cannot_be_shown_says_why(desk: Seat, app: Flask, runtime: Runtime) -> None:
    owner = desk("qianer", "owner")
    unreadable = receive_plain(app, b"no xml at all")
    assert "不是企业微信的事件格式" in owner.get(f"/admin/inbox/event?id={unreadable}").text
    event = receive(app, ExternalUserID=WM, **LOST)
    foreign = Sealer("another key of the server").seal(b"x", purpose="inbox.body")
    for body, words in ((foreign, "换过了"), (None, "已按保留期限删除")):
        with runtime.db.write() as session:
            session.execute(update(InboxEvent).where(InboxEvent.id == event).values(body=body))
        assert words in owner.get(f"/admin/inbox/event?id={event}").text


def test_steps_are_told_done_failed_and_to_come(
    desk: Seat, app: Flask, runtime: Runtime, box: Sandbox
) -> None:
    customer = box.people.customer_scans("zhaoyi").external_userid
    fault = box.faults.errcode("externalcontact/get", 48002, times=None)
    event = receive(app, ExternalUserID=customer, WelcomeCode="")
    owner = desk("qianer", "owner")
    page = owner.get(f"/admin/inbox/event?id={event}").text
    assert page.count("还没有做") == 4
    work(runtime)
    page = owner.get(f"/admin/inbox/event?id={event}").text
    assert page.count("已完成") == 3
    assert "从企业微信读取客户资料" in page
    assert "没有成功：本应用不在客户联系的“可调用接口的应用”里" in page
    assert "处理失败" in page
    box.faults.clear(fault)
    assert owner.act("/admin/inbox/replay", id=str(event)).status_code == 303
    work(runtime)
    assert event_of(runtime, event).fate == "done"


def test_an_event_that_came_twice_says_so(desk: Seat, app: Flask) -> None:
    for _time in range(3):
        event = receive(app, ExternalUserID=WM, CreateTime="1700000000", **LOST)
    page = desk("qianer", "owner").get(f"/admin/inbox/event?id={event}").text
    assert re.search(r"重复送达</dt><dd>2 次", page)


def test_an_event_of_nobody_is_no_page(desk: Seat) -> None:
    owner = desk("qianer", "owner")
    for number in ("", "0", "77", "99999999999999999999", "x"):
        assert owner.get(f"/admin/inbox/event?id={number}").status_code == 404


def test_a_dead_event_is_worked_again_and_that_is_on_record(
    desk: Seat, app: Flask, runtime: Runtime
) -> None:
    event = receive(app, ExternalUserID=WM, **LOST)
    kill(runtime, event)
    owner = desk("qianer", "owner")
    answer = owner.act("/admin/inbox/replay", id=str(event))
    assert answer.headers["Location"] == f"/admin/inbox/event?id={event}"
    assert "已安排重新处理" in owner.get(answer.headers["Location"]).text
    now = event_of(runtime, event)
    assert (now.fate, now.attempts, now.due_at is not None) == (None, 0, True)
    [entry] = replays(runtime)
    assert (entry.userid, entry.detail) == ("qianer", {"count": 1, "event": event})
    assert "重新处理回调事件" in owner.get("/admin/audit").text


def test_what_is_not_at_its_end_is_left_alone(desk: Seat, app: Flask, runtime: Runtime) -> None:
    event = receive(app, ExternalUserID=WM, **LOST)
    answer = desk("qianer", "owner").act("/admin/inbox/replay", id=str(event))
    assert answer.status_code == 422
    assert "这个事件不用再处理" in answer.text
    assert replays(runtime) == []


def test_those_that_were_named_are_replayed_and_no_others(
    desk: Seat, app: Flask, runtime: Runtime
) -> None:
    named = [receive(app, ExternalUserID="wmNamed", CreateTime=str(n), **LOST) for n in range(3)]
    other = receive(app, ExternalUserID="wmOther", **LOST)
    for event in (*named, other):
        kill(runtime, event)
    owner = desk("qianer", "owner")
    page = owner.get("/admin/inbox?external_userid=wmNamed").text
    assert "将重新处理符合筛选条件的全部 3 个失败事件" in page
    # One more dies between the look and the press.
    late = receive(app, ExternalUserID="wmNamed", CreateTime="9", **LOST)
    kill(runtime, late)
    answer = owner.act("/admin/inbox/replay-all", external_userid="wmNamed", count="3")
    assert answer.status_code == 303
    assert "已安排重新处理 3 个事件" in owner.get("/admin/inbox").text
    assert {event_of(runtime, one).fate for one in named} == {None}
    assert {event_of(runtime, one).fate for one in (other, late)} == {"dead"}
    [entry] = replays(runtime)
    assert entry.external_userid == "wmNamed"
    assert entry.detail == {"count": 3, "event": named[0]}


def test_nothing_to_replay_says_so(desk: Seat, app: Flask, runtime: Runtime) -> None:
    owner = desk("qianer", "owner")
    for form in ({}, {"count": "0"}, {"count": "7"}, {"count": "-1"}):
        answer = owner.act("/admin/inbox/replay-all", **form)
        assert answer.status_code == 422
        assert "没有符合条件的失败事件了" in answer.text
    kill(runtime, receive(app, ExternalUserID=WM, **LOST))
    assert owner.act("/admin/inbox/replay-all").status_code == 422


def test_an_auditor_looks_and_is_offered_nothing(desk: Seat, app: Flask, runtime: Runtime) -> None:
    event = receive(app, ExternalUserID=WM, **LOST)
    kill(runtime, event)
    auditor = desk("lisi", "auditor")
    for path in ("/admin/inbox", f"/admin/inbox/event?id={event}"):
        page = auditor.get(path)
        assert page.status_code == 200
        assert "/replay" not in page.text
    assert auditor.act("/admin/inbox/replay", id=str(event)).status_code == 403
    assert auditor.act("/admin/inbox/replay-all", count="1").status_code == 403


def test_the_counts_come_as_a_fragment(desk: Seat, app: Flask, runtime: Runtime) -> None:
    kill(runtime, receive(app, ExternalUserID=WM, **LOST))
    receive(app, ExternalUserID="wmOpen", **LOST)
    answer = desk("qianer", "owner").get("/admin/inbox/counts", **{"HX-Request": "true"})
    assert "<html" not in answer.text
    assert re.search(r"fate=dead.*?<span[^>]*ad-bad\">1</span>", answer.text, re.DOTALL)
    assert "普通：1 个在等" in answer.text


def test_a_hostile_id_is_text(desk: Seat, app: Flask) -> None:
    hostile = "<script>x</script>"
    event = receive(app, ExternalUserID=hostile, State=hostile, **LOST)
    owner = desk("qianer", "owner")
    for path in ("/admin/inbox", f"/admin/inbox/event?id={event}"):
        assert "<script>x" not in owner.get(path).text

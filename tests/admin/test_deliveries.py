"""The page 发送记录: everything sent, chosen and counted, within one's scope, and as a table."""

import csv
import io
import re
from datetime import datetime, timedelta
from functools import partial

from flask import Flask
from sqlalchemy import select, update

from app import clock
from app.accounts.models import AdminSession
from app.audit.models import AuditEntry
from app.deliveries.actions import record_intent, record_outcome
from app.deliveries.models import Delivery
from app.runtime import Runtime
from app.sandbox.server import Sandbox
from app.welcome.actions import set_default
from tests.admin.conftest import Seat
from tests.admin.events import receive, work

PATH = "/admin/deliveries"


def send(runtime: Runtime, number: int, **changes: object) -> None:
    fields = {
        "kind": "welcome",
        "recipient": f"wm{number}",
        "userid": "zhaoyi",
        "external_userid": f"wm{number}",
        "outcome": "sent",
        "reason": "",
        **changes,
    }
    end = {name: fields.pop(name, None) for name in ("outcome", "reason", "took_ms", "detail")}
    with runtime.db.write() as session:
        delivery = record_intent(session, dedupe_key=f"key{number}", **fields)  # type: ignore[arg-type]  # the caller names the fields
        assert delivery is not None
        if end["outcome"]:
            record_outcome(session, delivery.id, **end)  # type: ignore[arg-type]  # the same


def rows(text: str) -> list[str]:
    """Return the customers of the rows on the page, from above."""
    return re.findall(r"<td><span class=\"ad-id\">(wm\d+)</span></td>", text)


def table(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def test_a_welcome_is_there_with_its_time_its_words_and_its_script(
    desk: Seat, app: Flask, runtime: Runtime, box: Sandbox
) -> None:
    runtime.db.commit(partial(set_default, text="您好"))
    scan = box.people.customer_scans("zhaoyi", name="李晓雯", state="门店海报")
    receive(
        app,
        ExternalUserID=scan.external_userid,
        WelcomeCode=scan.welcome_code,
        State="门店海报",
    )
    work(runtime)
    owner = desk("qianer", "owner")
    page = owner.get(PATH).text
    for words in ("欢迎语", "秒送达", "赵忆南", "李晓雯", "第 1 版", "渠道 门店海报", "95% 在"):
        assert words in page
    assert re.search(r"共 1 条", page)
    leads_to = re.search(r'<a href="(/admin/customer\?[^"]+)"><bdi>李晓雯</bdi></a>', page)
    assert leads_to
    assert "李晓雯" in owner.get(leads_to[1]).text


def test_rows_are_chosen(desk: Seat, runtime: Runtime) -> None:
    send(runtime, 1, state="门店海报")
    send(runtime, 2, outcome="skipped", reason="no_code_console")
    send(runtime, 3, kind="loss", recipient="lisi", userid="lisi")
    send(runtime, 4, outcome="", wanted_at=clock.utcnow() - timedelta(days=20))
    send(runtime, 5, outcome="", wanted_at=clock.utcnow() + timedelta(days=2))
    owner = desk("qianer", "owner")
    long_ago = f"{clock.utcnow() - timedelta(days=29):%Y-%m-%d}"
    for query, found in (
        ("", ["wm3", "wm2", "wm1"]),
        ("?kind=loss", ["wm3"]),
        ("?outcome=skipped", ["wm2"]),
        ("?reason=no_code_console", ["wm2"]),
        ("?userid=lisi", ["wm3"]),
        ("?userid=nobody", []),
        ("?state=门店海报", ["wm1"]),
        ("?external_userid=wm2", ["wm2"]),
        # What is planned for a time to come has not been sent to anyone.
        (f"?since={long_ago}", ["wm3", "wm2", "wm1", "wm4"]),
        (f"?since={long_ago}&until={long_ago}", []),
        (f"?since={long_ago}&outcome=open", ["wm4"]),
        ("?kind=letters&outcome=great&reason=none&since=soon", ["wm3", "wm2", "wm1"]),
    ):
        assert rows(owner.get(PATH + query).text) == found, query
    assert "没有符合条件的记录" in owner.get(f"{PATH}?userid=nobody").text


def test_ends_are_counted_with_their_share_and_lead_to_their_rows(
    desk: Seat, runtime: Runtime
) -> None:
    for number in range(3):
        send(runtime, number, took_ms=100 * (number + 1))
    send(runtime, 9, outcome="skipped", reason="no_code_console")
    owner = desk("qianer", "owner")
    page = owner.get(PATH).text
    for words in ("75.0%", "25.0%", "企业微信后台已配置欢迎语", "一半在 200 毫秒内"):
        assert words in page
    [address] = re.findall(r'href="(/admin/deliveries\?[^"]*no_code_console[^"]*)"', page)
    assert rows(owner.get(address.replace("&amp;", "&")).text) == ["wm9"]


def test_the_figures_of_a_long_time_come_after_the_page(desk: Seat, runtime: Runtime) -> None:
    send(runtime, 1, took_ms=200)
    owner = desk("qianer", "owner")
    month = f"since={clock.utcnow() - timedelta(days=29):%Y-%m-%d}"
    page = owner.get(f"{PATH}?{month}").text
    assert "正在统计这段时间" in page
    assert rows(page) == ["wm1"]
    assert f'hx-get="/admin/deliveries/figures?{month}"' in page
    figures = owner.get(f"{PATH}/figures?{month}", **{"HX-Request": "true"}).text
    assert "共 1 条" in figures
    assert "<html" not in figures


def test_older_rows_are_a_page_away(desk: Seat, runtime: Runtime) -> None:
    for number in range(53):
        send(runtime, number)
    owner = desk("qianer", "owner")
    first = owner.get(f"{PATH}?kind=welcome").text
    assert len(rows(first)) == 50
    [older] = re.findall(r'href="(/admin/deliveries\?[^"]*before=[^"]+)"', first)
    assert rows(owner.get(older.replace("&amp;", "&")).text) == ["wm2", "wm1", "wm0"]


def test_an_empty_log_says_what_will_be_there(desk: Seat) -> None:
    assert "这段时间没有发送过什么" in desk("qianer", "owner").get(PATH).text


def test_a_manager_sees_his_peoples_alone(desk: Seat, runtime: Runtime) -> None:
    send(runtime, 1, userid="zhaoyi")
    send(runtime, 2, userid="qianer")
    # sunsan leads zhaoyi's department, qianer belongs to another.
    manager = desk("sunsan", "manager")
    page = manager.get(PATH).text
    assert rows(page) == ["wm1"]
    assert "共 1 条" in page
    assert 'value="zhaoyi"' in page
    assert 'value="qianer"' not in page
    foreign = manager.get(f"{PATH}?userid=qianer")
    assert rows(foreign.text) == rows(manager.get(f"{PATH}?userid=nobody").text) == []
    assert rows(manager.get(f"{PATH}?external_userid=wm2").text) == []
    assert "共 1 条" in manager.get(f"{PATH}/figures").text
    assert [row[7] for row in table(manager.get(f"{PATH}/export").data)[1:]] == ["wm1"]


def test_what_is_chosen_is_exported_and_that_is_on_record(desk: Seat, runtime: Runtime) -> None:
    send(runtime, 1, took_ms=412)
    send(runtime, 2, outcome="skipped", reason="paused")
    owner = desk("qianer", "owner")
    answer = owner.get(f"{PATH}/export?outcome=sent")
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    header, row = table(answer.data)
    assert header[:4] == ["时间", "类型", "结果", "毫秒"]
    assert row[1:4] == ["欢迎语", "0.4 秒送达", "412"]
    with runtime.db.read() as session:
        wanted = select(AuditEntry).where(AuditEntry.action == "deliveries_exported")
        [entry] = session.scalars(wanted)
    assert entry.userid == "qianer"
    assert (entry.detail["count"], entry.detail["outcome"]) == (1, "sent")


def test_who_signed_in_long_ago_is_asked_who_he_is_before_he_exports(
    desk: Seat, runtime: Runtime
) -> None:
    owner = desk("qianer", "owner")
    with runtime.db.write() as session:
        proved_at = clock.utcnow() - timedelta(minutes=11)
        session.execute(update(AdminSession).values(proved_at=proved_at))
    answer = owner.get(f"{PATH}/export?kind=welcome")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/admin/prove?next=")
    assert owner.get(PATH).status_code == 200


def test_a_large_table_ends_where_it_says(desk: Seat, runtime: Runtime) -> None:
    now = clock.utcnow()
    with runtime.db.write() as session:
        session.add_all(_row(number, now) for number in range(2500))
    owner = desk("qianer", "owner")
    assert len(table(owner.get(f"{PATH}/export").data)) == 2501


def _row(number: int, now: datetime) -> Delivery:
    return Delivery(
        kind="welcome",
        dedupe_key=f"many{number}",
        recipient="wm",
        userid="zhaoyi",
        external_userid="wm",
        created_at=now,
        wanted_at=now,
        outcome="sent",
        reason="",
        attempts=1,
        detail={},
    )

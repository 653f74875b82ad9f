"""The page of losses: who sees which, what can be done about them, and taking them along."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import clock
from app.audit.models import AuditEntry
from app.churn.actions import record_mass_losses
from app.churn.models import Loss
from app.churn.queries import get_loss_reason
from app.db import Database
from app.deliveries.models import Delivery
from app.runtime import Runtime
from tests.admin.conftest import SAME_SITE, Desk, Seat
from tests.churn.people import add, lose
from tests.sidebar.conftest import Wait
from tests.test_sheets import read

DAY = timedelta(days=1)
HTMX = {**SAME_SITE, "HX-Request": "true"}


@pytest.fixture
def shop(runtime: Runtime) -> Database:
    """Give a shop that lost two customers of zhaoyi's and one of qianer's."""
    now = clock.utcnow()
    with runtime.db.write() as session:
        lose(session, "wmLi", at=now, days=3.5, state="门店海报", name="李晓雯")
        lose(session, "wmWang", at=now - DAY, days=10, kind="member", name="王建国")
        lose(session, "wmQian", userid="qianer", at=now, name="钱家的客户")
        add(session, "wmNew", at=now - 2 * DAY)
    return runtime.db


def loss_of(db: Database, external_userid: str) -> Loss:
    with db.read() as session:
        return session.scalars(select(Loss).where(Loss.external_userid == external_userid)).one()


def ask(
    desk: Desk, action: str, headers: dict[str, str] | None = None, **form: Any
) -> TestResponse:
    """Act as htmx does, with the token of the page."""
    query = form.pop("query", "")
    form["csrf_token"] = desk.token()
    return desk.post(f"/admin/losses/{action}{query}", form, headers or HTMX)


def audited(db: Database) -> list[tuple[str, str, Any]]:
    with db.read() as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [
            (row.action, row.external_userid, row.detail)
            for row in rows
            if not row.action.startswith("admin_")
        ]


def names(page: TestResponse) -> set[str]:
    return {name for name in ("李晓雯", "王建国", "钱家的客户") if name in page.text}


@pytest.mark.usefixtures("shop")
def test_customers_who_left_are_listed_and_others_on_demand(desk: Seat) -> None:
    owner = desk("qianer", "owner")
    page = owner.get("/admin/losses")
    assert names(page) == {"李晓雯", "钱家的客户"}
    assert "门店海报" in page.text
    assert "3 天" in page.text
    assert names(owner.get("/admin/losses?kind=member")) == {"王建国"}
    assert len(names(owner.get("/admin/losses?kind=all"))) == 3
    assert names(owner.get("/admin/losses?kind=all&state=门店海报")) == {"李晓雯"}
    assert "没有符合条件的记录" in owner.get("/admin/losses?stage=999").text
    assert "这段时间没有客户离开" in owner.get("/admin/losses?until=2020-01-31").text


@pytest.mark.usefixtures("shop")
def test_a_member_is_asked_for_without_his_userid_in_the_address(desk: Seat) -> None:
    owner = desk("qianer", "owner")
    keys = re.findall(r'<option value="(\w{16})">([^<]+)</option>', owner.get("/admin/losses").text)
    [key] = [key for key, name in keys if name == "赵忆南"]
    assert names(owner.get(f"/admin/losses?member={key}&kind=all")) == {"李晓雯", "王建国"}
    assert owner.get("/admin/losses?member=zhaoyi").status_code == 404


@pytest.mark.usefixtures("shop")
def test_figures_count_against_the_adds_of_the_same_time(desk: Seat) -> None:
    page = desk("qianer", "owner").get("/admin/losses").text
    figures = re.findall(r'tile__figure">([^<]+)<.*?secondary mb-0">([^&<]*)', page, re.DOTALL)
    assert figures == [
        ("2", "昨天 0"),
        ("2", "之前 7 天 0"),
        ("50.0%", "2 ÷ 新增 4"),
        ("3.0", "中位数 3 天"),
    ]


def test_a_manager_sees_and_works_those_of_his_people_alone(desk: Seat, shop: Database) -> None:
    manager = desk("sunsan", "manager")
    foreign = loss_of(shop, "wmQian")
    assert names(manager.get("/admin/losses?kind=all")) == {"李晓雯", "王建国"}
    assert manager.get("/admin/losses?department=1").status_code == 404
    for action, form in (
        ("reason", {"loss": foreign.id, "reason": "price"}),
        ("contact", {"loss": foreign.id}),
        ("assign", {"loss": [foreign.id], "userid": "zhaoyi"}),
        ("assign", {"loss": [loss_of(shop, "wmLi").id, foreign.id], "userid": "zhaoyi"}),
    ):
        assert ask(manager, action, **form).status_code == 404, action
    assert loss_of(shop, "wmQian").reason == ""
    assert loss_of(shop, "wmLi").assigned_to == ""
    assert "钱家的客户" not in manager.get("/admin/losses/file?kind=all").text
    assert (
        ask(manager, "assign", loss=[loss_of(shop, "wmLi").id], userid="qianer").status_code == 422
    )


def test_an_auditor_sees_all_and_can_do_nothing(desk: Seat, shop: Database) -> None:
    auditor = desk("lisi", "auditor")
    page = auditor.get("/admin/losses")
    assert names(page) == {"李晓雯", "钱家的客户"}
    assert "/admin/losses/reason" not in page.text
    assert ask(auditor, "reason", loss=loss_of(shop, "wmLi").id, reason="price").status_code == 403


def test_a_reason_is_put_down_in_its_place(desk: Seat, shop: Database) -> None:
    owner, loss = desk("qianer", "owner"), loss_of(shop, "wmLi")
    answer = ask(owner, "reason", loss=loss.id, reason="price", was="")
    assert answer.status_code == 200
    assert f'id="reason-{loss.id}"' in answer.text
    assert "<!doctype" not in answer.text
    with shop.read() as session:
        stands = get_loss_reason(session, loss.follow_id)
    assert (stands.reason, stands.userid) == ("price", "qianer")
    detail = {"member": "zhaoyi", "before": "", "after": "price"}
    assert audited(shop) == [("loss_reason_set", "wmLi", detail)]
    assert "修改流失原因" in owner.get("/admin/audit").text


def test_the_reason_other_asks_for_words_and_takes_them(desk: Seat, shop: Database) -> None:
    owner, loss = desk("qianer", "owner"), loss_of(shop, "wmLi")
    assert "写一句原因" in ask(owner, "reason", loss=loss.id, reason="other", was="").text
    answer = ask(
        owner, "reason", loss=loss.id, reason="other", was="other", note=" <b>搬家\u202e了 "
    )
    assert "其他（&lt;b&gt;搬家了）" in answer.text


def test_a_reason_that_somebody_has_changed_meanwhile_is_not_written_over(
    desk: Seat, shop: Database
) -> None:
    owner, loss = desk("qianer", "owner"), loss_of(shop, "wmLi")
    ask(owner, "reason", loss=loss.id, reason="price", was="")
    answer = ask(desk("sunsan", "manager"), "reason", loss=loss.id, reason="rival", was="")
    assert answer.status_code == 409
    assert "刚刚有人把原因改成了「价格」" in answer.text
    assert loss_of(shop, "wmLi").reason == "price"


def test_where_the_customer_did_not_leave_there_is_no_reason(desk: Seat, shop: Database) -> None:
    loss = loss_of(shop, "wmWang")
    assert ask(desk("qianer", "owner"), "reason", loss=loss.id, reason="price").status_code == 422


def test_without_htmx_an_action_leads_back_and_says_what_it_did(desk: Seat, shop: Database) -> None:
    owner, loss = desk("qianer", "owner"), loss_of(shop, "wmLi")
    answer = ask(owner, "reason", SAME_SITE, loss=loss.id, reason="service", was="")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/losses")
    assert "流失原因：服务" in owner.get("/admin/losses").text


def test_that_somebody_was_in_touch_is_put_down_and_taken_back(desk: Seat, shop: Database) -> None:
    owner, loss = desk("qianer", "owner"), loss_of(shop, "wmLi")
    assert "已联系" in ask(owner, "contact", loss=loss.id).text
    assert loss_of(shop, "wmLi").contacted_by == "qianer"
    assert "未处理" in ask(owner, "contact", loss=loss.id, undo="1").text
    assert [entry[0] for entry in audited(shop)] == ["loss_contacted", "loss_contact_undone"]


def test_those_who_are_ticked_are_given_to_a_member_who_is_told(desk: Seat, shop: Database) -> None:
    owner = desk("qianer", "owner")
    ids = [loss_of(shop, who).id for who in ("wmLi", "wmQian")]
    answer = ask(owner, "assign", loss=ids, userid="zhaoyi")
    assert answer.status_code == 200
    assert "已把 1 位客户分配给 赵忆南" in answer.text
    assert "1 位的资料 赵忆南 看不到" in answer.text
    assert "分配给 赵忆南" in answer.text
    with shop.read() as session:
        [told] = session.scalars(select(Delivery))
    assert (told.kind, told.recipient, told.external_userid) == ("win_back", "zhaoyi", "wmLi")
    assert audited(shop) == [("win_back_assigned", "wmLi", {"member": "zhaoyi"})]
    assert "已取消 1 位客户的分配" in ask(owner, "assign", loss=ids[:1], userid="").text


def test_an_assignment_that_cannot_be_keeps_the_ticks(desk: Seat, shop: Database) -> None:
    owner, loss = desk("qianer", "owner"), loss_of(shop, "wmLi")
    answer = ask(owner, "assign", loss=[loss.id], userid="-")
    assert answer.status_code == 422
    assert "请选择分配给谁" in answer.text
    assert re.search(rf'value="{loss.id}" form="assign" checked', answer.text)
    assert "还没有勾选客户" in ask(owner, "assign", userid="zhaoyi").text
    assert ask(owner, "assign", loss=[loss.id], userid="nobody").status_code == 422


def test_an_answer_keeps_to_what_was_chosen(desk: Seat, shop: Database) -> None:
    owner, loss = desk("qianer", "owner"), loss_of(shop, "wmWang")
    answer = ask(owner, "assign", loss=[loss.id], userid="", query="?kind=member")
    assert names(answer) == {"王建国"}


def test_pages_follow_one_another(desk: Seat, runtime: Runtime) -> None:
    now = clock.utcnow()
    with runtime.db.write() as session:
        for number in range(60):
            lose(session, f"wm{number}", at=now - timedelta(minutes=number), name=f"第{number}位")
    owner = desk("qianer", "owner")
    first = owner.get("/admin/losses").text
    older = re.findall(r'href="(/admin/losses\?[^"]*before=\d+)#losses"', first)
    second = owner.get(older[0].replace("&amp;", "&")).text
    shown = [set(re.findall(r"第(\d+)位", page)) for page in (first, second)]
    assert [len(page) for page in shown] == [50, 10]
    assert not shown[0] & shown[1]


def test_many_losses_at_once_stand_on_the_page_until_somebody_takes_note(
    desk: Seat, runtime: Runtime
) -> None:
    now = clock.utcnow()
    with runtime.db.write() as session:
        losses = [lose(session, f"wm{number}", at=now, kind="member") for number in range(11)]
        config = runtime.config
        record_mass_losses(session, losses, config.alerts, config.server.zone)
    owner = desk("qianer", "owner")
    page = owner.get("/admin/losses").text
    assert "赵忆南 在 60 分钟内删除或失去了 11 位客户" in page
    link = re.findall(r'alert-link" href="([^"]+)"', page)[0].replace("&amp;", "&")
    assert owner.get(link).text.count('id="loss-') == 11
    alarm = re.findall(r'name="alarm" value="(\d+)"', page)[0]
    assert ask(owner, "seen", SAME_SITE, alarm=alarm).status_code == 303
    assert "集中流失" not in owner.get("/admin/losses").text
    [(action, _who, detail)] = audited(runtime.db)
    assert (action, detail["count"]) == ("mass_loss_seen", 11)
    assert ask(owner, "seen", SAME_SITE, alarm="999").status_code == 404


@pytest.mark.usefixtures("shop")
def test_an_old_sign_in_is_led_to_the_proof_and_back(desk: Seat, wait: Wait) -> None:
    owner = desk("qianer", "owner")
    wait(11 * 60)
    asked = "/admin/losses/export?since=2026-01-01&kind=all&state=%E5%85%AC%E4%BC%97%E5%8F%B7"
    sent = urlsplit(owner.get(asked).headers["Location"])
    assert sent.path == "/admin/prove"
    assert parse_qs(sent.query)["next"] == [asked]
    page = owner.get(f"{sent.path}?{sent.query}").text
    assert "确认是你本人" in page
    again = re.findall(r'href="(/admin/sign-in/wecom\?next=[^"]+)"', page)[0]
    answer = owner.answer(again.replace("&amp;", "&"))
    assert owner.get(answer).headers["Location"] == asked
    assert owner.get(asked).status_code == 200


def test_a_fresh_sign_in_gets_the_file_and_is_on_record(desk: Seat, shop: Database) -> None:
    owner = desk("qianer", "owner")
    assert "共 3 行" in owner.get("/admin/losses/export?kind=all").text
    answer = owner.get("/admin/losses/file?kind=all")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].endswith(".csv")
    head, *rows = read(answer.data)
    assert head[:4] == ["客户", "备注", "员工", "谁删了谁"]
    assert {(row[0], row[2], row[3]) for row in rows} == {
        ("李晓雯", "赵忆南", "客户删除了员工"),
        ("王建国", "赵忆南", "员工删除了客户"),
        ("钱家的客户", "钱尔雅", "客户删除了员工"),
    }
    assert audited(shop) == [("losses_exported", "", {"count": 3})]


def test_hostile_names_are_text_on_the_page(desk: Seat, runtime: Runtime) -> None:
    evil = "<script>alert(1)</script>"
    with runtime.db.write() as session:
        lose(session, "wmEvil", name=evil, state=evil)
    page = desk("qianer", "owner").get("/admin/losses").text
    assert evil not in page
    assert page.count("&lt;script&gt;alert(1)") >= 2


@pytest.mark.usefixtures("shop")
def test_dates_that_are_none_are_taken_for_the_usual_ones(desk: Seat) -> None:
    owner = desk("qianer", "owner")
    for query in ("since=x", "until=9999-12-31", "since=0001-01-01", "before=9&kind=nonsense"):
        assert owner.get(f"/admin/losses?{query}").status_code == 200, query
    assert names(owner.get("/admin/losses?since=2999-01-01&until=2020-01-01")) == names(
        owner.get("/admin/losses")
    )

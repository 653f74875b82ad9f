"""The first pages of the admin web: roles, the audit log, the figures of today."""

from functools import partial

import pytest
from sqlalchemy import update

from app.accounts.queries import list_roles
from app.audit.actions import record_audit
from app.audit.models import AuditEntry
from app.members.models import Member
from app.runtime import Runtime
from tests.admin.conftest import Seat


def roles(runtime: Runtime) -> dict[str, str]:
    with runtime.db.read() as session:
        return {row.userid: row.role for row in list_roles(session)}


def test_an_owner_gives_a_role_and_takes_it(desk: Seat, runtime: Runtime) -> None:
    owner = desk("qianer", "owner")
    assert owner.act("/admin/members/give", userid="lisi", role="auditor").status_code == 303
    assert roles(runtime) == {"qianer": "owner", "lisi": "auditor"}
    page = owner.get("/admin/members")
    assert "现在是审计员" in page.text
    assert "现在是审计员" not in owner.get("/admin/members").text
    assert owner.act("/admin/members/take", userid="lisi").status_code == 303
    assert roles(runtime) == {"qianer": "owner"}


def test_what_cannot_be_is_said_in_words_and_what_was_typed_stays(desk: Seat) -> None:
    owner = desk("qianer", "owner")
    for form, words in (
        ({"userid": "<b>nobody", "role": "admin"}, "没有账号为「&lt;b&gt;nobody」的成员"),
        ({"userid": "x" * 100, "role": "admin"}, "没有账号为"),
        ({"userid": "lisi", "role": "king"}, "请选择一个角色"),
        ({"userid": "qianer", "role": "admin"}, "至少要留一位所有者"),
    ):
        answer = owner.act("/admin/members/give", **form)
        assert answer.status_code == 422
        assert words in answer.text
    assert 'value="lisi"' in owner.act("/admin/members/give", userid="lisi", role="").text


def test_a_hostile_name_is_text(desk: Seat, runtime: Runtime) -> None:
    with runtime.db.write() as session:
        session.execute(
            update(Member).where(Member.userid == "qianer").values(name="<script>x</script>")
        )
    owner = desk("qianer", "owner")
    for path in ("overview", "members", "audit", "sessions"):
        assert "<script>x" not in owner.get(f"/admin/{path}").text


def test_the_log_is_chosen_from_and_paged(desk: Seat, runtime: Runtime) -> None:
    owner = desk("qianer", "owner")
    for number in range(60):
        work = partial(record_audit, userid="lisi", action="tested", external_userid=f"wm{number}")
        runtime.db.commit(work)
    first = owner.choose("audit", userid="lisi", action="tested")
    assert first.text.count("wm") == 50
    older = first.text.split('href="/admin/audit?before=')[1].split('"')[0]
    second = owner.get(f"/admin/audit?before={older.replace('&amp;', '&')}")
    assert second.text.count("wm") == 10
    assert "没有符合条件的记录" in owner.choose("audit", userid="nobody").text
    assert "没有符合条件的记录" in owner.choose("audit", action="x" * 64).text


def test_whom_somebody_looks_for_stands_in_no_address(desk: Seat) -> None:
    owner = desk("qianer", "owner")
    led = owner.act("/admin/audit/choose", external_userid="wmSomebody")
    assert led.headers["Location"].startswith("/admin/audit?f=")
    assert "wmSomebody" not in led.headers["Location"]
    assert 'value="wmSomebody"' in owner.get(led.headers["Location"]).text


@pytest.mark.parametrize("made_up", ["x", "%00", "AAAA" * 40, "中文", "=" * 9])
def test_choices_that_somebody_made_up_are_none(desk: Seat, made_up: str) -> None:
    answer = desk("qianer", "owner").get(f"/admin/audit?f={made_up}")
    assert answer.status_code == 200


def test_whether_the_log_is_whole_is_checked_on_a_button(desk: Seat, runtime: Runtime) -> None:
    owner = desk("qianer", "owner")
    assert owner.act("/admin/audit/verify").status_code == 303
    assert "首尾相连，没有被改过" in owner.get("/admin/audit").text
    with runtime.db.write() as session:
        session.execute(update(AuditEntry).where(AuditEntry.id == 1).values(userid="somebody"))
    answer = owner.act("/admin/audit/verify")
    assert answer.status_code == 422
    assert "编号 1 的记录被改过" in answer.text

"""Signing in to the admin web, and what ends it."""

import logging
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import update

from app import clock
from app.accounts.actions import grant_role, make_login_link, revoke_role
from app.accounts.models import AdminSession
from app.accounts.queries import list_sessions
from app.admin.auth import LINKS_AT_ONCE, PROOF_LIFE
from app.runtime import Runtime
from app.sandbox.server import Sandbox
from tests.admin.conftest import Desk, Seat


def link_for(runtime: Runtime, userid: str) -> str:
    return runtime.db.commit(partial(make_login_link, userid=userid))


def test_a_member_with_a_role_comes_in_by_wecom(desk: Seat, runtime: Runtime) -> None:
    owner = desk("qianer", "owner")
    page = owner.get("/admin/overview")
    assert page.status_code == 200
    assert "钱尔雅" in page.text
    with runtime.db.read() as session:
        [row] = list_sessions(session, "qianer")
    assert row.agent == "Chrome · Windows"


def test_a_member_without_one_is_told_so(desk: Seat) -> None:
    answer = desk("zhaoyi").sign_in()
    assert answer.status_code == 403
    assert "你还没有后台角色" in answer.text


def test_whoever_is_not_signed_in_is_led_to_the_door(desk: Seat) -> None:
    answer = desk("qianer").get("/admin/overview")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/sign-in")


def test_an_answer_of_wecom_is_good_once_and_in_the_browser_that_asked(
    desk: Seat, runtime: Runtime
) -> None:
    runtime.db.commit(partial(grant_role, userid="qianer", role="owner"))
    mine, other = desk("qianer"), desk("qianer")
    answer = mine.answer()
    assert other.get(answer).status_code == 400
    assert mine.get(answer).status_code == 303
    assert mine.get(answer).status_code == 400


def test_a_refusal_of_wecom_names_what_to_check(desk: Seat, box: Sandbox) -> None:
    box.faults.errcode("auth/getuserinfo", 60020, times=None)
    answer = desk("qianer").sign_in()
    assert answer.status_code == 502
    assert "企业可信 IP" in answer.text


def test_a_login_link_lets_its_member_in_once(desk: Seat, runtime: Runtime) -> None:
    runtime.db.commit(partial(grant_role, userid="qianer", role="owner"))
    token = link_for(runtime, "qianer")
    first, second = desk("x"), desk("x")
    assert first.post("/admin/sign-in/link", {"link": token}).status_code == 303
    assert first.get("/admin/overview").status_code == 200
    assert second.post("/admin/sign-in/link", {"link": token}).status_code == 400


def test_links_cannot_be_guessed_at_will(desk: Seat) -> None:
    guesser = desk("x")
    tried = [guesser.post("/admin/sign-in/link", {"link": "x"}) for _ in range(LINKS_AT_ONCE + 1)]
    assert [answer.status_code for answer in tried] == [400] * LINKS_AT_ONCE + [429]


def test_signing_out_ends_the_session_and_not_only_the_cookie(desk: Seat, app: Flask) -> None:
    owner = desk("qianer", "owner")
    kept = owner.cookie()
    assert owner.act("/admin/sign-out").status_code == 303
    thief = Desk(app, "x")
    thief.take_cookie(kept)
    assert thief.get("/admin/overview").status_code == 303


def test_other_places_are_signed_out_from_here(desk: Seat) -> None:
    here, there = desk("qianer", "owner"), desk("qianer")
    there.sign_in()
    assert there.get("/admin/overview").status_code == 200
    assert here.act("/admin/sessions/end-others").status_code == 303
    assert "已退出其他 1 处登录" in here.get("/admin/sessions").text
    assert there.get("/admin/overview").status_code == 303
    assert here.get("/admin/overview").status_code == 200


def test_whose_role_is_taken_is_out_at_the_next_request(desk: Seat, runtime: Runtime) -> None:
    desk("qianer", "owner")
    auditor = desk("lisi", "auditor")
    assert auditor.get("/admin/audit").status_code == 200
    runtime.db.commit(partial(revoke_role, userid="lisi"))
    assert auditor.get("/admin/audit").status_code == 303


def test_no_token_stands_in_the_log(
    desk: Seat, runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    owner = desk("qianer", "owner")
    token = link_for(runtime, "qianer")
    owner.post("/admin/sign-in/link", {"link": token})
    assert token not in caplog.text
    assert owner.cookie() not in caplog.text


@pytest.mark.parametrize(
    "wanted",
    [
        "http://[",
        "https://evil.example.com/admin/",
        "//evil.example.com",
        "/\\evil.example.com",
        "/admin/../sidebar/",
        "/sidebar/",
        "/admin/x\r\nX-Evil: 1",
        "javascript:alert(1)",
    ],
)
def test_a_sign_in_leads_to_pages_of_the_admin_web_alone(
    desk: Seat, runtime: Runtime, wanted: str
) -> None:
    runtime.db.commit(partial(grant_role, userid="qianer", role="owner"))
    owner = desk("qianer")
    answer = owner.get(owner.answer(next=wanted))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/")


def test_a_sign_in_leads_back_to_where_it_was_asked_for(desk: Seat, runtime: Runtime) -> None:
    runtime.db.commit(partial(grant_role, userid="qianer", role="owner"))
    owner = desk("qianer")
    answer = owner.get(owner.answer(next="/admin/members?before=7"))
    assert answer.headers["Location"] == "/admin/members?before=7"


def test_what_asks_for_more_wants_a_fresh_sign_in(desk: Seat, runtime: Runtime) -> None:
    owner = desk("qianer", "owner")
    with runtime.db.write() as session:
        before = clock.utcnow() - PROOF_LIFE - timedelta(seconds=1)
        session.execute(update(AdminSession).values(proved_at=before))
    answer = owner.act("/admin/members/give", userid="lisi", role="auditor")
    assert answer.status_code == 403
    assert 'href="/admin/sign-in/wecom?next=/admin/members"' in answer.text
    owner.get(owner.answer(next="/admin/members"))
    assert owner.act("/admin/members/give", userid="lisi", role="auditor").status_code == 303

"""The page 体检: the doctor's checks row by row, and waiting for WeCom's check of our address."""

import re
import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from app import clock
from app.admin.pages.health.exams import AT_ONCE
from app.arrivals import Arrival, Came, record_arrivals
from app.deliveries.actions import record_intent, record_outcome
from app.doctor import CHECKS, key_of, run_check
from app.doctor.exam import Exam, Mark
from app.doctor.machine import check_mode
from app.runtime import Runtime
from app.sandbox.server import Sandbox
from tests.admin.conftest import Desk, Seat
from tests.callbacks.test_knocks import check
from tests.deployment import wait_until

HTMX = {"HX-Request": "true"}
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}
PATH = "/admin/health"


@pytest.fixture
def owner(desk: Seat, box: Sandbox) -> Desk:
    """Seat an owner, in a corp whose console is filled in."""
    box.app.redirect_domain = "127.0.0.1:8000"
    return desk("qianer", "owner")


def row(owner: Desk, name: str, query: str = "") -> str:
    """Return the row of one check, run now."""
    answer = owner.get(f"{PATH}/check?name={name}{query}", **HTMX)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    return re.sub(r"\s+", " ", answer.text)


def begin(owner: Desk) -> str:
    """Press the button as htmx does; return what comes in place of the rows."""
    form = {"csrf_token": owner.token()}
    answer = owner.post(f"{PATH}/run", form, {**SAME_SITE, **HTMX})
    assert answer.status_code == 200
    return answer.text


def waiting(owner: Desk, since: float = 0.0) -> str:
    began = clock.utcnow() - timedelta(seconds=since)
    return owner.get(f"{PATH}/waiting?since={int(began.timestamp())}", **HTMX).text


def asked(box: Sandbox, api: str) -> int:
    return len([call for call in box.ledger.calls() if call.api == api])


def noted(runtime: Runtime) -> int:
    with runtime.db.read() as session:
        return session.query(Arrival).count()


def test_every_check_has_its_row_and_none_is_run_by_looking(
    owner: Desk, box: Sandbox, runtime: Runtime
) -> None:
    calls = len(box.ledger.calls())
    page = owner.get(PATH).text
    for check_of in CHECKS:
        assert f'id="check-{key_of(check_of[1])}"' in page
    assert "data-mark" not in page
    assert len(box.ledger.calls()) == calls
    del runtime


def test_a_press_brings_rows_that_ask_for_themselves_and_share_one_token(
    owner: Desk, box: Sandbox
) -> None:
    wanted = re.findall(r'hx-get="(/admin/health/check\?[^"]+run=[^"]+)"', begin(owner))
    assert len(wanted) == len(CHECKS)
    before = asked(box, "gettoken")
    answers = [owner.get(address.replace("&amp;", "&"), **HTMX) for address in wanted]
    assert {answer.status_code for answer in answers} == {200}
    marks = re.findall(r'data-mark="(\w+)"', "".join(answer.text for answer in answers))
    # Nothing answers at our own address here.
    assert marks.count("bad") == 1
    assert marks.count("good") >= len(CHECKS) - 3
    assert asked(box, "gettoken") - before == 1


def test_an_address_that_is_not_trusted_is_there_to_be_copied(owner: Desk, box: Sandbox) -> None:
    box.app.trusted_ips = {"203.0.113.7"}
    found = row(owner, "trusted_ip")
    assert 'data-mark="bad"' in found
    assert "不在企业可信 IP 里" in found
    assert "请打开：管理后台 → 应用管理 → 自建 → 本应用 → 企业可信IP" in found
    assert re.search(r"data-copy-text>127\.0\.0\.1</code>", found)
    assert re.search(r"agent/get 60020", found)


def test_the_domain_that_is_wanted_is_there_to_be_copied(owner: Desk, box: Sandbox) -> None:
    box.app.redirect_domain = "scrm.example.com"
    assert re.search(r"data-copy-text>127\.0\.0\.1:8000</code>", row(owner, "domain"))


def test_a_check_by_itself_sees_what_was_put_right(owner: Desk, box: Sandbox) -> None:
    box.app.callable_external = False
    assert 'data-mark="bad"' in row(owner, "permission")
    box.app.callable_external = True
    assert 'data-mark="good"' in row(owner, "permission")


def test_a_clock_that_is_wrong_is_told_by_a_check_alone(owner: Desk, box: Sandbox) -> None:
    assert 'data-mark="good"' in row(owner, "clock")
    # The server follows its own clock from now on.
    clock.follow(None)
    box.clock.move(-90)
    assert "比企业微信快 90 秒" in row(owner, "clock")


def test_who_greets_instead_is_told_from_the_adds_without_a_code(
    owner: Desk, runtime: Runtime
) -> None:
    assert "最近 7 天没有人添加客户" in row(owner, "greeting")
    for number in range(6):
        with runtime.db.write() as session:
            delivery = record_intent(
                session,
                kind="welcome",
                dedupe_key=f"w{number}",
                recipient=f"wm{number}",
                userid="zhaoyi",
                external_userid=f"wm{number}",
            )
            assert delivery is not None
            reason = "no_code_console" if number else ""
            record_outcome(session, delivery.id, outcome="skipped", reason=reason)
    found = row(owner, "greeting")
    assert 'data-mark="note"' in found
    assert "6 次添加里，5 次没有凭证（多为 赵忆南）" in found
    assert "客户联系 → 欢迎语" in found


def test_a_database_that_cannot_be_asked_leaves_what_hangs_on_it(
    owner: Desk, runtime: Runtime
) -> None:
    with runtime.db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE deliveries RENAME TO gone")
    assert 'data-mark="left"' in row(owner, "greeting")


def test_checks_that_come_at_once_put_a_question_once(box: Sandbox, runtime: Runtime) -> None:
    exam, before = Exam(runtime.config), asked(box, "agent/get")
    held = box.faults.hold("agent/get")
    threads = [threading.Thread(target=lambda: exam.app) for _ in range(4)]
    for thread in threads:
        thread.start()
    held.wait_reached()
    held.release()
    for thread in threads:
        thread.join()
    exam.close()
    assert asked(box, "agent/get") - before == 1


def test_what_comes_after_the_time_for_all_is_left(runtime: Runtime) -> None:
    exam = Exam(runtime.config, seconds=0)
    [finding] = run_check(check_mode, exam)
    assert finding.mark is Mark.LEFT
    assert "总时限已到" in finding.words


def test_an_unknown_check_is_none(owner: Desk) -> None:
    for name in ("", "nothing", "__class__"):
        assert owner.get(f"{PATH}/check?name={name}").status_code == 404


def test_whoever_presses_again_and_again_is_asked_to_wait(owner: Desk) -> None:
    form = {"csrf_token": owner.token()}
    headers = {**SAME_SITE, **HTMX}
    answers = [owner.post(f"{PATH}/run", form, headers) for _ in range(AT_ONCE + 1)]
    assert [answer.status_code for answer in answers] == [200] * AT_ONCE + [429]


def test_without_a_script_every_check_is_run_before_the_page_is_shown(owner: Desk) -> None:
    answer = owner.act(f"{PATH}/run")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{PATH}/all")
    page = owner.get(f"{PATH}/all").text
    assert page.count("data-mark=") >= len(CHECKS) - 1
    assert "还要自己看一眼的" in page


def test_an_auditor_looks_and_runs_nothing(desk: Seat) -> None:
    auditor = desk("lisi", "auditor")
    page = auditor.get(PATH)
    assert page.status_code == 200
    assert "全部检查" not in page.text.split("</h1>")[1].split("<p")[0]
    for path in ("check?name=mode", "all"):
        assert auditor.get(f"{PATH}/{path}").status_code == 403
    assert auditor.get(f"{PATH}/waiting").status_code == 200


def test_no_secret_is_shown(owner: Desk, box: Sandbox, runtime: Runtime) -> None:
    page = owner.get(PATH).text + owner.get(f"{PATH}/all").text
    secret_key = runtime.config.server.secret_key.get_secret_value()
    for secret in (box.secret, box.token, box.aes_key, secret_key):
        assert secret not in page


def test_wecoms_check_turns_the_box(owner: Desk, app: Flask, runtime: Runtime) -> None:
    assert "还没有收到验证请求" in waiting(owner)
    assert check(app.test_client()) == 200
    wait_until(lambda: noted(runtime))
    found = waiting(owner, since=5)
    assert "ad-wait_answered" in found
    assert "刚刚收到" in found
    assert "刚刚收到" not in waiting(owner, since=-60)


def test_a_wrong_token_says_so(owner: Desk, app: Flask, runtime: Runtime) -> None:
    check(app.test_client(), token="AnotherToken")
    wait_until(lambda: noted(runtime))
    found = waiting(owner, since=5)
    assert "ad-wait_refused" in found
    assert "签名不符：Token 与控制台里的不一致" in found


def test_the_last_check_counts(owner: Desk, runtime: Runtime) -> None:
    now = clock.utcnow()
    came = {
        Came("app", "check", "signature"): now - timedelta(minutes=3),
        Came("app", "check", "answered"): now - timedelta(minutes=2),
        # Anybody can open the address in a browser.
        Came("app", "check", "parameters"): now,
    }
    with runtime.db.write() as session:
        record_arrivals(session, came)
    assert "ad-wait_answered" in waiting(owner, since=600)
    with runtime.db.write() as session:
        late = now + timedelta(seconds=1)
        session.execute(update(Arrival).where(Arrival.verdict == "signature").values(at=late))
    assert "ad-wait_refused" in waiting(owner, since=600)


def test_a_long_silence_says_where_to_look(owner: Desk) -> None:
    assert "已经等了 10 分钟" not in waiting(owner, since=500)
    found = waiting(owner, since=700)
    assert "已经等了 10 分钟" in found
    assert "防火墙" in found


def test_a_request_to_another_name_is_told(owner: Desk, app: Flask, runtime: Runtime) -> None:
    app.test_client().get("/callbacks/other")
    wait_until(lambda: noted(runtime))
    assert "没有配置的名字" in waiting(owner, since=5)


def test_our_own_examination_does_not_turn_the_box(owner: Desk) -> None:
    row(owner, "receivers")
    assert "还没有收到验证请求" in waiting(owner)

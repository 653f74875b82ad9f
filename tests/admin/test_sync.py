"""The page 同步: begun, watched, cancelled, its report, who is held back, why it was refused."""

import pytest
from sqlalchemy import select

from app.audit.models import AuditEntry
from app.customers.models import FollowUser
from app.runtime import Runtime
from app.sandbox.server import Sandbox
from app.sync import jobs
from app.sync.models import SyncRun
from app.sync.queries import find_open_run, list_held
from tests.admin.conftest import Desk, Seat
from tests.sync.walks import begin, go_on, walk

PATH = "/admin/sync"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "SECOND_LOOK", jobs.SECOND_LOOK * 0)


@pytest.fixture
def owner(desk: Seat) -> Desk:
    return desk("qianer", "owner")


def deeds(runtime: Runtime) -> list[tuple[str, str]]:
    with runtime.db.read() as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.action.like("sync_%"))).all()
    return [(row.action, row.userid) for row in rows]


def open_run(runtime: Runtime) -> SyncRun | None:
    with runtime.db.read() as session:
        return find_open_run(session)


def lose_most(runtime: Runtime, box: Sandbox, userid: str = "zhaoyi") -> int:
    """Have a member delete many of his customers without a word; return how many."""
    box.world.lists_one_way = False
    mine = [one.external_userid for one in box.world.relations_from(userid)]
    for external_userid in mine[1:]:
        box.people.member_deletes_customer(userid, external_userid)
    walk(runtime)
    return len(mine) - 1


def test_before_the_first_it_says_what_would_come(owner: Desk) -> None:
    page = owner.get(PATH).text
    assert "还没有同步过" in page
    assert "开始第一次同步" in page


def test_begun_watched_and_done(owner: Desk, runtime: Runtime) -> None:
    led = owner.act(f"{PATH}/begin")
    assert led.status_code == 303
    page = owner.get(PATH).text
    assert "正在读取部门、成员和标签" in page
    assert "开始第一次同步</button>" not in page
    run = open_run(runtime)
    assert run
    assert deeds(runtime) == [("sync_begun", "qianer")]
    assert 'hx-trigger="every 2s"' in owner.get(f"{PATH}/progress").text
    go_on(runtime, run.id)
    assert "这次同步已经结束" in owner.get(f"{PATH}/progress").text
    page = owner.get(PATH).text
    assert "已完成" in page
    assert "第一次，不算" in page
    assert "现在对账" in page
    report = owner.get(f"{PATH}/report?run={run.id}").text
    assert "走完 4 位成员，暂缓 0 位，企业微信拒绝 0 位。" in report


def test_the_report_says_who_came_and_went_unheard_in_groups(
    owner: Desk, runtime: Runtime, box: Sandbox
) -> None:
    made = [box.people.group_created("zhaoyi", name).chat_id for name in ("一群", "二群")]
    walk(runtime)
    box.people.group_joined(made[0], ["wmOne", "wmTwo"])
    box.people.group_dismissed(made[1])
    report = owner.get(f"{PATH}/report?run={walk(runtime).id}").text
    assert "客户群进出 2 人次，解散 1 个。" in report


def test_the_report_says_why_groups_were_left_out(
    owner: Desk, runtime: Runtime, box: Sandbox
) -> None:
    box.faults.errcode("externalcontact/groupchat/*", 48002, times=None)
    report = owner.get(f"{PATH}/report?run={walk(runtime).id}").text
    assert "客户群没有核对：" in report
    assert "请打开：" in report


def test_a_second_one_is_refused_in_words(owner: Desk, runtime: Runtime) -> None:
    begin(runtime)
    answer = owner.act(f"{PATH}/begin")
    assert "正在同步，请等它结束，或者先取消它" in answer.text


def test_cancelled_it_is_over(owner: Desk, runtime: Runtime) -> None:
    run_id = begin(runtime)
    assert owner.act(f"{PATH}/cancel").status_code == 303
    assert open_run(runtime) is None
    assert "已取消" in owner.get(f"{PATH}/report?run={run_id}").text
    assert deeds(runtime) == [("sync_cancelled", "qianer")]
    assert owner.act(f"{PATH}/cancel").status_code == 303


def test_a_refusal_says_what_to_open(owner: Desk, runtime: Runtime, box: Sandbox) -> None:
    box.faults.errcode("externalcontact/*", 48002)
    run = go_on(runtime, begin(runtime))
    report = owner.get(f"{PATH}/report?run={run.id}").text
    assert "本应用不在客户联系的“可调用接口的应用”里" in report
    assert "客户与上下游" in report


def test_a_member_who_was_refused_stands_in_the_report(
    owner: Desk, runtime: Runtime, box: Sandbox
) -> None:
    box.faults.errcode("externalcontact/batch/get_by_user", 60011, times=2)
    run = walk(runtime)
    report = owner.get(f"{PATH}/report?run={run.id}").text
    assert "没有读到的成员" in report
    assert "不在本应用的可见范围内" in report


def test_who_is_held_back_is_said_and_let_go_by_an_admin(
    owner: Desk, runtime: Runtime, box: Sandbox
) -> None:
    walk(runtime)
    missing = lose_most(runtime, box)
    page = owner.get(PATH).text
    assert f"没有列出其中 {missing} 位，超过 20%" in page
    assert owner.act(f"{PATH}/release", member="zhaoyi").status_code == 303
    with runtime.db.read() as session:
        assert list_held(session) == []
    run = open_run(runtime)
    assert run
    assert go_on(runtime, run.id).gone == missing
    with runtime.db.read() as session:
        gone = session.scalars(select(FollowUser.removed_by)).all()
    assert gone.count("reconcile") == missing
    assert ("sync_released", "qianer") in deeds(runtime)


def test_an_auditor_looks_and_does_nothing(desk: Seat, runtime: Runtime) -> None:
    auditor = desk("lisi", "auditor")
    page = auditor.get(PATH)
    assert page.status_code == 200
    assert "开始第一次同步</button>" not in page.text
    assert auditor.act(f"{PATH}/begin").status_code == 403
    assert open_run(runtime) is None


def test_no_such_run_is_no_such_page(owner: Desk, runtime: Runtime) -> None:
    run_id = begin(runtime)
    assert owner.get(f"{PATH}/report?run={run_id}").status_code == 404
    assert owner.get(f"{PATH}/report?run=99").status_code == 404

"""The page 队列与额度: lanes, processes, jobs, quotas and tokens, with Redis and without."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from flask import Flask

from app import clock, schema
from app.accounts.actions import grant_role
from app.assets import VENDOR
from app.db import Database
from app.deliveries.actions import record_intent
from app.factory import create_app
from app.members.jobs import sync_members
from app.runtime import Runtime
from app.sandbox.server import Sandbox
from app.schedule import Job, run_if_due
from app.vitals import build_vitals, tell
from app.wecom.ticket import Tickets
from tests import settings
from tests.admin.conftest import Desk, Seat
from tests.admin.events import receive
from tests.servers import OwnRedis

PATH = "/admin/queues"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    server = OwnRedis(tmp_path)
    yield server
    server.end()


@pytest.fixture
def ringing(
    tmp_path: Path, db: Database, box: Sandbox, wecom: str, own_redis: OwnRedis
) -> Iterator[Flask]:
    """Give the application with a Redis of its own."""
    assert VENDOR.is_dir(), "the front-end files are not there: make setup"
    config = settings.make_config(
        tmp_path,
        database={"url": str(db.url)},
        redis={"url": own_redis.url},
        wecom={
            "secret": box.secret,
            **dict.fromkeys(("api_base", "oauth_base", "login_base"), wecom),
        },
    )
    app = create_app(config)
    runtime: Runtime = app.extensions["banke_runtime"]
    sync_members(runtime)
    runtime.db.commit(partial(grant_role, userid="qianer", role="owner"))
    yield app
    runtime.db.close()
    runtime.wecom.close()


def state(seat: Desk) -> str:
    """Return what the page asks for every five seconds, on one line."""
    answer = seat.get(f"{PATH}/state", **HTMX)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    return re.sub(r">\s+<", "><", answer.text)


def section(text: str, name: str) -> str:
    found = re.search(rf'aria-labelledby="{name}".*?</section>', text, re.DOTALL)
    assert found
    return found[0]


def seated(app: Flask) -> Desk:
    made = Desk(app, "qianer")
    assert made.sign_in().status_code == 303
    return made


def test_lanes_tell_what_waits_and_for_how_long(desk: Seat, app: Flask, runtime: Runtime) -> None:
    receive(app, ExternalUserID="wmA", ChangeType="del_follow_user", WelcomeCode="")
    due_at = clock.utcnow() + timedelta(days=1)
    with runtime.db.write() as session:
        record_intent(session, kind="reminder", dedupe_key="r", recipient="lisi", due_at=due_at)
    lanes = section(state(desk("qianer", "owner")), "lanes")
    assert re.search(r'普通事件</th><td class="text-end">1</td><td class="text-end">0</td>', lanes)
    assert re.search(
        r'给成员的消息</th><td class="text-end">0</td><td class="text-end">1</td>', lanes
    )


def test_what_waits_too_long_is_marked(desk: Seat, app: Flask, wait: object) -> None:
    receive(app, ExternalUserID="wmA")
    assert callable(wait)
    wait(30)
    assert "太久了" in section(state(desk("qianer", "owner")), "lanes")


def test_jobs_tell_when_they_ran_and_how_it_ended(desk: Seat, runtime: Runtime) -> None:
    def fail(_runtime: Runtime) -> None:
        raise TimeoutError

    run_if_due(runtime, Job("retention.inbox", 3600, lambda _runtime: None))
    run_if_due(runtime, Job("retention.pushes", 3600, fail))
    jobs = section(state(desk("qianer", "owner")), "jobs")
    assert re.search(r"清理过期的资料（20 种）</th>.*?成功", jobs)
    assert "收到的回调事件" not in jobs
    assert re.search(r"清理过期的：写回企业微信的备注和标签</th>.*?没有成功.*?TimeoutError", jobs)
    assert re.search(r"同步企业标签</th><td[^>]*>还没有运行过", jobs)


def test_a_job_that_nobody_runs_is_marked(desk: Seat, runtime: Runtime, wait: object) -> None:
    run_if_due(runtime, Job("retention.inbox", 60, lambda _runtime: None))
    owner = desk("qianer", "owner")
    assert "到点没有运行" not in state(owner)
    assert callable(wait)
    wait(600)
    assert "到点没有运行" in section(state(owner), "jobs")


def test_without_redis_the_page_says_what_it_cannot_know(desk: Seat) -> None:
    page = state(desk("qianer", "owner"))
    assert "Redis 现在不回答" in section(page, "processes")
    assert "只有这个网页进程自己的调用" in section(page, "quotas")
    assert "没有配置 Redis" in section(page, "redis")
    # The sign-in has called this here.
    assert "auth/getuserinfo" in section(page, "quotas")


def test_processes_are_seen_and_one_that_is_missing_is_told(ringing: Flask) -> None:
    runtime: Runtime = ringing.extensions["banke_runtime"]
    tell(runtime, build_vitals(runtime, "web", clock.utcnow()))
    tell(runtime, replace(build_vitals(runtime, "worker", clock.utcnow()), pid=4711))
    processes = section(state(seated(ringing)), "processes")
    assert "4711" in processes
    assert re.search(r"补漏与定时任务（relay）</dt><dd><span[^>]*>没有运行", processes)


def test_an_api_that_wecom_has_shut_is_told_whichever_process_met_it(ringing: Flask) -> None:
    runtime: Runtime = ringing.extensions["banke_runtime"]
    runtime.wecom.limits.shut("user/get", 60)
    runtime.wecom.limits.crowded("message/send")
    tell(runtime, build_vitals(runtime, "worker", clock.utcnow()))
    quotas = section(state(seated(ringing)), "quotas")
    assert re.search(r"user/get</th>.*?已暂停</span> 调用次数到了上限", quotas)
    assert re.search(r"message/send</th>.*?减半", quotas)


def test_tokens_tell_their_age_and_never_themselves(ringing: Flask) -> None:
    runtime: Runtime = ringing.extensions["banke_runtime"]
    ticket = Tickets(runtime.wecom).corp()
    token = runtime.wecom._token.get()  # noqa: SLF001 -- what must not be on the page
    page = state(seated(ringing))
    secrets = section(page, "secrets")
    for secret in (ticket, token):
        assert secret.version[:8] in secrets
        assert secret.value not in page
    assert secrets.count("各进程共用") == 2
    assert "还没有取过，用到时才取" in secrets


def test_redis_the_database_and_the_versions_are_named(ringing: Flask) -> None:
    page = state(seated(ringing))
    assert "毫秒回答" in section(page, "redis")
    database = section(page, "database")
    assert "SQLite" in database
    assert schema.wanted_revision() in database
    assert "wechatpy" in section(page, "versions")


def test_a_redis_that_dies_meanwhile_leaves_the_page_whole(
    ringing: Flask, own_redis: OwnRedis
) -> None:
    seat = seated(ringing)
    own_redis.end()
    page = state(seat)
    assert "没有回答（ConnectionError）" in section(page, "redis")
    assert "Redis 现在不回答" in section(page, "processes")


def test_hostile_vitals_are_text(ringing: Flask) -> None:
    runtime: Runtime = ringing.extensions["banke_runtime"]
    made = build_vitals(runtime, "worker", clock.utcnow())
    tell(runtime, replace(made, host="<script>x</script>"))
    assert "<script>x" not in state(seated(ringing))

"""Processes tell of themselves in Redis, and what lies there in another form is left alone."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app import clock
from app.db import Database
from app.runtime import Runtime, build_runtime
from app.vitals import PREFIX, Vitals, build_vitals, keep_telling, list_vitals, tell
from app.wecom.limits import Limits
from tests import settings
from tests.deployment import wait_until
from tests.servers import OwnRedis


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    server = OwnRedis(tmp_path)
    yield server
    server.end()


@pytest.fixture
def runtime(tmp_path: Path, db: Database, own_redis: OwnRedis) -> Iterator[Runtime]:
    config = settings.make_config(
        tmp_path, database={"url": str(db.url)}, redis={"url": own_redis.url}
    )
    made = build_runtime(config)
    yield made
    made.db.close()


def vitals(runtime: Runtime, part: str = "worker") -> Vitals:
    return build_vitals(runtime, part, clock.utcnow())


def test_what_one_process_tells_another_reads(runtime: Runtime) -> None:
    with runtime.wecom.limits.slot("message/send", within=1):
        told = vitals(runtime)
    tell(runtime, told)
    assert list_vitals(runtime) == [told]
    [gate] = told.gates
    assert (gate.api, gate.in_flight, gate.cap) == ("message/send", 1, 10)


def test_two_processes_stand_beside_each_other(runtime: Runtime) -> None:
    tell(runtime, vitals(runtime))
    tell(runtime, replace(vitals(runtime, "relay"), pid=1))
    told = list_vitals(runtime)
    assert told is not None
    assert {one.part for one in told} == {"worker", "relay"}


def test_a_process_that_runs_goes_on_telling(runtime: Runtime) -> None:
    keep_telling(runtime, "web")
    assert [one.part for one in wait_until(lambda: list_vitals(runtime) or [])] == ["web"]


def test_what_lies_there_in_another_form_is_left_alone(runtime: Runtime) -> None:
    redis = runtime.bell.connection
    assert redis is not None
    for number, text in enumerate((b"no json", b"[]", b'{"part": "worker"}', b"\xff")):
        redis.set(f"{PREFIX}{number}", text)
    tell(runtime, vitals(runtime))
    assert len(list_vitals(runtime) or []) == 1


def test_it_is_gone_soon_after_the_process(runtime: Runtime) -> None:
    tell(runtime, vitals(runtime))
    redis = runtime.bell.connection
    assert redis is not None
    [key] = redis.keys(f"{PREFIX}*")
    assert 0 < redis.pttl(key) <= timedelta(seconds=15) / timedelta(milliseconds=1)


def test_a_redis_that_is_away_is_told_from_one_where_nobody_tells(
    runtime: Runtime, own_redis: OwnRedis
) -> None:
    assert list_vitals(runtime) == []
    own_redis.end()
    tell(runtime, vitals(runtime))
    assert list_vitals(runtime) is None


def test_a_gate_tells_what_is_left_and_how_long_it_is_shut() -> None:
    now = [100.0]
    limits = Limits(now=lambda: now[0])
    for _call in range(500):
        with limits.slot("user/get", within=0):
            pass
    limits.shut("user/get", 60)
    limits.crowded("user/get")
    [state] = limits.states()
    assert (state.left, state.shut_seconds, state.halved_seconds) == (0.5, 60.0, 30.0)
    assert state.cap == 2
    now[0] += 61
    [state] = limits.states()
    assert (state.left, state.shut_seconds, state.cap) == (1.0, 0.0, 5)

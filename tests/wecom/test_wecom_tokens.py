"""Tokens: fetched once for all threads and processes, sealed in Redis, and good without it."""

import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis

from app import clock
from app.seal import Sealer
from app.wecom import user
from app.wecom.client import WeComClient
from app.wecom.errors import MissingPermission, TryAgainLater
from app.wecom.tokens import Issued, SharedSecretCache, SharedSecrets

from .bare import ZHAOYI, BareWeCom, quick_redis
from .conftest import OwnRedis

PROCESSES = 4
THREADS = 8
ROUNDS = 30


class Source:
    """Gives out numbered tokens and counts them."""

    def __init__(self) -> None:
        self.count = 0
        self.fails: Exception | None = None
        self.gate: threading.Event | None = None

    def fetch(self, _within: float) -> Issued:
        """Give out the next one."""
        self.count += 1
        if self.gate:
            self.gate.wait(5)
        if self.fails:
            raise self.fails
        return Issued(value=f"canary-{self.count}", expires_in=7200)


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def name() -> str:
    return uuid.uuid4().hex


@pytest.fixture
def cache(source: Source, name: str) -> SharedSecretCache:
    return shared_cache(source, name, None)


@pytest.fixture
def move(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[timedelta], None]]:
    """Move the clock."""
    offset = tmp_path / "offset"
    offset.write_text("0")
    monkeypatch.setattr(clock, "REREAD_SECONDS", 0)
    clock.follow(offset)

    def move(by: timedelta) -> None:
        offset.write_text(str(by.total_seconds()))

    yield move
    clock.follow(None)


def shared_cache(source: Source, name: str, redis: Redis | None) -> SharedSecretCache:
    return SharedSecrets(Sealer("k" * 32), redis).cache("access_token", name, fetch=source.fetch)


def rejecting(version: str) -> Callable[[SharedSecretCache], str]:
    return lambda cache: cache.invalidate(version).version


def test_a_token_is_fetched_once(cache: SharedSecretCache, source: Source) -> None:
    assert cache.get() == cache.get()
    assert source.count == 1


def test_a_token_is_renewed_at_85_percent_of_its_life(
    cache: SharedSecretCache, source: Source, move: Callable[[timedelta], None]
) -> None:
    cache.get()
    move(timedelta(seconds=7200 * 0.84))
    assert cache.get().value == "canary-1"
    move(timedelta(seconds=7200 * 0.86))
    assert cache.get().value == "canary-2"
    assert source.count == 2


def test_the_old_token_serves_on_while_a_new_one_cannot_be_had(
    cache: SharedSecretCache, source: Source, move: Callable[[timedelta], None]
) -> None:
    cache.get()
    source.fails = TryAgainLater("", api="gettoken")
    move(timedelta(seconds=7200 * 0.9))
    assert [cache.get().value for _ in range(3)] == ["canary-1"] * 3
    assert source.count == 2


def test_a_dead_token_is_not_used(
    cache: SharedSecretCache, source: Source, move: Callable[[timedelta], None]
) -> None:
    cache.get()
    source.fails = TryAgainLater("", api="gettoken")
    move(timedelta(seconds=7201))
    with pytest.raises(TryAgainLater):
        cache.get()


def test_many_threads_that_bring_one_rejected_version_fetch_once(
    cache: SharedSecretCache, source: Source
) -> None:
    version = cache.get().version
    with ThreadPoolExecutor(64) as pool:
        got = set(pool.map(lambda _: cache.invalidate(version).value, range(64)))
    assert got == {"canary-2"}
    assert source.count == 2


def test_a_version_rejected_late_does_not_cost_the_new_token(
    cache: SharedSecretCache, source: Source
) -> None:
    old = cache.get().version
    new = cache.invalidate(old)
    assert cache.invalidate(old) == new
    assert source.count == 2


def test_a_thread_waits_for_another_only_as_long_as_it_may(
    cache: SharedSecretCache, source: Source
) -> None:
    source.gate = threading.Event()
    slow = threading.Thread(target=cache.get)
    slow.start()
    began = time.monotonic()
    with pytest.raises(TryAgainLater):
        cache.get(within=0.1)
    assert time.monotonic() - began < 1
    source.gate.set()
    slow.join()


def test_a_refused_secret_is_remembered_for_a_while(
    cache: SharedSecretCache, source: Source
) -> None:
    source.fails = MissingPermission("", api="gettoken", errcode=40001)
    for _ in range(20):
        with pytest.raises(MissingPermission):
            cache.get()
    assert source.count == 1


def test_processes_share_one_token(redis: Redis, source: Source, name: str) -> None:
    assert shared_cache(source, name, redis).get() == shared_cache(source, name, redis).get()
    assert source.count == 1


def test_a_rejected_token_is_replaced_by_the_one_another_process_fetched(
    redis: Redis, source: Source, name: str
) -> None:
    one, other = shared_cache(source, name, redis), shared_cache(source, name, redis)
    version = one.get().version
    other.get()
    assert one.invalidate(version) == other.invalidate(version)
    assert source.count == 2


def test_whoever_gets_the_lock_late_looks_again_before_fetching(
    redis: Redis, source: Source, name: str
) -> None:
    caches = [shared_cache(source, name, redis) for _ in range(8)]
    version = caches[0].get().version
    with ThreadPoolExecutor(len(caches)) as pool:
        for _ in range(ROUNDS):
            got = set(pool.map(rejecting(version), caches))
            assert len(got) == 1
            version = got.pop()
    assert source.count == 1 + ROUNDS


def test_redis_holds_no_readable_token(redis: Redis, source: Source, name: str) -> None:
    shared_cache(source, name, redis).get()
    keys = redis.keys("banke:token:*")
    held = "".join(f"{key!r}{redis.get(key)!r}" for key in keys)
    assert keys
    assert "canary" not in held
    assert name not in held


def test_a_token_under_another_secret_key_counts_as_none(
    redis: Redis, source: Source, name: str
) -> None:
    cache = shared_cache(source, name, redis)
    redis.set(cache._key, "c3Bhbg==")  # noqa: SLF001 -- what another deployment may leave
    assert cache.get().value == "canary-1"


def test_a_lock_left_by_a_dead_process_is_waited_for_only_as_long_as_one_may(
    redis: Redis, source: Source, name: str
) -> None:
    cache = shared_cache(source, name, redis)
    redis.set(f"{cache._key}:lock", "dead", px=500)  # noqa: SLF001 -- what a dead process leaves
    with pytest.raises(TryAgainLater):
        cache.get(within=0.1)
    assert cache.get(within=5).value == "canary-1"


def test_a_frozen_redis_costs_one_short_wait(
    own_redis: OwnRedis, source: Source, name: str
) -> None:
    with quick_redis(own_redis.url) as redis:
        cache = shared_cache(source, name, redis)
        version = cache.get().version
        own_redis.process.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        for _ in range(20):
            version = cache.invalidate(version).version
        own_redis.process.send_signal(signal.SIGCONT)
    assert time.monotonic() - began < 1
    assert source.count == 21


def test_without_redis_tokens_are_had_all_the_same(
    own_redis: OwnRedis, source: Source, name: str
) -> None:
    own_redis.process.kill()
    own_redis.process.wait()
    with quick_redis(own_redis.url) as redis:
        assert shared_cache(source, name, redis).get().value == "canary-1"


def test_64_threads_with_a_revoked_token_fetch_one(
    wecom: BareWeCom, connect: Callable[..., WeComClient]
) -> None:
    wecom.replies["user/get"] = ZHAOYI
    client = connect()
    user.get(client, "zhaoyi")
    wecom.revoke()
    with ThreadPoolExecutor(64) as pool:
        got = list(pool.map(lambda _: user.get(client, "zhaoyi", within=10).userid, range(64)))
    assert got == ["zhaoyi"] * 64
    assert wecom.count("gettoken") == 2


def test_4_processes_with_a_revoked_token_fetch_one(wecom: BareWeCom, redis_url: str) -> None:
    wecom.replies["user/get"] = ZHAOYI
    with ExitStack() as stack:
        callers = [stack.enter_context(caller(wecom, redis_url)) for _ in range(PROCESSES)]
        assert [said(one) for one in callers] == ["warm"] * PROCESSES
        wecom.revoke()
        for one in callers:
            tell(one)
        assert [said(one) for one in callers] == [str(THREADS)] * PROCESSES
    assert wecom.count("gettoken") == 2


def caller(wecom: BareWeCom, redis_url: str) -> subprocess.Popen[str]:
    script = Path(__file__).with_name("call_wecom.py")
    paths = [str(script.parents[2]), os.environ.get("PYTHONPATH", "")]
    return subprocess.Popen(
        [sys.executable, script, wecom.base, "canary-secret-of-all", redis_url, str(THREADS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )


def said(process: subprocess.Popen[str]) -> str:
    """Return the next line that is no log line."""
    assert process.stdout
    while line := process.stdout.readline():
        if line.strip() == "warm" or line.strip().isdigit():
            return line.strip()
    return "nothing"


def tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("go\n")
    process.stdin.flush()

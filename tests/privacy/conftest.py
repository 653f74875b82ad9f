"""A corp in the sandbox on every database, with a Redis of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app import clock
from app.db import Database
from app.runtime import build_runtime
from app.sandbox.server import Sandbox, SandboxServer
from tests.groups.corp import Corp
from tests.servers import OwnRedis
from tests.settings import make_config


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    """Give a Redis that holds what this test puts there alone."""
    server = OwnRedis(tmp_path)
    yield server
    server.end()


@pytest.fixture
def corp(tmp_path: Path, any_db: Database, own_redis: OwnRedis) -> Iterator[Corp]:
    """Let a corp stand beside a runtime on this database."""
    box = Sandbox(tmp_path / "clock", seed=True)
    clock.follow(tmp_path / "clock")
    url = any_db.url.render_as_string(hide_password=False)
    with SandboxServer(box) as address:
        config = make_config(
            tmp_path,
            database={"url": url},
            redis={"url": own_redis.url},
            wecom={"api_base": address, "secret": box.secret},
        )
        runtime = build_runtime(config)
        made = Corp(box, runtime)
        made.wait(0)
        yield made
        runtime.db.close()
        runtime.wecom.close()
    clock.follow(None)

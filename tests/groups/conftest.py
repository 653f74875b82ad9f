"""A corp in the sandbox with a clock that tests may move, and a group to play with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app import clock
from app.db import Database
from app.runtime import build_runtime
from app.sandbox.server import Sandbox, SandboxServer
from tests.settings import make_config

from .corp import Corp


@pytest.fixture
def corp(tmp_path: Path, db: Database) -> Iterator[Corp]:
    box = Sandbox(tmp_path / "clock", seed=True)
    clock.follow(tmp_path / "clock")
    with SandboxServer(box) as address:
        wecom = {"api_base": address, "secret": box.secret}
        runtime = build_runtime(make_config(tmp_path, database={"url": str(db.url)}, wecom=wecom))
        yield Corp(box, runtime)
        runtime.db.close()
    clock.follow(None)


@pytest.fixture
def chat_id(corp: Corp) -> str:
    """Make a group of zhaoyi's, that we have not heard of yet."""
    record = corp.box.people.group_created("zhaoyi", "夏日团购群")
    corp.wait(20)
    return record.chat_id

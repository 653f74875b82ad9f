"""A corp in the sandbox with a clock that tests may move, and a group to play with."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app import clock
from app.db import Database
from app.runtime import build_runtime
from app.sandbox.server import Sandbox, SandboxServer
from tests.settings import make_config

from .corp import Corp


@contextmanager
def standing(folder: Path, database: Database) -> Iterator[Corp]:
    """Let a corp stand beside a runtime on this database."""
    box = Sandbox(folder / "clock", seed=True)
    clock.follow(folder / "clock")
    url = database.url.render_as_string(hide_password=False)
    with SandboxServer(box) as address:
        wecom = {"api_base": address, "secret": box.secret}
        runtime = build_runtime(make_config(folder, database={"url": url}, wecom=wecom))
        corp = Corp(box, runtime)
        corp.wait(0)
        yield corp
        runtime.db.close()
    clock.follow(None)


@pytest.fixture
def corp(tmp_path: Path, db: Database) -> Iterator[Corp]:
    with standing(tmp_path, db) as corp:
        yield corp


@pytest.fixture
def any_corp(tmp_path: Path, any_db: Database) -> Iterator[Corp]:
    """A corp on every kind of database that there is."""
    with standing(tmp_path, any_db) as corp:
        yield corp


@pytest.fixture
def chat_id(corp: Corp) -> str:
    """Make a group of zhaoyi's, that we have not heard of yet."""
    record = corp.box.people.group_created("zhaoyi", "夏日团购群")
    corp.wait(20)
    return record.chat_id

"""A sandbox behind a real socket, and a runtime that talks to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.db import Database
from app.runtime import Runtime, build_runtime
from app.sandbox.server import Sandbox, SandboxServer
from tests.settings import make_config


@pytest.fixture
def box() -> Iterator[Sandbox]:
    made = Sandbox(seed=True)
    yield made
    made.close()


@pytest.fixture
def address(box: Sandbox) -> Iterator[str]:
    with SandboxServer(box) as address:
        yield address


@pytest.fixture
def runtime(tmp_path: Path, db: Database, box: Sandbox, address: str) -> Iterator[Runtime]:
    wecom = {"api_base": address, "secret": box.secret}
    made = build_runtime(make_config(tmp_path, database={"url": str(db.url)}, wecom=wecom))
    yield made
    made.db.close()

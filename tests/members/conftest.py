"""A sandbox, and a runtime that pulls from it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.db import Database
from app.runtime import Runtime, build_runtime
from app.sandbox.server import Sandbox, SandboxServer
from tests.settings import make_config


@pytest.fixture
def box() -> Sandbox:
    return Sandbox(seed=True)


@pytest.fixture
def runtime(tmp_path: Path, db: Database, box: Sandbox) -> Iterator[Runtime]:
    with SandboxServer(box) as address:
        wecom = {"api_base": address, "secret": box.secret}
        made = build_runtime(make_config(tmp_path, database={"url": str(db.url)}, wecom=wecom))
        yield made
        made.db.close()

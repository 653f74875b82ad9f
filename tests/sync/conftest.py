"""A sandbox with customers from before, and a runtime that walks through them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app import clock
from app.db import Database
from app.groups.actions import folding
from app.runtime import Runtime, build_runtime
from app.sandbox.server import Sandbox, SandboxServer
from app.sync import actions, groups, jobs
from app.wecom import groupchat
from tests.settings import make_config


@pytest.fixture
def box(tmp_path: Path) -> Sandbox:
    return Sandbox(clock_file=tmp_path / "clock", seed=True)


@pytest.fixture
def runtime(
    tmp_path: Path, any_db: Database, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Runtime]:
    monkeypatch.setattr(jobs, "SECOND_LOOK", jobs.SECOND_LOOK * 0)
    url = any_db.url.render_as_string(hide_password=False)
    with SandboxServer(box) as address:
        wecom = {"api_base": address, "secret": box.secret, "clock_file": f"{tmp_path / 'clock'}"}
        made = build_runtime(make_config(tmp_path, database={"url": url}, wecom=wecom))
        clock.follow(tmp_path / "clock")
        yield made
        made.wecom.close()
        made.db.close()
    clock.follow(None)


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have pieces so small that a few dozen customers are many."""
    monkeypatch.setattr(jobs, "PAGE", 4)
    monkeypatch.setattr(jobs, "PIECE", 8)
    monkeypatch.setattr(actions, "GROUP", 2)
    monkeypatch.setattr(groups, "GROUP", 2)
    monkeypatch.setattr(groups, "AT_ONCE", 2)
    monkeypatch.setattr(groupchat, "LIST_LIMIT", 1)
    monkeypatch.setattr(folding, "CHUNK", 3)

"""A deployment a test: its processes do not survive it anyway."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.sandbox.server import Sandbox
from tests.deployment import Deployment, deployed


@pytest.fixture
def box(tmp_path: Path) -> Sandbox:
    return Sandbox(clock_file=tmp_path / "clock", seed=True)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Deployment]:
    """Give a served deployment with a default script; WeCom sends again after half a second."""
    with deployed(tmp_path) as deployment:
        deployment.greet_with("您好")
        deployment.box.delivery.retry_seconds = 0.5
        yield deployment

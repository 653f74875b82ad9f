"""A deployment a test: its processes do not survive it anyway."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deployment import Deployment, deployed


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Deployment]:
    """Give a served deployment with a default script; WeCom sends again after half a second."""
    with deployed(tmp_path) as deployment:
        deployment.greet_with("您好")
        deployment.box.delivery.retry_seconds = 0.5
        yield deployment

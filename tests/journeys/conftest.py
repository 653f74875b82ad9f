"""One deployment for the journeys of a file: each journey has customers of its own."""

from collections.abc import Iterator

import pytest

from tests.deployment import Deployment, deployed


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Give a served deployment with a default script and an admin."""
    folder = tmp_path_factory.mktemp("shop")
    with deployed(folder, alerts={"admins": ["qianer"], "grace_seconds": 0}) as deployment:
        deployment.greet_with("您好，我是{{员工姓名}}")
        yield deployment

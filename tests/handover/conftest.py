"""A shop whose admin is qianer; sunsan leads the department of zhaoyi and lisi."""

from typing import Any

import pytest

from tests.churn.conftest import many, shop

__all__ = ["many", "shop"]


@pytest.fixture
def alerts() -> dict[str, Any]:
    return {"grace_seconds": 0, "admins": ["qianer"]}

"""Shops for tests of what members and admins are told."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.db import Database
from tests.churn.shop import Shop, standing


@pytest.fixture
def alerts() -> dict[str, Any]:
    """Give the configuration of alerts; a test may change it before it asks for the shop."""
    return {"grace_seconds": 0}


@pytest.fixture
def shop(tmp_path: Path, db: Database, alerts: dict[str, Any]) -> Iterator[Shop]:
    with standing(tmp_path, db, alerts) as shop:
        yield shop


@pytest.fixture
def many(tmp_path: Path, any_db: Database, alerts: dict[str, Any]) -> Iterator[Shop]:
    """Give a shop on every kind of database."""
    with standing(tmp_path, any_db, alerts) as shop:
        yield shop

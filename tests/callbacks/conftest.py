"""The web application on a migrated database, without workers."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.db import Database
from app.factory import create_app
from tests import settings


@pytest.fixture
def door(tmp_path: Path, db: Database) -> FlaskClient:
    """Give a client of the door."""
    return create_app(settings.make_config(tmp_path, database={"url": str(db.url)})).test_client()

"""Fixtures of every test: a migrated database, a configuration, a runtime."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.db import Database
from app.runtime import Runtime, build_runtime
from tests import settings

REQUIRED = {
    "postgresql": "BANKE_TEST_POSTGRESQL_URL",
    "mariadb": "BANKE_TEST_MARIADB_URL",
    "redis": "BANKE_TEST_REDIS_URL",
}


def _required() -> list[str]:
    if os.environ.get("CI") == "true":
        return list(REQUIRED)
    return [name for name in os.environ.get("TEST_REQUIRE", "").split(",") if name in REQUIRED]


def pytest_configure() -> None:
    """Refuse to run without the servers that this run was told to have."""
    missing = [REQUIRED[name] for name in _required() if not os.environ.get(REQUIRED[name])]
    if missing:
        raise pytest.UsageError(f"this run needs {', '.join(missing)}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was not run."""
    for name, variable in REQUIRED.items():
        if not os.environ.get(variable):
            terminalreporter.write_line(f"NOT RUN: tests on {name} ({variable} is not set)")


def database_kinds() -> list[str]:
    """Return the kinds of database that this run has."""
    servers = [kind for kind, name in settings.SERVERS.items() if os.environ.get(name)]
    return ["sqlite", *servers]


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an SQLite file with the newest schema, to copy."""
    path = tmp_path_factory.mktemp("schema") / "banke.db"
    settings.migrated(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def db(tmp_path: Path, migrated_file: Path) -> Iterator[Database]:
    """Give an empty, migrated SQLite database."""
    shutil.copy(migrated_file, tmp_path / "banke.db")
    database = Database(f"sqlite:///{tmp_path / 'banke.db'}")
    yield database
    database.close()


@pytest.fixture(params=database_kinds())
def any_db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Give an empty, migrated database of every kind that there is."""
    with settings.fresh_database(request.param, tmp_path) as url:
        database = settings.migrated(url)
        yield database
        database.close()


@pytest.fixture
def runtime(tmp_path: Path, db: Database) -> Iterator[Runtime]:
    """Give a runtime on the SQLite database, with no WeCom behind it."""
    made = build_runtime(settings.make_config(tmp_path, database={"url": str(db.url)}))
    yield made
    made.db.close()


@pytest.fixture(params=database_kinds())
def any_db_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the address of an empty database of every kind that there is."""
    with settings.fresh_database(request.param, tmp_path) as url:
        yield url

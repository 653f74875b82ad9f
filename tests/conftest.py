"""Fixtures of every test: a migrated database, a configuration, a runtime."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2 import FileSystemBytecodeCache

from app.db import Database
from app.runtime import Runtime, build_runtime
from tests import settings
from tests.chromium import ADVICE, find_chromium

REQUIRED = {
    "postgresql": "BANKE_TEST_POSTGRESQL_URL",
    "mariadb": "BANKE_TEST_MARIADB_URL",
    "redis": "BANKE_TEST_REDIS_URL",
}


BROWSER = "browser"
BROWSER_TESTS = Path(__file__).parent / "browser"
LEFT_OUT = "banke_left_out"
left_out = pytest.StashKey[int]()


def _required() -> list[str]:
    known = [*REQUIRED, BROWSER]
    if os.environ.get("CI") == "true":
        return known
    names = [name for name in os.environ.get("TEST_REQUIRE", "").split(",") if name]
    if unknown := set(names) - set(known):
        raise pytest.UsageError(f"TEST_REQUIRE knows {known}, and not {sorted(unknown)}")
    return names


def pytest_configure() -> None:
    """Refuse to run without the servers and the browser that this run was told to have."""
    needed = _required()
    missing = [REQUIRED[name] for name in needed if name in REQUIRED]
    missing = [variable for variable in missing if not os.environ.get(variable)]
    if BROWSER in needed and find_chromium() is None:
        missing.append(f"a browser ({ADVICE})")
    if missing:
        raise pytest.UsageError(f"this run needs {', '.join(missing)}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the browser's tests when there is none; the summary counts them."""
    ours = [item for item in items if BROWSER_TESTS in item.path.parents]
    if BROWSER in _required() and not ours:
        raise pytest.UsageError("this run needs a test of the browser, and there is none in it")
    if ours and find_chromium() is None:
        items[:] = [item for item in items if item not in ours]
        config.stash[left_out] = len(ours)
        # Where the tests run in two processes, these collect, and another one tells.
        getattr(config, "workeroutput", {})[LEFT_OUT] = len(ours)
        config.hook.pytest_deselected(items=ours)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hear from a process of tests how many it left out."""
    node.config.stash[left_out] = getattr(node, "workeroutput", {}).get(LEFT_OUT, 0)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say loudly what was not run."""
    for name, variable in REQUIRED.items():
        if not os.environ.get(variable):
            terminalreporter.write_line(f"NOT RUN: tests on {name} ({variable} is not set)")
    if count := config.stash.get(left_out, 0):
        terminalreporter.write_line(f"NOT RUN: {count} browser tests ({ADVICE})")


def database_kinds() -> list[str]:
    """Return the kinds of database that this run has."""
    servers = [kind for kind, name in settings.SERVERS.items() if os.environ.get(name)]
    return ["sqlite", *servers]


@pytest.fixture(scope="session", autouse=True)
def _kept_templates(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Have a template compiled once for all applications that tests make: it takes most of one."""
    cache = FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))
    Flask.jinja_options = {"bytecode_cache": cache}


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """Give an empty, migrated SQLite database."""
    database = settings.new_file(tmp_path / "banke.db")
    yield database
    database.close()


@pytest.fixture(scope="session")
def kept_databases(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str], settings.KeptDatabase]]:
    """Give what gives the one of a kind, made when it is first wanted."""
    folder = tmp_path_factory.mktemp("kept")
    with ExitStack() as stack:

        @cache
        def kept(kind: str) -> settings.KeptDatabase:
            url = stack.enter_context(settings.fresh_database(kind, folder))
            return settings.KeptDatabase(url)

        yield kept


@pytest.fixture(params=database_kinds())
def any_db(
    request: pytest.FixtureRequest, kept_databases: Callable[[str], settings.KeptDatabase]
) -> Iterator[Database]:
    """Give an empty, migrated database of every kind that there is."""
    database = kept_databases(request.param).renew()
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

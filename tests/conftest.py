"""Fixtures of every test: a migrated database, a configuration, a runtime."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, request, request_finished
from jinja2 import FileSystemBytecodeCache

from app.db import Database
from app.runtime import Runtime, build_runtime
from tests import leaks, settings
from tests.chromium import ADVICE, find_chromium

REQUIRED = {
    "postgresql": "BANKE_TEST_POSTGRESQL_URL",
    "mariadb": "BANKE_TEST_MARIADB_URL",
    "redis": "BANKE_TEST_REDIS_URL",
}


# Folders whose tests take long come first, so that no process is left alone with one of them.
LONG_FIRST = ("sync", "backup", "faults")
BROWSER = "browser"
BROWSER_TESTS = Path(__file__).parent / "browser"
LEFT_OUT = "banke_left_out"
# Of GET: what somebody filled in, shown to him again with what is wrong with it.
OWN_FORM = {400, 409, 422}
left_out = pytest.StashKey[int]()
leaked = pytest.StashKey[list[leaks.Leak]]()
# Of the process that gathers the results alone.
kept_at: list[Path] = []


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
    """Put what takes long first; leave out the browser's tests when there is none.

    The summary counts those that are left out.
    """
    items.sort(key=lambda item: item.path.parent.name not in LONG_FIRST)
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


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep what a test printed, to be searched with the rest."""
    if report.when == "teardown" and report.sections and kept_at:
        said = (f"{name}\n{text}" for name, text in report.sections)
        # The file alone: the name of a test may hold anything.
        leaks.keep(kept_at[0], "printed.said", report.location[0], *said)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Have a place for it, where the tests' own folders lie."""
    if not hasattr(session.config, "workerinput"):
        factory: pytest.TempPathFactory = session.config._tmp_path_factory  # type: ignore[attr-defined]  # noqa: SLF001 -- pytest gives it to fixtures alone
        kept_at.append(factory.getbasetemp())


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run if anything secret or personal stands in what it left behind."""
    if not kept_at:
        return
    if url := os.environ.get(REQUIRED["redis"]):
        leaks.keep_redis(kept_at[0], url)
    found = leaks.find_leaks(kept_at[0])
    session.config.stash[leaked] = found
    if found:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say loudly what was not run, and what leaked."""
    for leak in config.stash.get(leaked, []):
        where = kept_at[0] / leak.file
        terminalreporter.write_line(f"LEAKED: {leak.kind} in {where}, line {leak.line}", red=True)
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


@pytest.fixture(scope="session", autouse=True)
def _kept_pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the error pages and figures that applications in this process give."""
    folder = tmp_path_factory.getbasetemp()

    def keep(sender: Flask, response: Response, **_more: object) -> None:
        if sender.name != "banke" or response.is_streamed:
            return
        if response.status_code >= 400 or request.path == "/metrics":
            # To whom it is refused to change what he may see it is shown as it stands.
            is_refused = request.method == "POST" and response.status_code < 500
            is_own = is_refused or response.status_code in OWN_FORM
            name = "forms.shown" if is_own else "pages.said"
            leaks.keep(folder, name, f"{request.method} {response.status_code}", response.data)

    with request_finished.connected_to(keep):
        yield


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
            return stack.enter_context(closing(settings.KeptDatabase(url)))

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

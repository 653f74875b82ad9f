"""The browser and the stage of these tests.

`open_page` opens pages and fails the test in the end if one of them had a fault (see `watching`);
`stage` is the whole product as `make demo` runs it, the sandbox in front: one for all tests, each
of which has customers of its own.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from sqlalchemy import func, select

from app.library.models import LibraryDraft, LibraryMark
from app.members.models import Member
from tests.browser.watching import SECONDS, Browsing
from tests.chromium import ADVICE, find_chromium
from tests.deployment import ROOT, Deployment, wait_until

# In a container, as root, without a graphics card, without a word to anybody outside.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
# Chromium 107 tells a page that is being left while it waits that its request failed; later ones
# tell it nothing. Nobody sees that page any more.
LEFT_WAITING = "^htmx: htmx:error: Failed to fetch"
PICTURES = ROOT / "var" / "browser"
failed = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember which tests failed, for their pictures."""
    report = yield
    item.stash[failed] = item.stash.get(failed, False) or report.failed
    return report


# Of the package and not of the session: while it is open, no other test could use asyncio.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Give the browser; one that is found and does not start is an error."""
    program = find_chromium()
    assert program, ADVICE
    expect.set_options(timeout=SECONDS * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Browsing]:
    """Give what opens pages; pictures of a failed test are kept in var/browser."""
    browsing = Browsing(chromium)
    if chromium.version.startswith("107."):
        browsing.allow(LEFT_WAITING)
    yield browsing
    if request.node.stash.get(failed, False):
        PICTURES.mkdir(parents=True, exist_ok=True)
        browsing.photograph(PICTURES, request.node.name.replace("/", "_"))
    browsing.close()
    assert browsing.unexpected() == []


@pytest.fixture(scope="package")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Give the stage; browsers go to `stage.front`."""
    with set_up(tmp_path_factory.mktemp("stage")) as deployment:
        yield deployment


@pytest.fixture(autouse=True)
def without_drafts(request: pytest.FixtureRequest) -> None:
    """Let every test on a stage begin with empty forms and no stars, whoever played before it."""
    if "stage" not in request.fixturenames:
        return
    deployment: Deployment = request.getfixturevalue("stage")
    with deployment.db.write() as session:
        session.query(LibraryDraft).delete()
        session.query(LibraryMark).delete()


@contextmanager
def set_up(folder: Path) -> Iterator[Deployment]:
    """Serve a deployment with the sandbox in front, its members known, a default script."""
    alerts = {"admins": ["qianer"], "grace_seconds": 0}
    with Deployment(folder, front=True, alerts=alerts) as deployment:
        deployment.greet_with("您好，我是{{员工姓名}}")
        deployment.serve()
        wait_until(lambda: _knows_members(deployment))
        yield deployment


def _knows_members(deployment: Deployment) -> bool:
    with deployment.db.read() as session:
        return bool(session.scalar(select(func.count()).select_from(Member)))

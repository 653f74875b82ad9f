"""The notice boards: whatever exists has its row, and every row is sound."""

import ast
import tomllib
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from app import __version__
from app.admin.pages import PAGES
from app.admin.pages.inbox.words import EVENTS, STEPS
from app.admin.pages.queues.words import JOBS, PURGES
from app.admin.showing import BUNDLES as ADMIN_BUNDLES
from app.admin.views import CHOOSE
from app.messages import KINDS
from app.schedule import SCHEDULE
from callbacks import routing
from sidebar.bundles import SCRIPTS, STYLES
from sidebar.panels import BOARDS

ROOT = Path(__file__).parent.parent.parent
HANDLERS = ROOT / "callbacks" / "handlers"
PANEL_FOLDER = ROOT / "sidebar" / "panels"
ADMIN_FOLDER = ROOT / "app" / "admin"


def handler_files() -> Iterator[tuple[str, str]]:
    for path in sorted(HANDLERS.glob("*/*.py")):
        if path.stem != "__init__":
            yield path.parent.name, path.stem
    # An event without change types.
    for path in sorted(HANDLERS.glob("[a-z]*.py")):
        yield path.stem, ""


@pytest.mark.parametrize("key", list(handler_files()), ids="/".join)
def test_a_handler_file_has_its_row(key: tuple[str, str]) -> None:
    assert key in routing.HANDLED


def test_a_row_names_reactions_and_no_event_is_on_both_boards() -> None:
    assert all(routing.HANDLED.values())
    assert not routing.HANDLED.keys() & routing.IGNORED.keys()


def test_an_ignored_event_says_why() -> None:
    assert all(reason.strip() for reason in routing.IGNORED.values())


def test_reactions_of_one_event_have_names_of_their_own() -> None:
    for reactions in routing.HANDLED.values():
        names = [reaction.__name__ for reaction in reactions]
        assert len(names) == len(set(names))


def test_every_panel_has_its_row_and_every_row_its_folder() -> None:
    folders = {path.parent.name for path in PANEL_FOLDER.glob("*/panel.py")}
    panels = [panel for board in BOARDS.values() for panel in board]
    assert all(len(board) == len({panel.name for panel in board}) for board in BOARDS.values())
    assert {panel.name for panel in panels} == folders
    assert all((PANEL_FOLDER / panel.name / "panel.html").is_file() for panel in panels)


def test_every_style_and_script_has_its_row_and_every_row_its_file() -> None:
    named = [f"{name}.css" for name in STYLES] + [f"{name}.js" for name in SCRIPTS]
    # Linked by itself, and only where it is dark.
    named.append("dark.css")
    assert sorted(named) == sorted(path.name for path in (ROOT / "sidebar" / "static").iterdir())


def test_every_admin_page_has_its_row_and_every_row_its_folder() -> None:
    folders = {path.parent.name for path in ADMIN_FOLDER.glob("pages/*/page.py")}
    assert sorted(page.name for page in PAGES) == sorted(folders)
    for page in PAGES:
        assert (ADMIN_FOLDER / "pages" / page.name / "page.html").is_file()
        # A part is read and an action posted at the same address below the page's.
        assert not page.parts.keys() & page.actions.keys()
        # That one every page has.
        assert CHOOSE not in page.actions


def test_admin_pages_under_one_heading_stand_together() -> None:
    headings = [heading for heading, _pages in groupby(page.group for page in PAGES)]
    assert len(headings) == len(set(headings))


def test_every_admin_style_and_script_has_its_row_and_every_row_its_file() -> None:
    named = {name.removeprefix("admin/") for names in ADMIN_BUNDLES.values() for name in names}
    # Loaded before the first paint.
    named.add("theme.js")
    assert named == {path.name for path in (ADMIN_FOLDER / "static").iterdir()}


def test_periodic_jobs_have_names_of_their_own() -> None:
    names = [job.name for job in SCHEDULE]
    assert len(names) == len(set(names))


def test_every_periodic_job_has_words() -> None:
    assert JOBS.keys() | PURGES.keys() == {job.name for job in SCHEDULE}


def test_every_event_that_is_handled_has_words_and_so_has_every_step() -> None:
    assert (
        routing.HANDLED.keys() <= EVENTS.keys() <= routing.HANDLED.keys() | routing.IGNORED.keys()
    )
    steps = {name for names in routing.list_reactions().values() for name in names}
    assert steps == STEPS.keys()


def test_the_version_that_is_shown_is_the_packages() -> None:
    package = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert package["project"]["version"] == __version__


def test_every_kind_of_message_that_is_made_can_be_built() -> None:
    made = set()
    for path in [*(ROOT / "app").rglob("*.py"), *(ROOT / "callbacks").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "record_intent":
                made |= {
                    keyword.value.value
                    for keyword in node.keywords
                    if keyword.arg == "kind" and isinstance(keyword.value, ast.Constant)
                }
    # A welcome goes to the customer, from its event, and is no message to a member.
    assert made - {"welcome"} == KINDS.keys()

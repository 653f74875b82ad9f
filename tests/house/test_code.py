"""The arrangement of the code: small files and functions, no notes to ourselves, the contract."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from app.access import POLICIES, policy_of, require_policies
from app.factory import create_app
from tests import settings

ROOT = Path(__file__).parent.parent.parent
SOURCES = sorted(
    path
    for folder in ("app", "callbacks", "migrations", "sidebar", "tests")
    for path in (ROOT / folder).rglob("*.py")
)
PAGES = sorted(
    path
    for folder in ("app/sandbox", "sidebar")
    for kind in ("css", "html", "js")
    for path in (ROOT / folder).rglob(f"*.{kind}")
)
MAX_FILE, MAX_FUNCTION = 400, 60


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_small_and_says_what_lives_in_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert len(text.splitlines()) <= MAX_FILE
    assert ast.get_docstring(tree)
    long = [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and (node.end_lineno or 0) - node.lineno >= MAX_FUNCTION
        and "versions" not in path.parts
    ]
    assert long == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_a_script_and_a_style_are_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_FILE


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_note_to_ourselves_is_left(path: Path) -> None:
    words = ["TO" + "DO", "FIX" + "ME", "X" * 3, "NotImplemented" + "Error", "mark." + "skip"]
    assert not re.search("|".join(words), path.read_text(encoding="utf-8"))


def test_the_time_is_asked_of_the_clock_alone() -> None:
    asking = re.compile(r"\bdatetime\.now\(|\btime\.time\(|\bdate\.today\(|utcfromtimestamp")
    offenders = [
        path.relative_to(ROOT)
        for path in SOURCES
        if path.relative_to(ROOT).parts[0] in {"app", "callbacks", "sidebar"}
        if not path.is_relative_to(ROOT / "app" / "sandbox") and path.name != "clock.py"
        if asking.search(path.read_text(encoding="utf-8"))
    ]
    assert offenders == []


def test_what_holds_for_alerts_is_asked_of_their_room_alone() -> None:
    offenders = [
        path.relative_to(ROOT)
        for path in SOURCES
        if path.relative_to(ROOT).parts[0] in {"app", "callbacks", "sidebar"}
        if not path.is_relative_to(ROOT / "app" / "alerting")
        if re.search(r"config\.alerts\b", path.read_text(encoding="utf-8"))
    ]
    assert offenders == []


def test_the_import_contract_is_kept() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_route_states_its_policy(tmp_path: Path) -> None:
    app = create_app(settings.make_config(tmp_path, database={"url": _migrated(tmp_path)}))
    assert {policy_of(view) for view in app.view_functions.values()} <= POLICIES.keys()


def test_a_route_without_a_policy_stops_the_start() -> None:
    app = Flask("silent", static_folder=None)
    app.add_url_rule("/secret", view_func=lambda: "")
    with pytest.raises(RuntimeError, match="without a policy"):
        require_policies(app)


def _migrated(folder: Path) -> str:
    url = f"sqlite:///{folder / 'banke.db'}"
    settings.migrated(url).close()
    return url

"""The systemd units start what there is, leave time to stop, and allow no more than needed."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from app import tree
from tests.deploy.parts import commands, longest_stop
from tests.deployment import ROOT

UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
FOLDER = "/opt/banke"
ANALYZE = shutil.which("systemd-analyze")
# Between 0 and 100; a unit without any hardening has 96.
MOST_EXPOSED = 20


def read(path: Path) -> dict[str, list[str]]:
    """Return the directives with their values, in order; no two sections share one."""
    found: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and line[0] not in "#[":
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_starts_a_command_that_there_is(path: Path) -> None:
    [start] = read(path)["ExecStart"]
    program, command, *options = shlex.split(start)
    assert program == f"{FOLDER}/.venv/bin/flask"
    known = commands()[command]
    assert set(options) <= {one for option in known.params for one in option.opts}


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_waits_longer_than_a_drain_may_take(path: Path) -> None:
    service = read(path)
    [start], [stop] = service["ExecStart"], service["TimeoutStopSec"]
    assert float(stop) > longest_stop(start.rpartition(" ")[2])


def test_a_drain_ends_before_the_tree_would_kill_it() -> None:
    assert longest_stop("worker") < tree.END_SECONDS


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_starts_again_whatever_happens(path: Path) -> None:
    unit = read(path)
    assert unit["Restart"] == ["always"]
    assert unit["StartLimitIntervalSec"] == ["0"]


def test_the_units_are_alike_but_for_what_they_start() -> None:
    own = {"Description", "ExecStart", "Environment"}
    kept = [{key: value for key, value in read(path).items() if key not in own} for path in UNITS]
    assert all(one == kept[0] for one in kept)


def test_every_part_has_its_unit() -> None:
    started = {read(path)["ExecStart"][0].rpartition(" ")[2] for path in UNITS}
    assert started == {"serve", *tree.PARTS}


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_only_the_folder_var_may_be_written(path: Path) -> None:
    service = read(path)
    assert service["ProtectSystem"] == ["strict"]
    assert service["ReadWritePaths"] == [f"{FOLDER}/var"]
    assert service["User"] == ["banke"]


if ANALYZE:

    def analyzed(path: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Have systemd look at a copy whose program and folder are there."""
        text = path.read_text(encoding="utf-8").replace(f"{FOLDER}/.venv/bin/flask", "/bin/true")
        copy = folder / path.name.replace("@", "@8001")
        copy.write_text(re.sub(f"={FOLDER}$", f"={folder}", text, flags=re.MULTILINE))
        return subprocess.run(
            [str(ANALYZE), *arguments, str(copy)], capture_output=True, text=True, check=False
        )

    @pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
    def test_systemd_takes_the_unit_as_it_is(path: Path, tmp_path: Path) -> None:
        done = analyzed(path, tmp_path, "verify", "--man=no")
        assert (done.returncode, done.stderr) == (0, "")

    @pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
    def test_a_unit_allows_little(path: Path, tmp_path: Path) -> None:
        threshold = f"--threshold={MOST_EXPOSED}"
        done = analyzed(path, tmp_path, "security", "--offline=true", "--no-pager", threshold)
        assert done.returncode == 0, done.stdout[-300:]

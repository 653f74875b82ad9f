"""A rotation of data keys that is killed with -9 again and again, and begun again each time."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from app.cli import privacy
from app.config import load_config
from app.db import Database
from app.runtime import Runtime, build_runtime
from tests import leaks, settings
from tests.deployment import ROOT
from tests.faults import sealed_crowd
from tests.soak import seeds

# The walk is the same on every database: most kills come where a process starts quickest.
KILLS, FEW_KILLS = 10, 4
# A soak runs behind everything else.
PATIENCE = 200
OLD, NEW = {"y2026": "a secret of this year"}, {"y2027": "a secret of next year"}
# Every life is a fork of a process that has loaded this and done nothing else.
LIVES = get_context("forkserver")
LIVES.set_forkserver_preload([__name__])


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", seeds([1]))
def test_killed_anywhere_a_rotation_ends_with_everything_under_the_new_key(
    tmp_path: Path, any_db: Database, seed: int
) -> None:
    chance = random.Random(seed)
    still_old = configured(tmp_path, any_db, NEW | OLD)
    rotating, new = (configured(tmp_path, any_db, keys) for keys in (OLD | NEW, NEW))
    with running(still_old) as before:
        sealed_crowd.fill(before)
        for _number in range(KILLS if any_db.url.get_backend_name() == "sqlite" else FEW_KILLS):
            rotate_until_killed(rotating, statements=chance.randint(1, 16))
            # A process for which the old key is still the current one writes behind the walk.
            sealed_crowd.write_some(before, chance)
        kept = sealed_crowd.read_all(before)
    told = rotate_to_the_end(rotating)
    assert "可以从 privacy.keys 去掉：y2026。" in told
    with running(new) as after:
        assert sealed_crowd.count_off(after) == 0
        assert sealed_crowd.read_all(after) == kept
        assert sealed_crowd.list_unfound(after) == []


def configured(folder: Path, db: Database, keys: dict[str, str]) -> Path:
    """Write a configuration whose current key is the last of these."""
    url = db.url.render_as_string(hide_password=False)
    privacy = {"current": list(keys)[-1], "keys": keys}
    tree = settings.settings(folder, database={"url": url}, privacy=privacy)
    return settings.write_toml(folder / f"{'-'.join(keys)}.toml", tree)


@contextmanager
def running(config: Path) -> Iterator[Runtime]:
    """Give a runtime with this configuration."""
    runtime = build_runtime(load_config(config, {}))
    with closing(runtime.db):
        yield runtime


def rotate_until_killed(config: Path, *, statements: int) -> None:
    """Start a rotation, and kill it with -9 when it has done so much."""
    here, there = LIVES.Pipe(duplex=False)
    life = LIVES.Process(target=live, args=[str(config), statements, there])
    life.start()
    there.close()
    assert here.poll(PATIENCE)
    life.kill()
    life.join()
    assert life.exitcode == -signal.SIGKILL


def live(config: str, statements: int, there: Connection) -> None:
    """Be a rotation that says when it has done so many statements, and goes on."""
    os.environ["BANKE_CONFIG"] = config
    done = 0

    def count(*_what: object) -> None:
        nonlocal done
        done += 1
        if done == statements:
            there.send_bytes(b"now")

    event.listen(Engine, "before_cursor_execute", count)
    privacy.group(["rotate"])


def rotate_to_the_end(config: Path) -> str:
    """Run the command as an operator does; return what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "flask", "privacy", "rotate"],
        env=os.environ | {"BANKE_CONFIG": str(config), "FLASK_APP": "wsgi:app"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    leaks.keep(config.parent, "commands.said", done.stdout, done.stderr)
    assert done.returncode == 0, done.stderr
    return done.stdout

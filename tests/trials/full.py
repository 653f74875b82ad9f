"""The disk is full for a while: database, log and all lie on a small one of the trial's own."""

import argparse
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.trials.coming import Coming, Play, judge_waits
from tests.trials.trial import Trial, deployed, new_folder
from tests.trials.verdicts import Verdict, judge, seconds_to_catch_up
from tests.trials.writing import Log

RATE = 10.0
STAYS = 30
BETWEEN_SECONDS = 3.0
RETRY_SECONDS = 5.0
SIZE_MB = 64
PIECE = 4096
PARTS = ("web", "worker", "relay")


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=5.0, help="that there is no room")
    parser.add_argument("--rounds", type=int, default=1)


def _run(asked: argparse.Namespace, log: Log) -> Sequence[Verdict]:
    with new_folder() as folder:
        try:
            _mount(folder)
        except (OSError, subprocess.CalledProcessError):
            log.say("not run", why="only root may have a disk of his own (mount -t tmpfs)")
            return []
        before = tempfile.tempdir
        tempfile.tempdir = str(folder)
        try:
            return _play(folder, asked, log)
        finally:
            tempfile.tempdir = before
            subprocess.run(["umount", str(folder)], check=True)


def _play(folder: Path, asked: argparse.Namespace, log: Log) -> Sequence[Verdict]:
    with deployed("sqlite") as deployment:
        deployment.box.delivery.retry_seconds = RETRY_SECONDS
        deployment.serve()
        pids = {one.pid for part in PARTS for one in deployment.children(part)}
        play = Play(deployment, random.Random(asked.seed), stays=STAYS)
        with Coming(play, rate=RATE):
            for number in range(asked.rounds):
                time.sleep(BETWEEN_SECONDS)
                with _filled(folder) as size:
                    log.say("full", number=number + 1, seconds=asked.seconds, ballast=size)
                    time.sleep(asked.seconds)
                log.say("room again")
            time.sleep(BETWEEN_SECONDS)
        log.say("caught up", seconds=round(seconds_to_catch_up(deployment), 1))
        greeted = {row.event_id for row in deployment.box.ledger.accepted_welcomes()}
        prompt = [event for event in play.came if event.event_id in greeted]
        after = {one.pid for part in PARTS for one in deployment.children(part)}
        return [
            *judge_waits(deployment, prompt, "of those greeted", log),
            *(replace(one, must=None) if "5xx" in one.what else one for one in judge(deployment)),
            Verdict("processes that had to be started anew", len(pids - after)),
        ]


@contextmanager
def _filled(folder: Path) -> Iterator[int]:
    """Have no room left for a while; give the bytes that were free."""
    ballast, size = folder / "ballast", 0
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                size += file.write(bytes(PIECE))
        except OSError:
            pass
    try:
        yield size
    finally:
        ballast.unlink()


def _mount(folder: Path) -> None:
    if os.geteuid() != 0:
        raise PermissionError
    size = f"size={SIZE_MB}m"
    command = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)]
    subprocess.run(command, check=True, capture_output=True)


TRIAL = Trial("the disk is full while customers come (SQLite)", _add_options, _run)

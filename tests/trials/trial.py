"""What a trial is, and the deployment that most of them are played against."""

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import settings
from tests.deployment import Deployment
from tests.servers import OwnRedis
from tests.trials.verdicts import Verdict
from tests.trials.writing import Log


@dataclass(frozen=True)
class Trial:
    """A subcommand: what it plays, the options of its size, and how it is run."""

    words: str
    add_options: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, Log], Sequence[Verdict]]


def add_database(parser: argparse.ArgumentParser) -> None:
    """Let the caller choose the database."""
    parser.add_argument("--only", choices=["sqlite", *settings.SERVERS], default="sqlite")


@contextmanager
def deployed(kind: str, **changes: Any) -> Iterator[Deployment]:
    """Give a deployment on a new database of this kind, with a default script; nothing runs yet."""
    with ExitStack() as stack:
        folder = stack.enter_context(new_folder())
        url = stack.enter_context(settings.fresh_database(kind, folder))
        deployment = stack.enter_context(Deployment(folder, database_url=url, **changes))
        deployment.greet_with("您好")
        yield deployment


@contextmanager
def new_folder() -> Iterator[Path]:
    """Give a folder for as long as the trial lasts."""
    with tempfile.TemporaryDirectory(prefix="banke-trial-") as folder:
        yield Path(folder)


@contextmanager
def outside_redis() -> Iterator[OwnRedis]:
    """Give a Redis that no `flask serve` looks after."""
    with new_folder() as folder:
        server = OwnRedis(folder)
        try:
            yield server
        finally:
            server.end()

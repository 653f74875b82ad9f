"""Choose a trial and its size; end with 1 if a verdict is not what it must be."""

import argparse
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from tests import settings
from tests.deployment import ROOT, Deployment
from tests.trials.fuzz import run_fuzz
from tests.trials.kills import Kills, run_kills
from tests.trials.verdicts import Verdict, judge
from tests.trials.writing import Log


def main() -> None:
    """Run what was asked for."""
    asked = _options()
    with Log(asked.trial) as log:
        log.say("begin", commit=_commit(), **vars(asked))
        verdicts = _fuzz(asked, log) if asked.trial == "fuzz" else _kills(asked, log)
        for verdict in verdicts:
            log.say("verdict", **{verdict.what: verdict.count}, holds=verdict.holds)
    if not all(one.holds for one in verdicts):
        raise SystemExit(1)


def _kills(asked: argparse.Namespace, log: Log) -> Sequence[Verdict]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="banke-trial-")))
        url = stack.enter_context(settings.fresh_database(asked.only, folder))
        deployment = stack.enter_context(Deployment(folder, database_url=url))
        deployment.greet_with("您好")
        deployment.serve()
        began = time.monotonic()
        wanted = Kills(events=asked.count, rate=asked.rate, kills=asked.kills, seed=asked.seed)
        played = run_kills(deployment, wanted, log)
        log.say("played", seconds=round(time.monotonic() - began), **played)
        return judge(deployment)


def _fuzz(asked: argparse.Namespace, log: Log) -> Sequence[Verdict]:
    return run_fuzz(asked.count, asked.seed, log)


def _commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return said.stdout.strip()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.trials", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    trials = parser.add_subparsers(dest="trial", required=True)
    kills = trials.add_parser("kills", help="customers come and go while processes are killed")
    kills.add_argument("--events", dest="count", type=int, default=3000)
    kills.add_argument("--rate", type=float, default=52.0, help="events a second")
    kills.add_argument("--kills", type=int, default=20)
    kills.add_argument("--only", choices=["sqlite", *settings.SERVERS], default="sqlite")
    fuzz = trials.add_parser("fuzz", help="callbacks as nobody would send them")
    fuzz.add_argument("--callbacks", dest="count", type=int, default=100_000)
    return parser.parse_args()


if __name__ == "__main__":
    main()

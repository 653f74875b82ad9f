"""Choose a trial and its size; end with 1 if a verdict is not what it must be."""

import argparse
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests import settings
from tests.deployment import ROOT, Deployment
from tests.trials.kills import Kills, run_kills
from tests.trials.verdicts import judge
from tests.trials.writing import Log


def main() -> None:
    """Run what was asked for."""
    asked = _options()
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="banke-trial-")))
        log = stack.enter_context(Log(f"{asked.trial}-{asked.only}"))
        url = stack.enter_context(settings.fresh_database(asked.only, folder))
        deployment = stack.enter_context(Deployment(folder, database_url=url))
        deployment.greet_with("您好")
        deployment.serve()
        log.say("begin", commit=commit, **vars(asked))
        began = time.monotonic()
        wanted = Kills(events=asked.events, rate=asked.rate, kills=asked.kills, seed=asked.seed)
        played = run_kills(deployment, wanted, log)
        log.say("played", seconds=round(time.monotonic() - began), **played)
        verdicts = judge(deployment)
        for verdict in verdicts:
            log.say("verdict", **{verdict.what: verdict.count}, holds=verdict.holds)
    if not all(one.holds for one in verdicts):
        raise SystemExit(1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.trials", description=__doc__)
    parser.add_argument("trial", choices=["kills"])
    parser.add_argument("--events", type=int, default=3000)
    parser.add_argument("--rate", type=float, default=52.0, help="events a second")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=["sqlite", *settings.SERVERS], default="sqlite")
    return parser.parse_args()


if __name__ == "__main__":
    main()

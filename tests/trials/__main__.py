"""Choose a trial and its size; end with 1 if a verdict is not what it must be."""

import argparse
import subprocess

from tests.deployment import ROOT
from tests.trials import (
    flood,
    full,
    fuzz,
    hosts,
    kills,
    outage,
    pairs,
    parser,
    restarts,
    servers,
    steady,
    storm,
    strangers,
    timing,
    tokens,
    web,
    wecom,
)
from tests.trials.writing import Log

TRIALS = {
    "fuzz": fuzz.TRIAL,
    "kills": kills.TRIAL,
    "outage": outage.TRIAL,
    "pairs": pairs.TRIAL,
    "parser": parser.TRIAL,
    "steady": steady.TRIAL,
    "storm": storm.TRIAL,
    "flood": flood.TRIAL,
    "strangers": strangers.TRIAL,
    "timing": timing.TRIAL,
    "tokens": tokens.TRIAL,
    "web": web.TRIAL,
    "wecom": wecom.TRIAL,
    "full": full.TRIAL,
    "hosts": hosts.TRIAL,
    "restarts": restarts.TRIAL,
    "servers": servers.TRIAL,
}


def main() -> None:
    """Run what was asked for."""
    asked = _options()
    with Log(asked.trial) as log:
        log.say("begin", commit=_commit(), **vars(asked))
        verdicts = TRIALS[asked.trial].run(asked, log)
        for verdict in verdicts:
            log.say("verdict", **{verdict.what: verdict.count}, holds=verdict.holds)
            for one in verdict.which:
                log.say("which", is_about=one)
    if not all(one.holds for one in verdicts):
        raise SystemExit(1)


def _commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return said.stdout.strip()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.trials", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    trials = parser.add_subparsers(dest="trial", required=True)
    for name, trial in TRIALS.items():
        trial.add_options(trials.add_parser(name, help=trial.words))
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""Ids of others in place of one's own, in every request that pages offer a member or manager."""

import argparse
from collections.abc import Sequence

from tests.attack.strangers import list_tries, try_all
from tests.attack.town import open_town
from tests.trials.trial import Trial, new_folder
from tests.trials.verdicts import Verdict
from tests.trials.writing import Log


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--requests", type=int, default=5000)


def _run(asked: argparse.Namespace, log: Log) -> Sequence[Verdict]:
    with new_folder() as folder, open_town(folder) as town:
        tries = list_tries(town)
        log.say("exchanges", there_are=len(tries))
        found = try_all(town, tries, seed=asked.seed, count=asked.requests)
    for fault in found.faults:
        log.say("fault", what=fault)
    log.say("answers", **{str(status): count for status, count in found.statuses.items()})
    return [
        Verdict("requests with somebody else's id", found.tried, None),
        Verdict("answers that gave something away, or were no refusal", len(found.faults)),
    ]


TRIAL = Trial("ids of others in place of one's own", _add_options, _run)

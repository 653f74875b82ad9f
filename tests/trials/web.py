"""Very many requests drawn by lot, over every rule of the application and as every role."""

import argparse
from collections.abc import Sequence

from tests.attack.town import open_town
from tests.attack.web import Web
from tests.trials.trial import Trial, new_folder
from tests.trials.verdicts import Verdict
from tests.trials.writing import Log

SAY_EVERY = 5000
# What is put into every field there is, before anything is drawn.
LONGEST = ("x" * 9000, "9" * 400)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first")


def _run(asked: argparse.Namespace, log: Log) -> Sequence[Verdict]:
    faults = 0
    with new_folder() as folder, open_town(folder) as town:
        web = Web(town)
        for value in LONGEST:
            found = web.send_everywhere(value)
            for _number, fault in found.faults:
                log.say("fault", length=len(value), what=fault)
            faults += len(found.faults)
            log.say("everywhere", length=len(value), **found.answers)
        end = asked.first + asked.requests
        for start in range(asked.first, end, SAY_EVERY):
            found = web.send_all(range(start, min(start + SAY_EVERY, end)), seed=asked.seed)
            for number, fault in found.faults:
                log.say("fault", number=number, what=fault)
            faults += len(found.faults)
            log.say("answers", up_to=start + SAY_EVERY, **found.answers)
    return [
        Verdict("requests", asked.requests, None),
        Verdict("answers that no request may get", faults),
    ]


TRIAL = Trial("requests as no browser of ours sends them", _add_options, _run)

"""For a while customers come faster than they can be greeted.

As many as can be are greeted all the while, in time, instead of everybody too late; who leaves is
told of meanwhile; and afterwards everything is caught up.
"""

import argparse
import random
import time
from collections.abc import Sequence

from sqlalchemy import func, select

from app.churn.models import Loss
from tests.bench.welcomes import API_SECONDS
from tests.deployment import Deployment
from tests.trials.coming import IN_TIME_MS, Coming, Play
from tests.trials.trial import Trial, add_database, deployed
from tests.trials.verdicts import Verdict, judge, seconds_to_catch_up
from tests.trials.writing import Log

SLICE_SECONDS = 10.0


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rate", type=float, default=150.0, help="events a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    add_database(parser)


def _run(asked: argparse.Namespace, log: Log) -> Sequence[Verdict]:
    with deployed(asked.only) as deployment:
        deployment.serve()
        deployment.box.faults.latency("*", API_SECONDS, times=None)
        began = time.monotonic()
        with Coming(Play(deployment, random.Random(asked.seed)), rate=asked.rate):
            time.sleep(asked.seconds)
        told = _count_told(deployment)
        log.say("over", losses_told=told)
        took = seconds_to_catch_up(deployment)
        log.say("caught up", seconds=round(took, 1))
        slices = _count_greeted(deployment, began, asked.seconds)
        log.say("greeted in time, in every ten seconds", counts=slices)
        return [
            Verdict("stretches in which less than half as many were greeted", _count_low(slices)),
            Verdict("floods in which nobody heard who left", int(told == 0)),
            *judge(deployment),
        ]


def _count_told(deployment: Deployment) -> int:
    """Count the losses that are known of by now."""
    with deployment.db.read() as session:
        return session.scalar(select(func.count()).select_from(Loss)) or 0


def _count_greeted(deployment: Deployment, began: float, seconds: float) -> list[int]:
    """Count who was greeted in time, by the stretch of the flood in which he was."""
    slices = [0] * max(1, int(seconds / SLICE_SECONDS))
    for row in deployment.box.ledger.accepted_welcomes():
        place = int((row.monotonic - began) / SLICE_SECONDS)
        if place < len(slices) and row.ms_from_event <= IN_TIME_MS:
            slices[place] += 1
    return slices


def _count_low(slices: Sequence[int]) -> int:
    """Count the stretches that stay far behind the best."""
    return sum(1 for count in slices if count < max(slices) / 2)


TRIAL = Trial("customers come faster than they can be greeted", _add_options, _run)

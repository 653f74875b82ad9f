"""Customers come and go at a steady pace; web, worker and relay are killed with -9 at random.

WeCom sends a callback again after three seconds, three times (really after about five): a web
process needs about one second to come back.
"""

import argparse
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests.deployment import Deployment
from tests.trials.coming import Play
from tests.trials.trial import Trial, add_database, deployed
from tests.trials.verdicts import PATIENCE, Verdict, count_open, judge, seconds_to_catch_up
from tests.trials.writing import Log

PARTS = ("web", "worker", "relay")
RETRY_SECONDS = 3.0
SAY_EVERY = 30.0
# More may come than two cores work at once that bear the sandbox, too.
PATIENCE_FOR_EVENT = 0.02


@dataclass(frozen=True)
class Kills:
    """How much of it: `rate` in events a second."""

    events: int
    rate: float
    kills: int
    seed: int


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--events", type=int, default=3000)
    parser.add_argument("--rate", type=float, default=52.0, help="events a second")
    parser.add_argument("--kills", type=int, default=20)
    add_database(parser)


def _run(asked: argparse.Namespace, log: Log) -> Sequence[Verdict]:
    with deployed(asked.only) as deployment:
        deployment.serve()
        began = time.monotonic()
        wanted = Kills(events=asked.events, rate=asked.rate, kills=asked.kills, seed=asked.seed)
        played = _play(deployment, wanted, log)
        log.say("played", seconds=round(time.monotonic() - began), **played)
        log.say("behind", rows=count_open(deployment))
        patience = PATIENCE + PATIENCE_FOR_EVENT * asked.events
        took = seconds_to_catch_up(deployment, patience)
        log.say("caught up", seconds=round(took))
        return judge(deployment)


def _play(deployment: Deployment, wanted: Kills, log: Log) -> dict[str, object]:
    """Play it; return what was done."""
    deployment.box.delivery.retry_seconds = RETRY_SECONDS
    play = Play(deployment, random.Random(wanted.seed))
    over = threading.Event()
    killed: Counter[str] = Counter()
    killer = threading.Thread(target=_kill, args=[deployment, wanted, log, killed, over])
    began = said = time.monotonic()
    killer.start()
    try:
        for number in range(wanted.events):
            time.sleep(max(0.0, began + number / wanted.rate - time.monotonic()))
            play.step(number)
            if time.monotonic() - said > SAY_EVERY:
                said = time.monotonic()
                _say(deployment, log, number, killed)
    finally:
        over.set()
        killer.join()
    took = time.monotonic() - began
    return {"rate": round(wanted.events / took, 1), "kills": killed.total(), **killed}


def _kill(
    deployment: Deployment, wanted: Kills, log: Log, killed: Counter[str], over: threading.Event
) -> None:
    """Kill one part after the other, as far apart as chance will have it, as often as is wanted."""
    chance = random.Random(wanted.seed + 1)
    apart = wanted.events / wanted.rate / (wanted.kills + 1)
    for _number in range(wanted.kills):
        if over.wait(chance.uniform(0.2, 1.8) * apart):
            return
        part = chance.choice(PARTS)
        pids = [process.pid for process in deployment.children(part)]
        deployment.kill(part)
        if pids:
            killed[part] += 1
            log.note("killed", part=part, pids=pids)


def _say(deployment: Deployment, log: Log, number: int, killed: Counter[str]) -> None:
    ledger = deployment.box.ledger
    log.say(
        "under way",
        events=number + 1,
        attempts=ledger.count("attempt"),
        welcomes=ledger.count("welcome"),
        kills=killed.total(),
    )


TRIAL = Trial("customers come and go while processes are killed", _add_options, _run)

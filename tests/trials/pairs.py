"""Two hosts, each with web, worker and relay, on one database and one Redis.

WeCom's callbacks go to the two webs in turn. One host stands still for a while and goes on as if
nothing had been; then it dies, and is started anew.
"""

import argparse
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import psutil

from tests import settings
from tests.bench.servers import frozen
from tests.deployment import Deployment, wait_until
from tests.trials.coming import Coming, Play, judge_waits
from tests.trials.trial import Trial, new_folder, outside_redis
from tests.trials.verdicts import Verdict, judge, seconds_to_catch_up
from tests.trials.writing import Log

PARTS = ("web", "worker", "relay")
RATE = 10.0
STAYS = 30
BETWEEN_SECONDS = 3.0
# Each part loads everything by itself, and six of them do so at once.
START_SECONDS = 120.0
# WeCom sends again after about five seconds; the other host has it then, or this one once more.
RETRY_SECONDS = 3.0


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=10.0, help="that a host stands still")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", choices=list(settings.SERVERS), default="postgresql")


def _run(asked: argparse.Namespace, log: Log) -> Sequence[Verdict]:
    with _hosts(asked.only) as (first, second):
        box = first.box
        box.delivery.retry_seconds = RETRY_SECONDS
        addresses = [f"{host.address}/callbacks/app" for host in (first, second)]

        def alternate(number: int) -> None:
            box.connect(callback_url=addresses[number % 2])

        play = Play(first, random.Random(asked.seed), stays=STAYS)
        with Coming(play, rate=RATE, before_each=alternate):
            for number in range(asked.rounds):
                time.sleep(BETWEEN_SECONDS)
                host = (second, first)[number % 2]
                _stand_still(host, asked.seconds, log)
                time.sleep(BETWEEN_SECONDS)
                _die(host, log)
            time.sleep(BETWEEN_SECONDS)
        log.say("caught up", seconds=round(seconds_to_catch_up(first), 1), came=len(play.came))
        greeted = {row.event_id for row in box.ledger.accepted_welcomes()}
        prompt = [event for event in play.came if event.event_id in greeted]
        return [
            *judge_waits(first, prompt, "of those greeted", log),
            *judge(first),
            Verdict("messages that a member got twice", count_doubled(first)),
        ]


@contextmanager
def _hosts(kind: str) -> Iterator[tuple[Deployment, Deployment]]:
    """Give two hosts whose parts all run."""
    with ExitStack() as stack:
        redis = {"url": stack.enter_context(outside_redis()).url}
        folders = [stack.enter_context(new_folder()) for _ in range(2)]
        url = stack.enter_context(settings.fresh_database(kind, folders[0]))
        first = stack.enter_context(Deployment(folders[0], database_url=url, redis=redis))
        second = stack.enter_context(
            Deployment(folders[1], database_url=url, redis=redis, beside=first)
        )
        first.greet_with("您好")
        for host in (first, second):
            start(host)
        yield first, second


def start(host: Deployment) -> None:
    """Start its parts and wait until it takes callbacks."""
    for part in PARTS:
        host.start(part)
    wait_until(host.is_ready, START_SECONDS)


def _stand_still(host: Deployment, seconds: float, log: Log) -> None:
    tree = [psutil.Process(process.pid) for process in host.processes.values()]
    tree += [child for process in tree for child in process.children(recursive=True)]
    log.say("stands still", seconds=seconds, pids=[process.pid for process in tree])
    with frozen(tree):
        time.sleep(seconds)
    log.say("goes on")


def _die(host: Deployment, log: Log) -> None:
    """Kill -9 everything at once, and start it anew."""
    pids = [process.pid for process in host.processes.values()]
    host.kill_all()
    log.say("killed", pids=pids)
    start(host)


def count_doubled(host: Deployment) -> int:
    """Count the messages whose words a member got before; each names another customer."""
    counts = Counter(
        (one.userid, str(one.body.get("template_card"))) for one in host.box.ledger.messages()
    )
    return sum(count - 1 for count in counts.values())


TRIAL = Trial("two hosts on one database, one of which stands still and dies", _add_options, _run)

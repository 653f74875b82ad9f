"""Two hosts with networks of their own, one of which is cut off from everything for a while.

Each runs web, worker and relay; both are on one database server and one Redis, which like WeCom are
outside. Callbacks go to the two webs in turn, as a load balancer sends them that notices after two
seconds that one does not answer.
"""

import argparse
import os
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from sqlalchemy.engine import make_url

from tests import settings
from tests.deployment import Deployment, wait_until
from tests.trials.coming import Coming, Play, judge_waits
from tests.trials.networks import Network, why_not
from tests.trials.pairs import (
    BETWEEN_SECONDS,
    RATE,
    RETRY_SECONDS,
    START_SECONDS,
    STAYS,
    count_doubled,
    start,
)
from tests.trials.trial import Trial, new_folder, outside_redis
from tests.trials.verdicts import Verdict, judge, seconds_to_catch_up
from tests.trials.writing import Log
from tests.wire import Wire

NOTICED_SECONDS = 2.0


@dataclass(eq=False)
class Host:
    """A deployment and its network. `away`: the balancer sends nothing there."""

    deployment: Deployment
    network: Network
    away: bool = False


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=20.0, help="that a host is cut off")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", choices=list(settings.SERVERS), default="postgresql")


def _run(asked: argparse.Namespace, log: Log) -> Sequence[Verdict]:
    if why := why_not():
        log.say("not run", why=why)
        return []
    with _hosts(asked.only) as hosts:
        first = hosts[0].deployment
        box = first.box
        box.delivery.retry_seconds = RETRY_SECONDS

        def balance(number: int) -> None:
            there = [host for host in hosts if not host.away]
            address = there[number % len(there)].deployment.address
            box.connect(callback_url=f"{address}/callbacks/app")

        play = Play(first, random.Random(asked.seed), stays=STAYS)
        with Coming(play, rate=RATE, before_each=balance):
            for number in range(asked.rounds):
                time.sleep(BETWEEN_SECONDS)
                _cut_off(hosts[(number + 1) % 2], asked.seconds, log)
            time.sleep(BETWEEN_SECONDS)
        log.say("caught up", seconds=round(seconds_to_catch_up(first), 1), came=len(play.came))
        greeted = {row.event_id for row in box.ledger.accepted_welcomes()}
        prompt = [event for event in play.came if event.event_id in greeted]
        return [
            *judge_waits(first, prompt, "of those greeted", log),
            # Whose network was away a moment ago may have to say no, and WeCom sends it again.
            *(replace(one, must=None) if "5xx" in one.what else one for one in judge(first)),
            Verdict("messages that a member got twice", count_doubled(first)),
        ]


def _cut_off(host: Host, seconds: float, log: Log) -> None:
    pids = [process.pid for process in host.deployment.processes.values()]
    log.say("cut off", seconds=seconds, pids=pids)
    host.network.pull()
    time.sleep(NOTICED_SECONDS)
    host.away = True
    time.sleep(max(0.0, seconds - NOTICED_SECONDS))
    host.network.plug_in()
    began = time.monotonic()
    wait_until(lambda: _is_up(host.deployment, log), START_SECONDS)
    host.away = False
    log.say("is back", ready_after=round(time.monotonic() - began, 1))


def _is_up(deployment: Deployment, log: Log) -> bool:
    """Tell whether it takes callbacks; what has ended is started again, as its unit would."""
    for part, process in list(deployment.processes.items()):
        if process.poll() is not None:
            log.say("started again", part=part, exit=process.returncode)
            deployment.start(part)
    return deployment.is_ready()


@contextmanager
def _hosts(kind: str) -> Iterator[tuple[Host, Host]]:
    """Give two hosts whose parts all run."""
    with ExitStack() as stack:
        redis = stack.enter_context(outside_redis())
        folders = [stack.enter_context(new_folder()) for _ in range(2)]
        url = make_url(stack.enter_context(settings.fresh_database(kind, folders[0])))
        server = make_url(os.environ[settings.SERVERS[kind]])
        made: list[Host] = []
        for number, folder in enumerate(folders, start=1):
            network = stack.enter_context(Network(number))
            wires = [
                stack.enter_context(Wire(target, host=network.outside))
                for target in ((server.host or "127.0.0.1", server.port or 0), str(redis.socket))
            ]
            theirs = url.set(host=network.outside, port=wires[0].port)
            deployment = stack.enter_context(
                Deployment(
                    folder,
                    database_url=theirs.render_as_string(hide_password=False),
                    redis={"url": f"redis://{network.outside}:{wires[1].port}"},
                    beside=made[0].deployment if made else None,
                    host=network.inside,
                    prefix=network.prefix,
                )
            )
            ours = (network.inside, deployment.port)
            stack.enter_context(Wire(ours, port=deployment.port))
            wecom = int(deployment.server.address.rpartition(":")[2])
            here = stack.enter_context(Wire(("127.0.0.1", wecom), host=network.outside))
            network.forward(wecom, to=here.port)
            made.append(Host(deployment, network))
        made[0].deployment.greet_with("您好")
        for host in made:
            start(host.deployment)
        yield made[0], made[1]


TRIAL = Trial("two hosts with networks of their own, one of which is cut off", _add_options, _run)

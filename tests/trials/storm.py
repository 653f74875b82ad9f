"""Many customers in one second, before two workers, both of which may be killed half-way (P5)."""

import argparse
import time
from collections.abc import Sequence
from contextlib import suppress

from tests.bench.welcomes import API_SECONDS, MEMBER, STORM_SECONDS
from tests.deployment import Deployment, wait_until
from tests.trials.coming import IN_TIME_MS, judge_waits
from tests.trials.trial import Trial, add_database, deployed, outside_redis
from tests.trials.verdicts import Verdict, judge, seconds_to_catch_up
from tests.trials.writing import Log

SECOND = "worker"
HALF_WAY = STORM_SECONDS / 2


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--customers", type=int, default=300)
    parser.add_argument("--kill", action=argparse.BooleanOptionalAction, default=True)
    add_database(parser)


def _run(asked: argparse.Namespace, log: Log) -> Sequence[Verdict]:
    with (
        outside_redis() as outside,
        deployed(asked.only, redis={"url": outside.url}) as deployment,
    ):
        box = deployment.serve().box
        deployment.start(SECOND)
        box.faults.latency("*", API_SECONDS, times=None)
        _greet_one(deployment)
        box.delivery.pause()
        events = box.people.customers_scan(asked.customers, MEMBER, create_time=box.clock.unix())
        box.delivery.resume()
        began = time.monotonic()
        if asked.kill:
            # Half-way: of the customers, or of the time that a welcome has.
            with suppress(TimeoutError):
                wait_until(lambda: box.ledger.count("welcome") > asked.customers / 2, HALF_WAY)
            _kill_both(deployment, log)
        took = seconds_to_catch_up(deployment)
        log.say("caught up", seconds=round(took, 1))
        in_time = sum(
            1
            for row in box.ledger.accepted_welcomes()
            if (row.monotonic - began) * 1000 <= IN_TIME_MS
        )
        return [
            Verdict(f"of {asked.customers} greeted within 18 s", in_time - 1, asked.customers),
            *judge_waits(deployment, events, "in the storm", log),
            *judge(deployment),
        ]


def _greet_one(deployment: Deployment) -> None:
    """Have a first customer come: with him a token is fetched."""
    first = deployment.box.people.customer_scans(MEMBER)
    deployment.box.ledger.wait_for(lambda ledger: ledger.accepted_welcomes(code=first.welcome_code))


def _kill_both(deployment: Deployment, log: Log) -> None:
    """Kill -9 both workers; both are started again, as `flask serve` and systemd do."""
    pids = [process.pid for process in deployment.children("worker")]
    second = deployment.processes[SECOND]
    deployment.kill("worker")
    second.kill()
    second.wait()
    log.say(
        "killed",
        pids=[*pids, second.pid],
        greeted=deployment.box.ledger.count("welcome"),
    )
    deployment.start(SECOND)


TRIAL = Trial("many customers in one second, and the workers killed", _add_options, _run)

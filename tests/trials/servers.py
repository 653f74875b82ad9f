"""The database server is restarted, killed, frozen or locked while customers come.

It is a server of the trial's own, in a folder. Callbacks may be refused meanwhile, and WeCom sends
them again; our processes find the server again by themselves.
"""

import argparse
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import create_engine, text

from tests import settings
from tests.deployment import Deployment
from tests.trials.coming import Coming, Play, judge_waits
from tests.trials.own_servers import OwnServer, own_server
from tests.trials.trial import Trial, deployed
from tests.trials.verdicts import Verdict, judge, seconds_to_catch_up
from tests.trials.writing import Log

RATE = 10.0
STAYS = 30
BETWEEN_SECONDS = 3.0
RETRY_SECONDS = 3.0
# A lock that is held for no longer is noticed by nobody.
UNNOTICED_SECONDS = 3.0
PARTS = ("web", "worker", "relay")
LOCKS = {
    "postgresql": "LOCK TABLE inbox_events IN ACCESS EXCLUSIVE MODE",
    "mariadb": "LOCK TABLES inbox_events WRITE",
}


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--how", choices=list(HOWS), default="restarted")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", choices=list(settings.SERVERS), default="postgresql")


def _run(asked: argparse.Namespace, log: Log) -> Sequence[Verdict]:
    try:
        with own_server(asked.only) as server:
            os.environ[settings.SERVERS[asked.only]] = server.url
            return _play(server, asked, log)
    except FileNotFoundError as error:
        log.say("not run", why=f"this machine has no {error}")
        return []


def _play(server: OwnServer, asked: argparse.Namespace, log: Log) -> Sequence[Verdict]:
    with deployed(asked.only) as deployment:
        deployment.box.delivery.retry_seconds = RETRY_SECONDS
        deployment.serve()
        before = _pids(deployment)
        play = Play(deployment, random.Random(asked.seed), stays=STAYS)
        with Coming(play, rate=RATE):
            for number in range(asked.rounds):
                time.sleep(BETWEEN_SECONDS)
                log.say(asked.how, number=number + 1, seconds=asked.seconds)
                HOWS[asked.how](server, deployment, asked)
                began = time.monotonic()
                deployment.wait_ready()
                log.say("ready", after=round(time.monotonic() - began, 1))
            time.sleep(BETWEEN_SECONDS)
        log.say("caught up", seconds=round(seconds_to_catch_up(deployment), 1))
        greeted = {row.event_id for row in deployment.box.ledger.accepted_welcomes()}
        prompt = [event for event in play.came if event.event_id in greeted]
        no_5xx = asked.how == "locked" and asked.seconds <= UNNOTICED_SECONDS
        return [
            *judge_waits(deployment, prompt, "of those greeted", log),
            *(
                one if no_5xx or "5xx" not in one.what else replace(one, must=None)
                for one in judge(deployment)
            ),
            Verdict("processes that had to be started anew", len(before - _pids(deployment))),
        ]


def _pids(deployment: Deployment) -> set[int]:
    return {process.pid for part in PARTS for process in deployment.children(part)}


def _restarted(server: OwnServer, _deployment: Deployment, asked: argparse.Namespace) -> None:
    server.end()
    time.sleep(asked.seconds)
    server.start()


def _killed(server: OwnServer, _deployment: Deployment, asked: argparse.Namespace) -> None:
    server.kill()
    time.sleep(asked.seconds)
    server.start()


def _frozen(server: OwnServer, _deployment: Deployment, asked: argparse.Namespace) -> None:
    with server.standing_still():
        time.sleep(asked.seconds)


def _locked(_server: OwnServer, deployment: Deployment, asked: argparse.Namespace) -> None:
    with _lock(deployment, asked.only):
        time.sleep(asked.seconds)


@contextmanager
def _lock(deployment: Deployment, kind: str) -> Iterator[None]:
    """Hold the inbox from outside, so that nobody can read or write it."""
    engine = create_engine(deployment.db.url)
    with engine.connect() as connection:
        connection.execute(text(LOCKS[kind]))
        yield
        if kind == "mariadb":
            connection.execute(text("UNLOCK TABLES"))
    engine.dispose()


HOWS: dict[str, Callable[[OwnServer, Deployment, argparse.Namespace], None]] = {
    "restarted": _restarted,
    "killed": _killed,
    "frozen": _frozen,
    "locked": _locked,
}

TRIAL = Trial("the database server is away while customers come", _add_options, _run)

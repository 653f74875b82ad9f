"""Redis is away while customers come: killed, frozen, flushed again and again, or full.

The database is the queue of record: without its doorbell everything is found all the same, in time.
"""

import argparse
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import psutil
import redis

from tests.bench.servers import frozen
from tests.servers import OwnRedis
from tests.trials.coming import Coming, Play, judge_door, judge_waits
from tests.trials.trial import Trial, add_database, deployed, outside_redis
from tests.trials.verdicts import Verdict, judge, seconds_to_catch_up
from tests.trials.writing import Log

RATE = 10.0
BEFORE_SECONDS = 3.0
STAYS = 20
P99_MS, CATCH_UP_SECONDS = 500.0, 15.0
FLUSH_SECONDS = 0.1


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--how", choices=list(HOWS), default="killed")
    parser.add_argument("--seconds", type=float, default=3.0)
    add_database(parser)


def _run(asked: argparse.Namespace, log: Log) -> Sequence[Verdict]:
    with (
        outside_redis() as outside,
        deployed(asked.only, redis={"url": outside.url}) as deployment,
    ):
        deployment.serve()
        play = Play(deployment, random.Random(asked.seed), stays=STAYS)
        with Coming(play, rate=RATE) as coming:
            time.sleep(BEFORE_SECONDS)
            began = time.monotonic()
            log.note("away", how=asked.how)
            HOWS[asked.how](outside, asked.seconds)
            log.note("back")
            came = coming.since(began)
        took = seconds_to_catch_up(deployment)
        log.say("caught up", seconds=round(took, 1), came=len(play.came))
        return [
            *judge_waits(deployment, came, "in the outage", log),
            *judge_door(deployment, "since it began", log, since=began, most_ms=P99_MS),
            Verdict(f"caught up later than {CATCH_UP_SECONDS:.0f} s", int(took > CATCH_UP_SECONDS)),
            *judge(deployment),
        ]


def _killed(outside: OwnRedis, seconds: float) -> None:
    outside.end()
    time.sleep(seconds)
    outside.start()


def _frozen(outside: OwnRedis, seconds: float) -> None:
    with frozen([psutil.Process(outside.process.pid)]):
        time.sleep(seconds)


def _flushed(outside: OwnRedis, seconds: float) -> None:
    end = time.monotonic() + seconds
    with redis.Redis.from_url(outside.url) as connection:
        while time.monotonic() < end:
            connection.flushall()
            time.sleep(FLUSH_SECONDS)


def _full(outside: OwnRedis, seconds: float) -> None:
    with _without_room(outside):
        time.sleep(seconds)


@contextmanager
def _without_room(outside: OwnRedis) -> Iterator[None]:
    """Have it refuse whatever would take memory."""
    with redis.Redis.from_url(outside.url) as connection:
        connection.config_set("maxmemory-policy", "noeviction")
        connection.config_set("maxmemory", "1")
        try:
            yield
        finally:
            connection.config_set("maxmemory", "0")


HOWS: dict[str, Callable[[OwnRedis, float], None]] = {
    "killed": _killed,
    "frozen": _frozen,
    "flushed": _flushed,
    "full": _full,
}

TRIAL = Trial("Redis is away while customers come", _add_options, _run)

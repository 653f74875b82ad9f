"""WeCom misbehaves in one way after the other while customers come at a steady pace."""

import argparse
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime

from sqlalchemy import func, select

from app import clock
from app.deliveries.models import Delivery
from app.inbox.models import InboxEvent
from app.sandbox.faults import Faults
from app.sandbox.records import EventRecord
from tests.deployment import Deployment, wait_until
from tests.trials.coming import Coming, Play
from tests.trials.trial import Trial, add_database, deployed
from tests.trials.verdicts import Verdict, judge, seconds_to_catch_up
from tests.trials.writing import Log

How = Callable[[Deployment], AbstractContextManager[None]]

RATE = 10.0
STAYS = 20
CATCH_UP_SECONDS = 30.0
SLOW_SECONDS = 10.0
EVERYTHING = "*"
# After 45009 an API is left alone for a minute, in which most who come are not greeted.
SHUTTING, SHUT_SECONDS = "frequency", 60.0
PATIENCE_SECONDS = 30.0
# The longest pause after which an event or a message is tried again is half an hour.
PUT_OFF_SECONDS, MOST_MOVES = 1900.0, 12


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=2.0, help="of each misbehaviour")
    parser.add_argument("--how", choices=list(HOWS), nargs="+", default=list(HOWS))
    add_database(parser)


def _run(asked: argparse.Namespace, log: Log) -> Sequence[Verdict]:
    with deployed(asked.only) as deployment, _its_clock(deployment):
        deployment.serve()
        play = Play(deployment, random.Random(asked.seed), stays=STAYS)
        verdicts = [
            _misbehave(deployment, play, how, seconds=asked.seconds, log=log) for how in asked.how
        ]
        _let_come_back(deployment, log)
        return [*verdicts, *judge(deployment), *_judge_told(deployment)]


def _misbehave(
    deployment: Deployment, play: Play, how: str, *, seconds: float, log: Log
) -> Verdict:
    """Play one misbehaviour, and judge how soon all is well after it.

    It is when a customer who came after it is greeted, and every welcome from before has ended.
    """
    allowed = CATCH_UP_SECONDS + (SHUT_SECONDS if how == SHUTTING else 0.0)
    with Coming(play, rate=RATE) as coming:
        with HOWS[how](deployment):
            time.sleep(seconds)
        ended, ended_at = time.monotonic(), clock.utcnow()
        with suppress(TimeoutError):
            wait_until(
                lambda: (
                    _is_one_greeted(deployment, coming.since(ended))
                    and not _count_open_welcomes(deployment, ended_at)
                ),
                allowed + PATIENCE_SECONDS,
            )
        took = time.monotonic() - ended
    greeted = deployment.box.ledger.count("welcome")
    log.say(how, caught_up=round(took, 1), came=len(play.came), greeted=greeted)
    return Verdict(f"{how}: caught up later than {allowed:.0f} s", int(took > allowed))


def _is_one_greeted(deployment: Deployment, events: Sequence[EventRecord]) -> bool:
    greeted = {row.event_id for row in deployment.box.ledger.accepted_welcomes()}
    return any(event.event_id in greeted for event in events)


def _count_open_welcomes(deployment: Deployment, before: datetime) -> int:
    """Count the customers from before then whose welcome is yet to come or to be given up."""
    events = select(func.count()).where(
        InboxEvent.lane == "urgent",
        InboxEvent.due_at.is_not(None),
        InboxEvent.received_at < before,
    )
    with deployment.db.read() as session:
        return session.scalar(events) or 0


def _let_come_back(deployment: Deployment, log: Log) -> None:
    """Let the time pass after which the rest is tried again."""
    for _ in range(MOST_MOVES):
        seconds_to_catch_up(deployment)
        rows = _count_put_off(deployment)
        log.say("put off", rows=rows)
        if not rows:
            return
        deployment.box.clock.move(PUT_OFF_SECONDS)
        time.sleep(clock.REREAD_SECONDS)


def _count_put_off(deployment: Deployment) -> int:
    with deployment.db.read() as session:
        return sum(
            session.scalar(select(func.count()).where(table.due_at.is_not(None))) or 0
            for table in (InboxEvent, Delivery)
        )


@contextmanager
def _its_clock(deployment: Deployment) -> Iterator[None]:
    """Have this process go by the clock of the deployment, which is moved."""
    clock.follow(deployment.clock_file)
    try:
        yield
    finally:
        clock.follow(None)


def _judge_told(deployment: Deployment) -> Iterator[Verdict]:
    """Judge whether members heard of every customer who was not greeted, or may not have been."""
    is_told = (Delivery.outcome == "sent") | (Delivery.reason == "in_digest")
    missed = Delivery.outcome.in_(("missed", "failed", "unknown"))
    with deployment.db.read() as session:
        unsaid = session.scalars(select(Delivery.id).where(Delivery.kind == "welcome", missed))
        told = session.scalars(
            select(Delivery.ref).where(Delivery.kind == "welcome_missed", is_told)
        )
        silent = {str(number) for number in unsaid} - set(told)
    yield Verdict("customers not greeted, of whom the member has not heard", len(silent))


@contextmanager
def _refusing_connections(deployment: Deployment) -> Iterator[None]:
    deployment.server.refuse()
    try:
        yield
    finally:
        deployment.server.accept()


@contextmanager
def _never_answering(deployment: Deployment) -> Iterator[None]:
    """WeCom does what it is asked, and its answer never arrives."""
    faults = deployment.box.faults
    hold = faults.hold(EVERYTHING, "after", times=None)
    try:
        yield
    finally:
        hold.abandon()
        faults.clear(hold)


def _injected(inject: Callable[[Faults], object]) -> How:
    @contextmanager
    def misbehaving(deployment: Deployment) -> Iterator[None]:
        inject(deployment.box.faults)
        try:
            yield
        finally:
            deployment.box.faults.clear()

    return misbehaving


HOWS: dict[str, How] = {
    "refused": _refusing_connections,
    "slow": _injected(lambda faults: faults.latency(EVERYTHING, SLOW_SECONDS)),
    "http-502": _injected(lambda faults: faults.http(EVERYTHING, 502, times=None)),
    "busy": _injected(lambda faults: faults.errcode(EVERYTHING, -1, times=None)),
    "crowded": _injected(lambda faults: faults.errcode(EVERYTHING, 45033, times=None)),
    "html": _injected(lambda faults: faults.html(EVERYTHING, times=None)),
    "empty": _injected(lambda faults: faults.empty(EVERYTHING, times=None)),
    "unanswered": _never_answering,
    SHUTTING: _injected(lambda faults: faults.errcode(EVERYTHING, 45009, times=None)),
}

TRIAL = Trial("WeCom misbehaves in many ways while customers come", _add_options, _run)

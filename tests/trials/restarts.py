"""The whole tree is told to end and started anew, again and again, while customers come.

WeCom sends a callback again after five seconds, three times, as it really does.
"""

import argparse
import random
import time
from collections.abc import Sequence

from sqlalchemy import func, select

from app import clock
from app.claims import Due
from app.deliveries.models import Delivery
from app.inbox.models import InboxEvent
from app.sync.models import SyncRun
from tests.deployment import Deployment
from tests.trials.coming import Coming, Play, judge_waits
from tests.trials.trial import Trial, add_database, deployed
from tests.trials.verdicts import Verdict, judge, seconds_to_catch_up
from tests.trials.writing import Log

RATE = 10.0
STAYS = 30
RETRY_SECONDS = 5.0
# One of three tries must find a tree that runs between two restarts.
BETWEEN_SECONDS = 8.0
END_SECONDS = 30.0
TABLES: tuple[type[Due], ...] = (InboxEvent, Delivery, SyncRun)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--times", type=int, default=3)
    add_database(parser)


def _run(asked: argparse.Namespace, log: Log) -> Sequence[Verdict]:
    unclean = leases = 0
    with deployed(asked.only) as deployment:
        deployment.box.delivery.retry_seconds = RETRY_SECONDS
        deployment.serve()
        play = Play(deployment, random.Random(asked.seed), stays=STAYS)
        with Coming(play, rate=RATE):
            for number in range(asked.times):
                time.sleep(BETWEEN_SECONDS)
                serve, began = deployment.processes["serve"], time.monotonic()
                serve.terminate()
                unclean += serve.wait(END_SECONDS) != 0
                ended = time.monotonic() - began
                leases += _count_leases(deployment)
                deployment.serve()
                away = time.monotonic() - began
                log.say("restarted", number=number + 1, ended=round(ended, 1), away=round(away, 1))
            time.sleep(BETWEEN_SECONDS)
        log.say("caught up", seconds=round(seconds_to_catch_up(deployment), 1))
        given_up = deployment.box.ledger.event_ids("given_up")
        greeted = {row.event_id for row in deployment.box.ledger.accepted_welcomes()}
        prompt = [event for event in play.came if event.event_id in greeted]
        return [
            *judge_waits(deployment, prompt, "of those greeted", log),
            *judge(deployment),
            Verdict("events that never found an open door", len(given_up)),
            Verdict("trees that did not end in order", unclean),
            Verdict("leases that nobody held any more", leases),
        ]


def _count_leases(deployment: Deployment) -> int:
    """Count what is still somebody's, now that nobody is there."""
    with deployment.db.read() as session:
        return sum(
            session.scalar(
                select(func.count()).where(
                    table.claimed_by.is_not(None), table.due_at > clock.utcnow()
                )
            )
            or 0
            for table in TABLES
        )


TRIAL = Trial("the tree is restarted in order while customers come", _add_options, _run)

"""The same load for a long time: mostly edits, one in twenty a new customer.

Nothing is lost, the door stays quick, and no process grows. Edits come from the load generator, in
a process of its own; new customers from the sandbox, which knows them.
"""

import argparse
import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select

from app.inbox.models import InboxEvent
from tests.bench.load import Load, Outcome, run_load
from tests.bench.pool import EDITED, EDITED_MEMBERS, EDITS
from tests.deployment import Deployment
from tests.trials.coming import Coming, Play, judge_waits
from tests.trials.trial import Trial, add_database, deployed
from tests.trials.verdicts import PATIENCE, Verdict, count_open, judge, seconds_to_catch_up
from tests.trials.writing import Log

PARTS = ("web", "worker", "relay")
ADDS = 20
STAYS = 100
LOOK_SECONDS = 5.0
SAY_EVERY = 60.0
# What is loaded by then is not counted as growth; a trial that is shorter than twice as long only
# says what it measured.
SETTLED_SECONDS = 60.0
GROWTH, WAL_MB = 0.10, 64.0
# An edit is read at WeCom, five at a time, by the sandbox of this same machine.
PATIENCE_FOR_SECOND = 6.0
P99_MS, LONGEST_MS = 250.0, 2000.0


@dataclass
class _Looks:
    """What was seen of the processes: megabytes by part, and of the WAL file."""

    deployment: Deployment
    seconds: list[float] = field(default_factory=list)
    parts: list[dict[str, float]] = field(default_factory=list)
    most_wal: float = 0.0

    def look(self, began: float) -> None:
        self.seconds.append(time.monotonic() - began)
        self.parts.append({part: self._megabytes(part) for part in PARTS})
        self.most_wal = max(self.most_wal, self.wal)

    @property
    def wal(self) -> float:
        """The size of the WAL file now; 0 where there is none."""
        wal = Path(f"{self.deployment.folder / 'banke.db'}-wal")
        return wal.stat().st_size / 2**20 if wal.exists() else 0.0

    def at(self, seconds: float) -> dict[str, float]:
        """Return what was seen first at or after this time."""
        places = (n for n, at in enumerate(self.seconds) if at >= seconds)
        return self.parts[next(places, -1)]

    def _megabytes(self, part: str) -> float:
        processes = self.deployment.children(part)
        return round(sum(one.memory_info().rss for one in processes) / 2**20, 1)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rate", type=float, default=200.0, help="callbacks a second")
    parser.add_argument("--minutes", type=float, default=0.3)
    add_database(parser)


def _run(asked: argparse.Namespace, log: Log) -> Sequence[Verdict]:
    with deployed(asked.only) as deployment:
        deployment.box.add_crowd(EDITED, members=EDITED_MEMBERS)
        deployment.serve()
        looks = _Looks(deployment)
        play = Play(deployment, random.Random(asked.seed), stays=STAYS)
        with Coming(play, rate=asked.rate / ADDS), ThreadPoolExecutor(1) as pool:
            edits = pool.submit(_send_edits, deployment.port, asked.rate, asked.minutes)
            _look_on(looks, edits, log)
        outcome = edits.result()
        log.say(
            "edits",
            sent=outcome.sent,
            per_second=round(outcome.per_second, 1),
            answers=outcome.answers,
        )
        log.say(
            "the door",
            p50_ms=round(outcome.p50, 1),
            p99_ms=round(outcome.p99, 1),
            longest_ms=round(outcome.longest, 1),
        )
        log.say("behind", rows=count_open(deployment))
        patience = PATIENCE + PATIENCE_FOR_SECOND * asked.minutes * 60
        log.say("caught up", seconds=round(seconds_to_catch_up(deployment, patience), 1))
        return [
            *_judge_edits(deployment, outcome),
            *_judge_memory(looks, asked.minutes * 60, log),
            *judge_waits(deployment, play.came, "meanwhile", log),
            *judge(deployment),
        ]


def _send_edits(port: int, rate: float, minutes: float) -> Outcome:
    rate *= 1 - 1 / ADDS
    seconds = minutes * 60
    # The end in time is for a server that cannot keep up at all.
    load = Load(
        port=port,
        first=0,
        count=round(rate * seconds),
        seconds=1.5 * seconds + LOOK_SECONDS,
        rate=rate,
        what=EDITS,
    )
    return run_load(load)


def _look_on(looks: _Looks, edits: Future[Outcome], log: Log) -> None:
    """Look at memory and file again and again until the load is over."""
    over = threading.Event()
    edits.add_done_callback(lambda _done: over.set())
    began = said = time.monotonic()
    looks.look(began)
    while not over.wait(LOOK_SECONDS):
        looks.look(began)
        log.note("memory", wal_mb=round(looks.wal, 1), **looks.parts[-1])
        if time.monotonic() - said > SAY_EVERY:
            said = time.monotonic()
            log.say("under way", wal_mb=round(looks.wal, 1), **looks.parts[-1])
    looks.look(began)


def _judge_edits(deployment: Deployment, outcome: Outcome) -> list[Verdict]:
    edits = select(func.count()).where(
        InboxEvent.change_type == "edit_external_contact", InboxEvent.userid.like("crowd%")
    )
    with deployment.db.read() as session:
        stored = session.scalar(edits) or 0
    return [
        Verdict("edits acknowledged", outcome.acked, None),
        Verdict("edits not acknowledged", outcome.sent - outcome.acked),
        Verdict("edits acknowledged that are missing", max(0, outcome.acked - stored)),
        Verdict(f"p99 of the door above {P99_MS:.0f} ms", int(outcome.p99 > P99_MS)),
        Verdict(f"longest answer above {LONGEST_MS:.0f} ms", int(outcome.longest > LONGEST_MS)),
    ]


def _judge_memory(looks: _Looks, seconds: float, log: Log) -> list[Verdict]:
    settled = looks.at(min(SETTLED_SECONDS, seconds / 2))
    for when, seen in (
        ("in the beginning", looks.parts[0]),
        ("settled", settled),
        ("in the middle", looks.at(seconds / 2)),
        ("in the end", looks.parts[-1]),
    ):
        log.say(f"memory in MB, {when}", **seen)
    log.say("WAL file", most_mb=round(looks.most_wal, 1))
    must = 0 if seconds >= 2 * SETTLED_SECONDS else None
    end = looks.parts[-1]
    grown = [part for part in PARTS if end[part] > settled[part] * (1 + GROWTH)]
    return [
        Verdict(f"parts that grew by more than {GROWTH:.0%}", len(grown), must),
        Verdict(f"WAL file above {WAL_MB:.0f} MB", int(looks.most_wal > WAL_MB)),
    ]


TRIAL = Trial("the same load for a long time", _add_options, _run)

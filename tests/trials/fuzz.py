"""Very many callbacks drawn by lot, through envelope, cipher and event as the door has them."""

import argparse
import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from tests.bench.memory import Memory
from tests.trials.trial import Trial
from tests.trials.verdicts import Verdict
from tests.trials.writing import Log
from tests.wecom.lots import draw, knock

LONGEST_MS, MEGABYTES = 20.0, 8.0
# By then everything is loaded, and memory has come to rest.
SETTLED = 20_000
SAY_EVERY = 100_000


@dataclass
class _Found:
    said: Counter[str]
    raised: int = 0
    forged: int = 0
    slow: int = 0
    longest: float = 0.0


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--callbacks", type=int, default=100_000)


def _run(asked: argparse.Namespace, log: Log) -> Sequence[Verdict]:
    """Knock so many times; the time of one is the processor's, others work on this machine too."""
    count = asked.callbacks
    memory, found = Memory(psutil.Process(os.getpid())), _Found(Counter())
    for number in range(count):
        _knock_once(asked.seed, number, found, log)
        if number >= SETTLED and number % 1000 == 0:
            memory.look()
        if number % SAY_EVERY == SAY_EVERY - 1:
            log.say("under way", knocks=number + 1, longest_ms=round(found.longest, 1))
    log.say("answers", **found.said)
    memory.look()
    log.say("measured", longest_ms=round(found.longest, 1), grown_mb=round(memory.grown, 1))
    return [
        Verdict("callbacks", count, None),
        Verdict("exceptions other than the one", found.raised),
        Verdict("callbacks taken that our secrets have not signed", found.forged),
        Verdict(f"callbacks over {LONGEST_MS:.0f} ms", found.slow),
        Verdict(f"growth above {MEGABYTES:.0f} MB", int(memory.grown > MEGABYTES)),
    ]


def _knock_once(seed: int, number: int, found: _Found, log: Log) -> None:
    lot = draw(seed, number)
    began = time.thread_time()
    try:
        answer = knock(lot)
    except Exception as error:  # noqa: BLE001 -- it is what is looked for
        found.raised += 1
        log.say("raised", number=number, error=type(error).__name__)
        return
    took = (time.thread_time() - began) * 1000
    found.said[answer] += 1
    found.forged += answer in {"read", "unreadable"} and not lot.is_ours
    found.longest = max(found.longest, took)
    if took > LONGEST_MS:
        found.slow += 1
        log.note("slow", number=number, ms=took)


TRIAL = Trial("callbacks as nobody would send them", _add_options, _run)

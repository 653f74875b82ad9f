"""Whether the time of a refusal tells how much of a signature was right: Welch's t over samples."""

import argparse
import random
import time
from collections.abc import Sequence
from statistics import fmean, variance

from app.wecom.crypto import CallbackError, Proof, find_encrypt
from tests.trials.trial import Trial
from tests.trials.verdicts import Verdict
from tests.trials.writing import Log
from tests.wecom.lots import CIPHER, Lot, draw, knock

# Above it two means are told apart for certain.
MOST_T = 4.5
# Others work on this machine too: the slowest are theirs.
KEPT = 0.9
WARM = 2000


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--samples", type=int, default=100_000, help="of each of the two")


def _run(asked: argparse.Namespace, log: Log) -> Sequence[Verdict]:
    """Time signatures wrong in their first and in their last letter, in an order drawn by lot."""
    lot = next(one for one in (draw(asked.seed, n) for n in range(99)) if knock(one) == "read")
    encrypted = find_encrypt(lot.body)
    first, last = _wrong_at(lot, 0), _wrong_at(lot, len(lot.signature) - 1)
    chance = random.Random(asked.seed)
    taken: dict[Proof, list[int]] = {first: [], last: []}
    order = [first, last] * (asked.samples + WARM)
    chance.shuffle(order)
    for proof in order:
        began = time.perf_counter_ns()
        try:
            CIPHER.open(encrypted, proof)
        except CallbackError:
            taken[proof].append(time.perf_counter_ns() - began)
    early, late = (sorted(taken[one][WARM:]) for one in (first, last))
    t = welch(early[: int(len(early) * KEPT)], late[: int(len(late) * KEPT)])
    log.say("measured", t=round(t, 2), first_ns=round(fmean(early)), last_ns=round(fmean(late)))
    return [
        Verdict("samples of each", min(len(early), len(late)), None),
        Verdict(f"t of {MOST_T} or more", int(abs(t) >= MOST_T)),
    ]


def _wrong_at(lot: Lot, at: int) -> Proof:
    other = "0" if lot.signature[at] != "0" else "1"
    wrong = lot.signature[:at] + other + lot.signature[at + 1 :]
    return Proof(wrong, lot.timestamp, lot.nonce)


def welch(first: Sequence[int], second: Sequence[int]) -> float:
    """Return Welch's t of two samples."""
    spread = variance(first) / len(first) + variance(second) / len(second)
    return float((fmean(first) - fmean(second)) / spread**0.5)


TRIAL = Trial("the time that a wrong signature takes", _add_options, _run)

"""`make soak`: the tests that draw by lot, with other lots round after round, for some time.

A round has a seed, which it says: `make soak SEED=…` is that round again, alone.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from secrets import randbelow

ROOT = Path(__file__).parent.parent
SEED = "SOAK_SEED"
LARGEST = 10**6
TESTS = (
    "tests/sync/test_any_edits.py",
    "tests/sync/test_month.py",
    "tests/sync/test_first_sync.py::test_killed_anywhere_it_comes_to_the_same",
    "tests/faults/test_kills.py::test_killed_at_random_under_load_nothing_is_lost",
    "tests/faults/test_rotation.py",
)


def soak_seed() -> int | None:
    """Return the seed of the round under way; None: there is none, every lot is as always."""
    text = os.environ.get(SEED)
    return int(text) if text else None


def seeds(always: Sequence[int]) -> list[int]:
    """Return the seeds of a test: as always, or as many others in a soak."""
    seed = soak_seed()
    return list(always) if seed is None else [seed * len(always) + number for number in always]


def main() -> None:
    """Run round after round; end with the first that fails."""
    parser = argparse.ArgumentParser(prog="make soak")
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--seed", type=int)
    asked = parser.parse_args()
    ends = time.monotonic() + asked.minutes * 60
    rounds = 0
    while not rounds or (asked.seed is None and time.monotonic() < ends):
        rounds += 1
        seed = randbelow(LARGEST) if asked.seed is None else asked.seed
        print(f"== round {rounds}, SEED={seed}", flush=True)  # noqa: T201 -- a command talks
        command = [sys.executable, "-m", "pytest", "-q", "-n", "2", *TESTS]
        command += [f"--hypothesis-seed={seed}"]
        environment = os.environ | {SEED: str(seed)}
        if code := subprocess.call(command, cwd=ROOT, env=environment):
            raise SystemExit(code)


if __name__ == "__main__":
    main()

"""The access token is revoked again and again under the calls of four processes that share it.

Whoever is told that his token is bad gets the one that the first of them fetched: one gettoken for
each revocation, and no call that fails for it.
"""

import argparse
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial

from tests.deployment import ROOT, wait_until
from tests.trials.trial import Trial, outside_redis
from tests.trials.verdicts import Verdict
from tests.trials.writing import Log
from tests.wecom import call_wecom
from tests.wecom.bare import ZHAOYI, BareWeCom, bare_wecom

SECRET = "canary-secret-of-all"
PATIENCE = 30.0
# A second token for one revocation would be fetched at once.
SETTLE_SECONDS = 0.2
# No call should meet two revocations: it is tried once more and not twice. So a token is revoked
# when about so many calls for each that is under way have gone well with it.
CALLS_WITH_ONE = (4.0, 8.0)
SAY_EVERY = 25

Caller = subprocess.Popen[str]


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--calls", type=int, default=50, help="under way at any moment")
    parser.add_argument("--processes", type=int, default=4)


def _run(asked: argparse.Namespace, log: Log) -> Sequence[Verdict]:
    with ExitStack() as stack:
        wecom = stack.enter_context(bare_wecom())
        wecom.replies["user/get"] = ZHAOYI
        redis = stack.enter_context(outside_redis())
        shares = [len(range(n, asked.calls, asked.processes)) for n in range(asked.processes)]
        callers = [stack.enter_context(_caller(wecom, redis.url, share)) for share in shares]
        for caller in callers:
            _hear(caller)
        fetched_first = wecom.count("gettoken")
        for caller in callers:
            _tell(caller, "go\n")
        fetched = _revoke(wecom, asked, log)
        for caller in callers:
            _tell(caller, "stop\n")
        heard = [(int(_hear(caller)), int(_hear(caller))) for caller in callers]
    log.say("fetched", **{f"{count} for a revocation": n for count, n in fetched.items()})
    return [
        Verdict("calls that went well", sum(well for well, _failed in heard), None),
        Verdict("calls that failed", sum(failed for _well, failed in heard)),
        Verdict("tokens fetched in the beginning", fetched_first, 1),
        Verdict("revocations", fetched.total(), asked.times),
        Verdict("revocations that cost another number of tokens than one", _not_one(fetched)),
    ]


def _revoke(wecom: BareWeCom, asked: argparse.Namespace, log: Log) -> Counter[int]:
    """Revoke; return how many tokens were fetched how often before the next time."""
    chance, fetched = random.Random(asked.seed), Counter[int]()
    for number in range(asked.times):
        _wait_for_calls(wecom, round(asked.calls * chance.uniform(*CALLS_WITH_ONE)))
        before = wecom.count("gettoken")
        wecom.revoke()
        wait_until(partial(_has_fetched, wecom, before), PATIENCE)
        time.sleep(SETTLE_SECONDS)
        fetched[wecom.count("gettoken") - before] += 1
        if number % SAY_EVERY == SAY_EVERY - 1:
            log.say("under way", revocations=number + 1, calls=len(wecom.calls))
    return fetched


def _wait_for_calls(wecom: BareWeCom, count: int) -> None:
    wanted = len(wecom.calls) + count
    wait_until(lambda: len(wecom.calls) >= wanted, PATIENCE)


def _has_fetched(wecom: BareWeCom, before: int) -> bool:
    return wecom.count("gettoken") > before


def _not_one(fetched: Counter[int]) -> int:
    return fetched.total() - fetched[1]


@contextmanager
def _caller(wecom: BareWeCom, redis_url: str, threads: int) -> Iterator[Caller]:
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", call_wecom.__name__),
            *(wecom.base, SECRET, redis_url, str(threads), call_wecom.STEADILY),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _hear(caller: Caller) -> str:
    """Return the next line that is no log line."""
    assert caller.stdout
    while line := caller.stdout.readline():
        if line.strip() == "warm" or line.strip().isdigit():
            return line.strip()
    raise RuntimeError("a caller has ended")


def _tell(caller: Caller, line: str) -> None:
    assert caller.stdin
    caller.stdin.write(line)
    caller.stdin.flush()


TRIAL = Trial("the access token is revoked under many calls", _add_options, _run)

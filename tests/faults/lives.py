"""Short lives: a process that works what is due, and dies by itself at its n-th point.

A point is before a commit or after it, the two moments between which everything that this product
promises is decided: what was asked of WeCom in between is asked with an intent on record.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sqlalchemy import Dialect

from app.claims import Later
from app.config import load_config
from app.lanes import build_lanes
from app.runtime import Runtime, build_runtime, set_up_process

# A soak runs behind everything else.
PATIENCE = 200
AT_ONCE = 10
# Every life is a fork of a process that has loaded this and done nothing else.
LIVES = get_context("forkserver")
LIVES.set_forkserver_preload([__name__])


def live(task: Callable[[Runtime], None], config: Path, *, point: int) -> bool:
    """Do this in a process that dies at this point; tell whether it came to its end before."""
    life = LIVES.Process(target=_live, args=[task, str(config), point])
    life.start()
    life.join(PATIENCE)
    assert life.exitcode in {0, -signal.SIGKILL}
    return life.exitcode == 0


def work_what_is_due(runtime: Runtime) -> None:
    """Work all lanes, one piece after the other, until nothing is due."""
    lanes = build_lanes(runtime)
    while sum(_work(lane.claim, lane.work) for lane in lanes):
        pass


@contextmanager
def running(config: Path) -> Iterator[Runtime]:
    """Give a runtime with this configuration."""
    runtime = build_runtime(load_config(config, {}))
    with closing(runtime.db):
        yield runtime
        runtime.wecom.close()


def _work(claim: Callable[[int, float], Any], work: Callable[[Any], object]) -> int:
    try:
        claims = claim(AT_ONCE, 0)
    except Later:
        return 0
    for one in claims:
        work(one)
    return len(claims)


def _live(task: Callable[[Runtime], None], config: str, point: int) -> None:
    set_up_process(load_config(Path(config), {}))
    with running(Path(config)) as runtime:
        _die_at(point, runtime.db.engine.dialect)
        task(runtime)


def _die_at(point: int, dialect: Dialect) -> None:
    passed, commit = 0, dialect.do_commit

    def count() -> None:
        nonlocal passed
        passed += 1
        if passed == point:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(connection: Any) -> None:
        count()
        commit(connection)
        count()

    # The driver's, in this life alone.
    dialect.do_commit = counted  # type: ignore[method-assign,assignment]

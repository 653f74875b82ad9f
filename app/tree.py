"""The tree of processes that `flask serve` keeps up: web, worker, relay, and a Redis of its own."""

import gc
import threading
from collections.abc import Callable, Sequence

from setproctitle import setproctitle

from app import clock, forks
from app.config import Config
from app.log import get_logger
from app.processes import TITLE, run_relay, run_web, run_worker, told_to_stop
from app.redis_server import EmbeddedRedis
from app.runtime import build_runtime, set_up_process
from app.schema import require_schema

LOOK_SECONDS = 0.2
RESTART_SECONDS = 0.2
RESTART_SECONDS_MOST = 5.0
LIVED_LONG_SECONDS = 10.0
END_SECONDS = 15.0
PARTS = {"web": run_web, "worker": run_worker, "relay": run_relay}

log = get_logger(__name__)


def run_serve(config: Config) -> None:
    """Keep the whole tree up on this machine until told to stop."""
    _require_current_schema(config)
    redis = EmbeddedRedis(config.home) if config.redis.url == "embedded" else None
    if redis:
        config = _with_redis(config, redis.start())
    stop = told_to_stop()
    setproctitle(f"{TITLE} serve")
    # What is loaded by now is not looked at again by the collector, so the parts go on sharing it.
    gc.freeze()
    children = [Child(part, config) for part in PARTS]
    keepers = [child.keep_up for child in children] + ([redis.keep_up] if redis else [])
    try:
        _keep_up(keepers, until=stop)
    finally:
        for child in children:
            child.ask_to_end()
        until = clock.monotonic() + END_SECONDS
        for child in children:
            child.end(until=until)
        if redis:
            redis.stop()


class Child:
    """One part of the tree, started again when it dies."""

    def __init__(self, part: str, config: Config) -> None:
        self._part = part
        self._config = config
        self._process: forks.Fork | None = None
        self._started_at = 0.0
        self._pause = RESTART_SECONDS

    def keep_up(self) -> None:
        """Start it if it does not run; one that dies at once is given longer and longer pauses."""
        if self._process is not None and self._process.is_alive():
            return
        now = clock.monotonic()
        if self._process is not None:
            lived_long = now - self._started_at > LIVED_LONG_SECONDS
            self._pause = RESTART_SECONDS if lived_long else self._pause
            if now - self._started_at < self._pause:
                return
            self._pause = min(self._pause * 2, RESTART_SECONDS_MOST)
            log.warning("child_restarted", part=self._part, exit=self._process.exitcode)
        self._started_at = now
        self._process = forks.start(f"{TITLE} {self._part}", _live, self._part, self._config)

    def ask_to_end(self) -> None:
        """Ask it to finish what it does."""
        if self._process is not None:
            self._process.terminate()

    def end(self, *, until: float) -> None:
        """Wait for its end until this moment of `clock.monotonic`; then make it."""
        if self._process is None:
            return
        self._process.join(max(0.0, until - clock.monotonic()))
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _live(part: str, config: Config) -> None:
    set_up_process(config)
    PARTS[part](config)


def _keep_up(keepers: Sequence[Callable[[], None]], *, until: threading.Event) -> None:
    while True:
        for keep_up in keepers:
            keep_up()
        if until.wait(LOOK_SECONDS):
            return


def _with_redis(config: Config, url: str) -> Config:
    return config.model_copy(update={"redis": config.redis.model_copy(update={"url": url})})


def _require_current_schema(config: Config) -> None:
    runtime = build_runtime(config)
    require_schema(runtime.db)
    runtime.db.close()

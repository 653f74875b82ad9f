"""What `flask web`, `worker`, `relay` run, and the tree of all of them that `flask serve` keeps up.

Every child watches its standard input, which its parent holds open: when the parent is gone,
however it went, the child ends too, and no port or lock stays taken.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, cast

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings

from app import clock
from app.bridge import Bridge
from app.config import Config
from app.drain import Drainer
from app.lanes import build_lanes
from app.log import get_logger
from app.queue import listen
from app.redis_server import EmbeddedRedis
from app.runtime import build_runtime
from app.schedule import run_schedule
from app.schema import require_schema

WEB_THREADS = 64
BACKLOG = 2048
HEADER_MS = 5000
# Where the processor is scarce, a callback is stored first: WeCom waits for five seconds only.
YIELD_TO_WEB = 10
# Without a ring the worker looks this often all the same; the relay is the one that relies on it.
WORKER_LOOKS_EVERY = 2.0
RELAY_LOOKS_EVERY = {"urgent": 0.5}
RELAY_LOOKS_ELSE = 2.0
RELAY_OVERDUE = 1.0
END_SECONDS = 15.0
RESTART_SECONDS = 0.2
RESTART_SECONDS_MOST = 5.0
LIVED_LONG_SECONDS = 10.0
PARTS = ("web", "worker", "relay")

log = get_logger(__name__)


def run_web(config: Config) -> None:
    """Serve HTTP until told to stop: one process with threads, as SQLite likes it best."""
    host, _, port = config.server.listen.rpartition(":")
    Granian(
        "app.factory:create_app",
        address=host.strip("[]"),
        port=int(port),
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_MS),
        workers=1,
        backlog=BACKLOG,
        respawn_failed_workers=True,
        respawn_interval=0.1,
        workers_kill_timeout=int(END_SECONDS),
        websockets=False,
        log_enabled=False,
    ).serve(target_loader=_load_web)


def run_worker(config: Config) -> None:
    """Work the lanes, woken by the doorbell, until told to stop."""
    os.nice(YIELD_TO_WEB)
    runtime = build_runtime(config, durable=False)
    require_schema(runtime.db)
    drainers = {
        lane.name: Drainer(lane, bell=runtime.bell, look_every=WORKER_LOOKS_EVERY, overdue=0)
        for lane in build_lanes(runtime)
    }
    _listen(config, {name: drainer.wake for name, drainer in drainers.items()})
    _run_until_told(list(drainers.values()))


def run_relay(config: Config) -> None:
    """Work what nobody has claimed for a second, whatever Redis says, and the periodic jobs."""
    os.nice(YIELD_TO_WEB)
    runtime = build_runtime(config, durable=False)
    require_schema(runtime.db)
    drainers = [
        Drainer(
            lane,
            bell=runtime.bell,
            look_every=RELAY_LOOKS_EVERY.get(lane.name, RELAY_LOOKS_ELSE),
            overdue=RELAY_OVERDUE,
        )
        for lane in build_lanes(runtime)
    ]
    threading.Thread(target=run_schedule, args=[runtime], name="schedule", daemon=True).start()
    _run_until_told(drainers)


def run_serve(config: Config) -> None:
    """Keep the whole tree up on this machine until told to stop."""
    _require_current_schema(config)
    redis = EmbeddedRedis(config.home) if config.redis.url == "embedded" else None
    environment = os.environ | ({"BANKE_REDIS__URL": redis.start()} if redis else {})
    stop = _told_to_stop()
    children = [Child(part, environment) for part in PARTS]
    while not stop.wait(RESTART_SECONDS):
        for child in children:
            child.keep_up()
        if redis:
            redis.keep_up()
    for child in children:
        child.ask_to_end()
    for child in children:
        child.end()
    if redis:
        redis.stop()


class Child:
    """One part of the tree, started again when it dies."""

    def __init__(self, part: str, environment: dict[str, str]) -> None:
        self._part = part
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._pause = RESTART_SECONDS

    def keep_up(self) -> None:
        """Start it if it does not run; one that dies at once is given longer and longer pauses."""
        if self._process is not None and self._process.poll() is None:
            return
        now = clock.monotonic()
        if self._process is not None:
            lived_long = now - self._started_at > LIVED_LONG_SECONDS
            self._pause = RESTART_SECONDS if lived_long else self._pause
            if now - self._started_at < self._pause:
                return
            self._pause = min(self._pause * 2, RESTART_SECONDS_MOST)
            log.warning("child_restarted", part=self._part, exit=self._process.returncode)
        self._started_at = now
        self._process = subprocess.Popen(  # noqa: S603 -- our own interpreter and our own command
            [sys.executable, "-m", "flask", self._part, "--tied"],
            stdin=subprocess.PIPE,
            env=self._environment,
        )

    def ask_to_end(self) -> None:
        """Ask it to finish what it does."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def end(self) -> None:
        """Wait for its end; after fifteen seconds make it."""
        if self._process is None:
            return
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def end_with_parent() -> None:
    """Have this process asked to end when whoever holds its standard input is gone."""

    def watch() -> None:
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def _load_web(target: str) -> Callable[..., Any]:
    """Make the application inside granian's worker, which must not outlive granian itself.

    It is made here and not before: threads and connections do not survive a fork.
    """
    parent = os.getppid()

    def watch() -> None:
        pause = threading.Event()
        while os.getppid() == parent:
            pause.wait(0.3)
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()
    # The worker serves and is no command, whatever its parent was.
    os.environ.pop("FLASK_RUN_FROM_CLI", None)
    module, _, name = target.partition(":")
    # Granian looks for `__rsgi__`; its annotations know functions only.
    bridge: Any = Bridge(getattr(import_module(module), name)(), threads=WEB_THREADS)
    return cast("Callable[..., Any]", bridge)


def _listen(config: Config, listeners: dict[str, Callable[[], None]]) -> None:
    if config.redis.url == "embedded":
        return
    threading.Thread(
        target=listen,
        args=[config.redis.url, listeners],
        kwargs={"until": threading.Event()},
        name="doorbell",
        daemon=True,
    ).start()


def _require_current_schema(config: Config) -> None:
    runtime = build_runtime(config)
    require_schema(runtime.db)
    runtime.db.close()


def _run_until_told(drainers: Sequence[Drainer]) -> None:
    stop = _told_to_stop()
    for drainer in drainers:
        drainer.start()
    stop.wait()
    stoppers = [threading.Thread(target=drainer.stop) for drainer in drainers]
    for stopper in stoppers:
        stopper.start()
    for stopper in stoppers:
        stopper.join()
    # What still runs in the pools has had its ten seconds, and its leases are given back.
    sys.stderr.flush()
    os._exit(0)


def _told_to_stop() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop

"""What `flask web`, `worker` and `relay` run, and how they are told to stop."""

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any, cast

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings

from app import forks
from app.bridge import Bridge
from app.config import Config
from app.drain import Drainer
from app.lanes import build_lanes
from app.queue import listen
from app.runtime import build_runtime
from app.schedule import run_schedule
from app.schema import require_schema
from app.vitals import keep_telling

# What `ps` shows, before the part's name.
TITLE = "banke"
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
        process_name=f"{TITLE} web",
    ).serve(target_loader=partial(_load_web, config=config))


def run_worker(config: Config) -> None:
    """Work the lanes, woken by the doorbell, until told to stop."""
    os.nice(YIELD_TO_WEB)
    runtime = build_runtime(config, durable=False)
    require_schema(runtime.db)
    keep_telling(runtime, "worker")
    drainers = {
        lane.name: Drainer(lane, bell=runtime.bell, look_every=WORKER_LOOKS_EVERY, overdue=0)
        for lane in build_lanes(runtime)
    }
    _settle()
    _listen(config, {name: drainer.wake for name, drainer in drainers.items()})
    _run_until_told(list(drainers.values()))


def run_relay(config: Config) -> None:
    """Work what nobody has claimed for a second, whatever Redis says, and the periodic jobs."""
    os.nice(YIELD_TO_WEB)
    runtime = build_runtime(config, durable=False)
    require_schema(runtime.db)
    keep_telling(runtime, "relay")
    drainers = [
        Drainer(
            lane,
            bell=runtime.bell,
            look_every=RELAY_LOOKS_EVERY.get(lane.name, RELAY_LOOKS_ELSE),
            overdue=RELAY_OVERDUE,
        )
        for lane in build_lanes(runtime)
    ]
    _settle()
    threading.Thread(target=run_schedule, args=[runtime], name="schedule", daemon=True).start()
    _run_until_told(drainers)


def end_with_input() -> None:
    """Have this process asked to end when whoever holds its standard input is gone."""

    def watch() -> None:
        while os.read(0, 1024):
            pass
        forks.ask_to_end()

    threading.Thread(target=watch, name="parent", daemon=True).start()


def told_to_stop() -> threading.Event:
    """Return what is set when this process is asked to end."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _load_web(target: str, *, config: Config) -> Callable[..., Any]:
    """Make the application inside granian's worker, which must not outlive granian itself.

    It is made here and not before: threads and connections do not survive a fork.
    """
    forks.when_orphaned(os.getppid(), partial(os._exit, 1))
    module, _, name = target.partition(":")
    application = getattr(import_module(module), name)(config)
    keep_telling(application.extensions["banke_runtime"], "web")
    # Granian looks for `__rsgi__`; its annotations know functions only.
    bridge: Any = Bridge(application, threads=WEB_THREADS)
    return cast("Callable[..., Any]", bridge)


def _settle() -> None:
    """Have the garbage collector look no more at what is there to stay: modules, classes, texts.

    It would go through all of them again and again while a bulk job makes many thousand rows.
    """
    gc.collect()
    gc.freeze()


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


def _run_until_told(drainers: Sequence[Drainer]) -> None:
    stop = told_to_stop()
    for drainer in drainers:
        drainer.start()
    stop.wait()
    stoppers = [threading.Thread(target=drainer.stop) for drainer in drainers]
    for stopper in stoppers:
        stopper.start()
    for stopper in stoppers:
        stopper.join()
    # What still runs in the pools has had its ten seconds, and its leases are given back.
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(0)

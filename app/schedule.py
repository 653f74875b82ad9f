"""Every periodic job on one screen. The relay runs them; of many relays one takes each turn."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from app.inbox.actions import prune
from app.log import get_logger
from app.members.jobs import sync_members
from app.runtime import Runtime
from app.schedule_runs import is_due, take_turn
from app.welcome.jobs import sync_media

LOOK_EVERY = 5.0
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

log = get_logger(__name__)


@dataclass(frozen=True)
class Job:
    """A job, and how many seconds lie between two runs; the first is right after the start."""

    name: str
    every: float
    run: Callable[[Runtime], object]


def prune_inbox(runtime: Runtime) -> None:
    """Delete received events whose time is over."""
    keep_days = runtime.config.retention.inbox_days
    deleted = 1
    while deleted:
        with runtime.db.write() as session:
            deleted = prune(session, keep_days=keep_days)


SCHEDULE = (
    Job("members.sync_members", HOUR, sync_members),
    Job("welcome.sync_media", 10 * MINUTE, sync_media),
    Job("inbox.prune", DAY, prune_inbox),
)


def run_schedule(runtime: Runtime) -> None:
    """Run what is due, for ever; start it in a thread of its own."""
    pause = threading.Event()
    while True:
        for job in SCHEDULE:
            _run_if_due(runtime, job)
        pause.wait(LOOK_EVERY)


def _run_if_due(runtime: Runtime, job: Job) -> None:
    try:
        with runtime.db.read() as session:
            if not is_due(session, job.name):
                return
        with runtime.db.write() as session:
            mine = take_turn(session, job.name, every=job.every)
        if mine:
            job.run(runtime)
    except Exception as error:  # noqa: BLE001 -- one job's fault must not end the others
        log.warning("periodic_job_failed", job=job.name, error_name=type(error).__name__)

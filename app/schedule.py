"""Every periodic job on one screen. The relay runs them; of many relays one takes each turn."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from app.audit.jobs import note_head
from app.churn.jobs import make_daily_digests
from app.customers.actions import MOVING_JOB, SEALING_JOB
from app.customers.jobs import move_customers_on, sync_tags
from app.handover.jobs import tell_of_leavers
from app.library.jobs import sync_library_media
from app.log import get_logger
from app.members.actions import TELLING_JOB
from app.members.jobs import sync_members
from app.privacy.retention import purge
from app.privacy.retentions import RETENTIONS
from app.privacy.sealing import seal_what_is_left
from app.reports.jobs import keep_reports
from app.runtime import Runtime
from app.schedule_runs import end_turn, hasten, is_due, take_turn
from app.sync.jobs import WATCH, watch_sync
from app.welcome.jobs import sync_media

LOOK_EVERY = 5.0
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

log = get_logger(__name__)


@dataclass(frozen=True)
class Job:
    """A job, and how many seconds lie between two runs. `at_start`: also when a relay starts.

    One that returns False has more to do: it is due again in a minute.
    """

    name: str
    every: float
    run: Callable[[Runtime], object]
    at_start: bool = False


SCHEDULE = (
    Job("members.sync_members", HOUR, sync_members, at_start=True),
    Job("customers.sync_tags", HOUR, sync_tags, at_start=True),
    # Also how it is known that nobody was here for a while.
    Job(WATCH, MINUTE, watch_sync, at_start=True),
    # Whoever archives a stage hastens it.
    Job(MOVING_JOB, MINUTE, move_customers_on),
    # Whoever finds a member gone hastens it.
    Job(TELLING_JOB, MINUTE, tell_of_leavers),
    # The corp sets their hour: this is how late they may come.
    Job("churn.daily_digests", MINUTE, make_daily_digests),
    Job("welcome.sync_media", 10 * MINUTE, sync_media, at_start=True),
    Job("library.sync_library_media", 10 * MINUTE, sync_library_media),
    Job("reports.keep_reports", 10 * MINUTE, keep_reports, at_start=True),
    # Whoever makes a field sensitive hastens it.
    Job(SEALING_JOB, MINUTE, seal_what_is_left, at_start=True),
    Job("audit.note_head", DAY, note_head),
    *(Job(one.job, DAY, partial(purge, one=one)) for one in RETENTIONS),
)


def run_schedule(runtime: Runtime) -> None:
    """Run what is due, for ever; start it in a thread of its own."""
    pause = threading.Event()
    _guarded(_hasten_those_at_start, runtime)
    while True:
        for job in SCHEDULE:
            _guarded(run_if_due, runtime, job)
        pause.wait(LOOK_EVERY)


def run_if_due(runtime: Runtime, job: Job) -> None:
    """Run the job if it is its time and nobody else is at it; one that fails is due in a minute."""
    with runtime.db.read() as session:
        if not is_due(session, job.name):
            return
    with runtime.db.write() as session:
        if not take_turn(session, job.name):
            return
    again_in, fault = job.every, ""
    try:
        if job.run(runtime) is False:
            again_in = MINUTE
    except Exception as error:  # noqa: BLE001 -- one job's fault must not end the others
        again_in, fault = MINUTE, type(error).__name__
        log.warning("periodic_job_failed", job=job.name, error_name=fault)
    with runtime.db.write() as session:
        end_turn(session, job.name, again_in=again_in, fault=fault)


def _hasten_those_at_start(runtime: Runtime) -> None:
    with runtime.db.write() as session:
        for job in SCHEDULE:
            if job.at_start:
                hasten(session, job.name, apart=MINUTE)


def _guarded(call: Callable[..., None], *arguments: object) -> None:
    """The database may be away for a while; the schedule goes on when it is back."""
    try:
        call(*arguments)
    except Exception as error:  # noqa: BLE001 -- a schedule that ends is missed by nobody for days
        log.warning("schedule_stumbled", error_name=type(error).__name__)

"""The figures of the whole deployment for `/metrics`: read from the book of record at each scrape.

So every web process tells the same of them, none is lost when a process ends, and of several web
processes one takes the greatest, never the sum. No label holds anything of a person or a secret,
and each has only so many values.
"""

import shutil
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import __version__, clock
from app.deliveries.queries import OPEN, OUTCOMES, count_outcomes
from app.inbox.queries import FATES, count_fates
from app.messages import KINDS
from app.reports.backlogs import list_lanes
from app.reports.pace import STEPS, Pace, measure_pace
from app.runtime import Runtime
from app.schedule import SCHEDULE
from app.schedule_runs import list_runs
from app.sync.queries import last_done_at
from app.vitals import PARTS, list_vitals
from app.wecom.ticket import Tickets

DAY, WHILE = timedelta(days=1), timedelta(minutes=10)
SECRETS = ("access_token", "corp_ticket", "app_ticket")


def measure(runtime: Runtime) -> CollectorRegistry:
    """Measure everything; of a database or a Redis that is away only that it is."""
    figures = CollectorRegistry()
    gauge = partial(Gauge, registry=figures)
    gauge("banke_info", "The version that runs", ["version"]).labels(__version__).set(1)
    gauge("banke_doorbell_failures", "Rings that Redis did not take").set(runtime.bell.failures)
    _measure_disk(runtime, gauge)
    _measure_secrets(runtime, gauge)
    _measure_processes(runtime, gauge)
    answers = gauge("banke_database_up", "1 if the database answers")
    try:
        with runtime.db.read() as session:
            _measure_work(session, gauge)
            _measure_sending(session, gauge, figures)
            _measure_jobs(session, gauge)
        answers.set(1)
    except SQLAlchemyError:
        answers.set(0)
    return figures


def _measure_disk(runtime: Runtime, gauge: Callable[..., Gauge]) -> None:
    """Measure the disk of what this machine keeps, on SQLite the database."""
    home = runtime.config.home.absolute()
    # Nothing is kept yet, and the folder not made, where the database is a server's.
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    disk = shutil.disk_usage(there)
    gauge("banke_disk_free_bytes", "Room on the disk of our files").set(disk.free)
    gauge("banke_disk_size_bytes", "Size of the disk of our files").set(disk.total)


def _measure_secrets(runtime: Runtime, gauge: Callable[..., Gauge]) -> None:
    """Tell when WeCom's tokens were fetched; each change of it is a refresh."""
    issued = gauge("banke_token_issued_timestamp_seconds", "When it was fetched", ["token"])
    expires = gauge("banke_token_expires_timestamp_seconds", "When it ends", ["token"])
    states = (runtime.wecom.token_state(), *Tickets(runtime.wecom).states())
    for name, state in zip(SECRETS, states, strict=True):
        if state is not None:
            issued.labels(name).set(state.issued_at.timestamp())
            expires.labels(name).set(state.expires_at.timestamp())


def _measure_processes(runtime: Runtime, gauge: Callable[..., Gauge]) -> None:
    """Tell who is alive, as they tell of themselves in Redis; without it nobody knows."""
    vitals = list_vitals(runtime)
    gauge("banke_redis_up", "1 if Redis answers").set(vitals is not None)
    running = gauge("banke_processes", "Processes that told of themselves lately", ["part"])
    told = gauge("banke_process_told_timestamp_seconds", "When one last did", ["part"])
    shut = gauge("banke_wecom_shut_seconds", "How long WeCom takes no call of this API", ["api"])
    for part in PARTS if vitals is not None else ():
        times = [one.told_at.timestamp() for one in vitals or () if one.part == part]
        running.labels(part).set(len(times))
        if times:
            told.labels(part).set(max(times))
    gates = [gate for one in vitals or () for gate in one.gates]
    for api in {gate.api for gate in gates}:
        shut.labels(api).set(max(gate.shut_seconds for gate in gates if gate.api == api))


def _measure_work(session: Session, gauge: Callable[..., Gauge]) -> None:
    fates = gauge("banke_inbox_events", "Received events by fate", ["fate"])
    for fate, count in (dict.fromkeys(FATES, 0) | count_fates(session)).items():
        fates.labels(fate).set(count)
    waiting = gauge("banke_lane_waiting", "What is due now or will be", ["lane"])
    due = gauge("banke_lane_due", "What is due now", ["lane"])
    oldest = gauge("banke_lane_oldest_seconds", "How long the oldest has been due", ["lane"])
    for lane in list_lanes(session):
        waiting.labels(lane.lane).set(lane.waiting)
        due.labels(lane.lane).set(lane.due)
        oldest.labels(lane.lane).set(lane.oldest_seconds)


def _measure_sending(
    session: Session, gauge: Callable[..., Gauge], figures: CollectorRegistry
) -> None:
    now = clock.utcnow()
    sent = gauge("banke_deliveries_24h", "Deliveries of a day", ["kind", "outcome", "reason"])
    for kind in ("welcome", *KINDS):
        counted = count_outcomes(session, kind=kind, since=now - DAY)
        for (outcome, reason), count in counted.items():
            sent.labels(kind, outcome or OPEN, reason).set(count)
    pace = measure_pace(session, since=now - WHILE)
    welcomes = gauge("banke_welcomes_10m", "Welcomes of ten minutes", ["outcome"])
    for outcome in OUTCOMES:
        welcomes.labels(outcome or OPEN).set(pace.outcomes[outcome])
    figures.register(_Took(pace))


def _measure_jobs(session: Session, gauge: Callable[..., Gauge]) -> None:
    """Tell of the relay's jobs: that one of every minute ends is a relay's sign of life."""
    ended = gauge("banke_job_ended_timestamp_seconds", "When it last ended", ["name"])
    failed = gauge("banke_job_failed", "1 if its last turn failed", ["name"])
    runs = list_runs(session)
    for job in SCHEDULE:
        run = runs.get(job.name)
        if run and run.ended_at:
            ended.labels(job.name).set(run.ended_at.timestamp())
            failed.labels(job.name).set(bool(run.fault))
    synced = gauge("banke_sync_ended_timestamp_seconds", "When the last one ended so", ["outcome"])
    if done_at := last_done_at(session):
        synced.labels("done").set(done_at.timestamp())


class _Took:
    """The histogram of what welcomes took. It is of a window: its counts fall as well as rise."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    def collect(self) -> list[Metric]:
        buckets = [(str(step), n) for step, n in zip(STEPS, self._pace.within, strict=True)]
        family = HistogramMetricFamily(
            "banke_welcome_seconds_10m",
            "From the callback to WeCom's acceptance, of the welcomes of ten minutes",
        )
        family.add_metric([], [*buckets, ("+Inf", self._pace.arrived)], self._pace.seconds)
        return [family]

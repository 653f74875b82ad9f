"""The figures of `/metrics`: enough to tell from outside that welcomes are late, and of nobody."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert

from app import clock
from app.admin.pages.inbox.words import FATES as FATE_WORDS
from app.claims import Backlog
from app.config import Database as DatabaseSection
from app.db import Database
from app.deliveries.models import Delivery
from app.factory import create_app
from app.figures import measure
from app.inbox.actions import Received, record_received
from app.inbox.queries import FATES
from app.queue import LANES
from app.reports.backlogs import list_lanes
from app.reports.pace import STEPS, measure_pace
from app.runtime import Runtime, build_runtime
from app.schedule import SCHEDULE, run_if_due
from app.sync.models import SyncRun
from app.vitals import build_vitals, tell
from app.wecom.crypto import REFUSALS
from app.wecom.tokens import Issued
from tests import settings
from tests.servers import OwnRedis


@pytest.fixture
def with_redis(tmp_path: Path, db: Database) -> Iterator[Runtime]:
    redis = OwnRedis(tmp_path)
    made = build_runtime(
        settings.make_config(tmp_path, database={"url": str(db.url)}, redis={"url": redis.url})
    )
    yield made
    made.db.close()
    redis.end()


def welcome(number: int, outcome: str | None, took_ms: int | None, age: float = 5) -> Delivery:
    at = clock.utcnow() - timedelta(seconds=age)
    return Delivery(
        kind="welcome",
        dedupe_key=f"welcome{number}",
        recipient="wmA",
        created_at=at,
        wanted_at=at,
        outcome=outcome,
        took_ms=took_ms,
        attempts=1,
        detail={},
    )


def urgent_event(seconds_ago: float) -> Received:
    return Received(
        corp_id="ww",
        dedupe_key="key",
        receiver="app",
        lane="urgent",
        event="change_external_contact",
        change_type="add_external_contact",
        userid="zhaoyi",
        external_userid="wmA",
        chat_id="",
        create_time=None,
        body=b"sealed",
        msg_signature="0" * 40,
        received_at=clock.utcnow() - timedelta(seconds=seconds_ago),
    )


def value(figures: CollectorRegistry, name: str, /, **labels: str) -> float | None:
    return figures.get_sample_value(name, labels)


def test_a_welcome_that_nobody_takes_is_seen_growing_old(runtime: Runtime) -> None:
    with runtime.db.write() as session:
        record_received(session, [urgent_event(seconds_ago=42)])
    figures = measure(runtime)
    assert value(figures, "banke_lane_due", lane="urgent") == 1
    assert 42 <= (value(figures, "banke_lane_oldest_seconds", lane="urgent") or 0) < 60


def test_every_lane_and_fate_has_its_figure_when_there_is_nothing(runtime: Runtime) -> None:
    figures = measure(runtime)
    assert {value(figures, "banke_lane_oldest_seconds", lane=lane) for lane in LANES} == {0}
    assert {value(figures, "banke_inbox_events", fate=fate) for fate in FATES} == {0}


def test_the_fates_are_those_that_people_read(any_db: Database) -> None:
    assert set(FATES) == set(FATE_WORDS)
    with any_db.read() as session:
        assert list_lanes(session) == [Backlog(lane, 0, 0.0) for lane in LANES]


def test_how_long_welcomes_took_is_counted_by_steps(any_db: Database) -> None:
    with any_db.write() as session:
        session.add_all([welcome(1, "sent", 250), welcome(2, "sent", 251), welcome(3, "sent", 900)])
        session.add_all([welcome(4, "missed", None), welcome(5, None, None)])
        session.add(welcome(6, "sent", 100, age=900))
    with any_db.read() as session:
        pace = measure_pace(session, since=clock.utcnow() - timedelta(minutes=10))
    assert dict(zip(STEPS, pace.within, strict=True))[0.25] == 1
    assert (pace.within[1:3], pace.arrived, round(pace.seconds, 3)) == ((2, 3), 3, 1.401)
    assert dict(pace.outcomes) == {"sent": 3, "missed": 1, "": 1}


def test_missed_welcomes_and_the_histogram_are_shown(runtime: Runtime) -> None:
    with runtime.db.write() as session:
        session.add_all([welcome(1, "sent", 700), welcome(2, "missed", None)])
    figures = measure(runtime)
    assert value(figures, "banke_welcomes_10m", outcome="missed") == 1
    assert value(figures, "banke_welcomes_10m", outcome="failed") == 0
    assert value(figures, "banke_welcome_seconds_10m_bucket", le="0.5") == 0
    assert value(figures, "banke_welcome_seconds_10m_bucket", le="1.0") == 1
    assert value(figures, "banke_welcome_seconds_10m_bucket", le="+Inf") == 1


def test_a_database_that_is_away_is_told_and_the_rest_still_shown(
    tmp_path: Path, db: Database
) -> None:
    config = settings.make_config(tmp_path, database={"url": str(db.url)})
    door = create_app(config).test_client()
    with db.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE inbox_events")
    answer = door.get("/metrics")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "banke_database_up 0.0" in text
    assert 'banke_callbacks_total{answer="not_stored"}' in text


def test_the_disk_is_measured_before_anything_is_kept_on_it(
    runtime: Runtime, tmp_path: Path
) -> None:
    away = DatabaseSection(url=f"sqlite:///{tmp_path / 'not' / 'made' / 'banke.db'}")
    config = runtime.config.model_copy(update={"database": away})
    figures = measure(replace(runtime, config=config))
    free, size = (value(figures, f"banke_disk_{one}_bytes") or 0 for one in ("free", "size"))
    assert 0 < free < size


def test_who_is_alive_is_told_part_by_part(with_redis: Runtime) -> None:
    tell(with_redis, build_vitals(with_redis, "worker", clock.utcnow()))
    figures = measure(with_redis)
    assert value(figures, "banke_redis_up") == 1
    assert value(figures, "banke_processes", part="worker") == 1
    assert value(figures, "banke_processes", part="relay") == 0
    assert value(figures, "banke_process_told_timestamp_seconds", part="worker")
    assert value(figures, "banke_process_told_timestamp_seconds", part="relay") is None


def test_without_redis_nobody_is_said_to_be_dead(runtime: Runtime) -> None:
    figures = measure(runtime)
    assert value(figures, "banke_redis_up") == 0
    assert value(figures, "banke_processes", part="worker") is None


def test_a_job_that_fails_is_told_by_its_name(runtime: Runtime) -> None:
    jobs = {job.name: job for job in SCHEDULE}
    # There is no WeCom behind this one.
    run_if_due(runtime, jobs["members.sync_members"])
    run_if_due(runtime, jobs["sync.watch"])
    figures = measure(runtime)
    assert value(figures, "banke_job_failed", name="members.sync_members") == 1
    assert value(figures, "banke_job_failed", name="sync.watch") == 0
    assert value(figures, "banke_job_ended_timestamp_seconds", name="sync.watch")


def test_the_last_comparison_that_was_done_counts(runtime: Runtime) -> None:
    assert value(measure(runtime), "banke_sync_ended_timestamp_seconds", outcome="done") is None
    now = clock.utcnow()
    ends = {"done": now - timedelta(days=3), "refused": now}
    with runtime.db.write() as session:
        for outcome, at in ends.items():
            row = {"why": "nightly", "created_at": at, "ended_at": at, "outcome": outcome}
            session.execute(insert(SyncRun).values(walking=[], **row))
    told = value(measure(runtime), "banke_sync_ended_timestamp_seconds", outcome="done")
    assert told == ends["done"].timestamp()


def test_each_refresh_of_a_ticket_is_seen(with_redis: Runtime) -> None:
    tickets = with_redis.wecom.shared("jsapi_ticket", lambda _s: Issued(value="t", expires_in=7200))
    first = tickets.get()
    name = "banke_token_issued_timestamp_seconds"
    assert value(measure(with_redis), name, token="corp_ticket") == first.issued_at.timestamp()
    second = tickets.invalidate(first.version)
    assert value(measure(with_redis), name, token="corp_ticket") == second.issued_at.timestamp()


def test_refused_callbacks_are_counted_by_reason(tmp_path: Path, db: Database) -> None:
    door = create_app(settings.make_config(tmp_path, database={"url": str(db.url)})).test_client()

    def refused() -> dict[str, float]:
        text = door.get("/metrics").get_data(as_text=True)
        families = {family.name: family for family in text_string_to_metric_families(text)}
        samples = families["banke_callbacks_refused"].samples
        return {one.labels["reason"]: one.value for one in samples if one.name.endswith("_total")}

    before = refused()
    door.post("/callbacks/app", data=b"")
    door.post("/callbacks/nobody", data=b"")
    rises = {reason: count - before[reason] for reason, count in refused().items()}
    assert {reason: rise for reason, rise in rises.items() if rise} == {
        "parameters": 1,
        "unknown": 1,
    }
    assert set(rises) == {*REFUSALS, "unknown"}


def test_every_reason_of_a_refusal_is_on_the_list() -> None:
    root = Path(__file__).parent.parent
    texts = [(root / path).read_text() for path in ("app/wecom/crypto.py", "callbacks/views.py")]
    said = {part.split('"')[0] for text in texts for part in text.split('CallbackError("')[1:]}
    assert said == set(REFUSALS)

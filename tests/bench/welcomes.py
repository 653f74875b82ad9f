"""P4 and P5: how long a new friend waits for his welcome: alone, during a sync, in a storm."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from app.sandbox.records import EventRecord
from app.sandbox.server import Sandbox
from app.sync.actions import begin_run, cancel_run
from app.sync.models import SyncRun
from tests import settings
from tests.bench.figures import Figure, Report
from tests.bench.load import percentile
from tests.deployment import Deployment, wait_until

API = "externalcontact/send_welcome_msg"
API_SECONDS = 0.2
MEMBER = "zhaoyi"

CALM_RATE = 10.0
CALM_SECONDS = 8.0
CALM_P50, CALM_P99, CALM_LONGEST = 0.15, 1.0, 5.0

# So many that a full sync is under way for as long as it is measured.
CROWD, CROWD_MEMBERS = 300_000, 200
# All that WeCom is asked about customers, but for the pages of a sync.
ALL_BUT_PAGES = "externalcontact/[!b]*"

STORM = 1000
STORM_SECONDS = 18.0
PATIENCE = 22.0


def measure_welcomes(report: Report, kind: str, folder: Path) -> None:
    """Measure both on this database, with `flask serve` and an API that takes 200 ms."""
    if not report.has_time_for(80, f"welcomes on {kind}"):
        return
    report.section(f"Welcomes on {kind}: flask serve, WeCom's API takes 200 ms")
    folder.mkdir()
    with ExitStack() as stack:
        url = stack.enter_context(settings.fresh_database(kind, folder))
        deployment = stack.enter_context(Deployment(folder, database_url=url)).serve()
        box = deployment.box
        box.faults.latency("*", API_SECONDS, times=None)
        report.add(_calm(deployment, kind, "您好", "plain text"))
        report.add(_calm(deployment, kind, "您好，{{客户昵称}}", "with the name"))
        for figure in _in_sync(deployment, kind):
            report.add(figure)
        deployment.command("welcome", "set-default", "您好")
        report.add(_storm(box, kind))
        # What is left over need not be waited for.
        box.faults.clear()


def _calm(deployment: Deployment, kind: str, text: str, what: str) -> Figure:
    deployment.command("welcome", "set-default", text)
    box = deployment.box
    # The first welcome of a deployment fetches a token; people come later than that.
    first = box.people.customer_scans(MEMBER)
    box.ledger.wait_for(lambda ledger: ledger.welcome_posts(first.welcome_code), timeout=PATIENCE)
    events = _come_steadily(box)
    waits = _waits(box, events, PATIENCE)
    p50, p99 = percentile(waits, 0.5), percentile(waits, 0.99)
    longest = percentile(waits, 1.0)
    named = "{{" in text
    return Figure(
        measure="P4",
        what=f"{kind}, {CALM_RATE:.0f}/s, {what}: p50, p99, max",
        value=f"{p50:.2f} / {p99:.2f} / {longest:.2f} s",
        budget="" if named else f"{CALM_P50:g}/{CALM_P99:g}/{CALM_LONGEST:g} s",
        met=None if named else p50 < CALM_P50 and p99 < CALM_P99 and longest < CALM_LONGEST,
        invalid=_missing(waits, events),
        raw={"waits": waits},
    )


def _in_sync(deployment: Deployment, kind: str) -> Iterator[Figure]:
    """Measure while all customers are taken over, page by page or as fast as we can."""
    box, db = deployment.box, deployment.db
    box.add_crowd(CROWD, members=CROWD_MEMBERS)
    run_id = db.commit(lambda session: begin_run(session, why="manual").id)
    for what, slow in (("in a full sync", "*"), ("its pages at once", ALL_BUT_PAGES)):
        box.faults.clear()
        box.faults.latency(slow, API_SECONDS, times=None)
        _wait_for_more(deployment, run_id)
        figure = _calm(deployment, kind, "您好", what)
        if _listed(deployment, run_id) < 0:
            figure = replace(figure, invalid="the sync had ended")
        yield figure if slow == "*" else replace(figure, budget="", met=None)
    db.commit(lambda session: cancel_run(session, userid=""))
    box.faults.clear()
    box.faults.latency("*", API_SECONDS, times=None)


def _wait_for_more(deployment: Deployment, run_id: int) -> None:
    before = _listed(deployment, run_id)
    wait_until(lambda: _listed(deployment, run_id) > before, PATIENCE * 3)


def _listed(deployment: Deployment, run_id: int) -> int:
    """Return how many relations a sync has taken over; -1: it has ended."""
    with deployment.db.read() as session:
        run = session.get_one(SyncRun, run_id)
    return run.listed if run.outcome is None else -1


def _come_steadily(box: Sandbox) -> list[EventRecord]:
    began = time.monotonic()
    events = []
    for number in range(int(CALM_RATE * CALM_SECONDS)):
        time.sleep(max(0.0, began + number / CALM_RATE - time.monotonic()))
        events.append(box.people.customer_scans(MEMBER))
    return events


def _storm(box: Sandbox, kind: str) -> Figure:
    box.delivery.pause()
    events = box.people.customers_scan(STORM, MEMBER, create_time=box.clock.unix())
    box.delivery.resume()
    waits = _waits(box, events, PATIENCE, since=time.monotonic())
    in_time = sum(1 for wait in waits if wait <= STORM_SECONDS)
    return Figure(
        measure="P5",
        what=f"{kind}, {STORM} friends in one second: greeted, last",
        value=f"{in_time} in {percentile(waits, 1.0):.1f} s",
        budget=f"{STORM} in {STORM_SECONDS:.0f} s",
        met=in_time == STORM,
        raw={"waits": waits, "most_in_flight": box.ledger.most_in_flight(API)},
    )


def _waits(
    box: Sandbox, events: list[EventRecord], patience: float, *, since: float | None = None
) -> list[float]:
    """Return the seconds from callback (or `since`) to the accepted call of each event, sorted."""
    wanted = {event.welcome_code: event for event in events}
    end = time.monotonic() + patience
    while time.monotonic() < end:
        greeted = {welcome.code for welcome in box.ledger.accepted_welcomes()}
        if wanted.keys() <= greeted:
            break
        time.sleep(0.25)
    waits = []
    for call in box.ledger.calls(API, errcode=0):
        event = wanted.get(str(call.params["body"].get("welcome_code")))
        if event is not None and event.first_sent is not None:
            waits.append(call.monotonic - (event.first_sent if since is None else since))
    return sorted(waits)


def _missing(waits: list[float], events: list[EventRecord]) -> str:
    return "" if len(waits) == len(events) else f"{len(waits)} of {len(events)} were greeted"

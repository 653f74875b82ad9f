"""P6: how fast a backlog of events that need no call to WeCom is worked off, and in what memory."""

import time
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from app import clock
from app.inbox.actions import Received, record_received
from app.inbox.models import BODY_PURPOSE, InboxEvent
from app.sandbox.events import event_xml
from app.sandbox.faults import Faults
from app.seal import Sealer
from app.wecom.envelope import event_key, read_event
from tests import settings
from tests.bench.figures import Figure, Report
from tests.deployment import Deployment, wait_until

PER_SECOND = 500.0
MOST_GROWTH = 1.25
CHUNK = 1000
LOOK_EVERY = 0.5
SECRET_KEY = "a secret key for tests only"


def measure_backlog(
    report: Report, kind: str, folder: Path, *, events: int, seconds: float
) -> None:
    """Work off `events` under `flask serve`, for `seconds` at most."""
    if not report.has_time_for(seconds + 15, f"a backlog on {kind}"):
        return
    report.section(f"A backlog of {events} events on {kind}: half handled, half ignored")
    folder.mkdir()
    with (
        settings.fresh_database(kind, folder) as url,
        Deployment(folder, database_url=url) as deployment,
    ):
        _fill(deployment, events)
        deployment.serve()
        done, took, memory = _watch(deployment, events, seconds)
    cut = f", cut after {took:.0f} s: {done}" if took >= seconds else f": {done}"
    rate = done / took if took else 0.0
    growth = max(memory) / memory[len(memory) // 4]
    report.add(
        Figure(
            measure="P6",
            what=f"{kind}, worked{cut}",
            value=f"{rate:.0f}/s",
            budget=f">= {PER_SECOND:.0f}/s",
            met=rate >= PER_SECOND,
            raw={"done": done, "seconds": took},
        ),
        Figure(
            measure="P6",
            what=f"{kind}, memory of worker + relay, most",
            value=f"{max(memory):.0f} MB (x {growth:.2f})",
            budget=f"x < {MOST_GROWTH}",
            met=growth < MOST_GROWTH,
            raw={"megabytes": memory},
        ),
    )


def _fill(deployment: Deployment, events: int) -> None:
    sealer = Sealer(SECRET_KEY)
    for first in range(0, events, CHUNK):
        rows = [_received(sealer, number) for number in range(first, min(first + CHUNK, events))]
        with deployment.db.write() as session:
            record_received(session, rows)


def _received(sealer: Sealer, number: int) -> Received:
    now = clock.utcnow()
    fields = _fields(number, now.timestamp())
    return received_of(sealer, fields, number, received_at=now - timedelta(minutes=1))


def received_of(
    sealer: Sealer, fields: dict[str, str | int], number: int, *, received_at: datetime
) -> Received:
    """Make of an event, the one of this number, what the door stores of it."""
    plaintext = event_xml(fields, Faults().callbacks).encode()
    event = read_event(plaintext)
    return Received(
        corp_id=settings.CORP_ID,
        dedupe_key=event_key(event),
        receiver="app",
        lane="events",
        event=event.event,
        change_type=event.change_type,
        userid=event.userid,
        external_userid=event.external_userid,
        chat_id="",
        create_time=event.create_time,
        body=sealer.seal(plaintext, purpose=BODY_PURPOSE),
        msg_signature=f"{number:040d}",
        received_at=received_at,
    )


def _fields(number: int, now: float) -> dict[str, str | int]:
    head: dict[str, str | int] = {
        "ToUserName": settings.CORP_ID,
        "FromUserName": "sys",
        "CreateTime": int(now),
        "MsgType": "event",
    }
    if number % 2:
        return head | {"Event": "enter_agent", "EventKey": str(number)}
    return head | {
        "Event": "change_external_contact",
        "ChangeType": "del_external_contact",
        "UserID": "zhaoyi",
        "ExternalUserID": f"wmBacklog{number:023d}",
        "Source": "DELETE_BY_TRANSFER",
    }


def _watch(deployment: Deployment, events: int, seconds: float) -> tuple[int, float, list[float]]:
    """Return how many events were worked, in which time, and the megabytes on the way.

    What was worked before the clock started does not count.
    """
    before = done = wait_until(lambda: count_done(deployment))
    began = time.monotonic()
    memory = [_megabytes(deployment)]
    while done < events and time.monotonic() - began < seconds:
        time.sleep(LOOK_EVERY)
        memory.append(_megabytes(deployment))
        done = count_done(deployment)
    return done - before, time.monotonic() - began, memory


def count_done(deployment: Deployment) -> int:
    """Count the events that are at their end."""
    with deployment.db.read() as session:
        return (
            session.scalar(
                select(func.count()).select_from(InboxEvent).where(InboxEvent.due_at.is_(None))
            )
            or 0
        )


def _megabytes(deployment: Deployment) -> float:
    processes = [process for part in ("worker", "relay") for process in deployment.children(part)]
    return sum(process.memory_info().rss for process in processes) / 1e6

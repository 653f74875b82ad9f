"""P6: how fast a backlog of edits is worked off, for which customers are read at WeCom.

One reading of a customer serves all of his edits that wait, so what counts besides the pace is how
many readings it took.
"""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from app import clock
from app.inbox.actions import Received, record_received
from app.sandbox.crowd import Crowd
from app.seal import Sealer
from tests import settings
from tests.bench.backlog import CHUNK, SECRET_KEY, count_done, received_of
from tests.bench.figures import Figure, Report
from tests.deployment import Deployment, wait_until

READ = "externalcontact/get"
CUSTOMERS, MEMBERS = 300, 10
EACH = 10
MOST_READS_EACH = 2.0


def measure_edits(report: Report, kind: str, folder: Path, *, seconds: float) -> None:
    """Work off ten edits of each of 300 customers under `flask serve`, for `seconds` at most."""
    if not report.has_time_for(seconds + 15, f"a backlog of edits on {kind}"):
        return
    events = CUSTOMERS * EACH
    report.section(f"A backlog of {events} edits of {CUSTOMERS} customers on {kind}")
    folder.mkdir()
    with (
        settings.fresh_database(kind, folder) as url,
        Deployment(folder, database_url=url) as deployment,
    ):
        members = deployment.box.add_crowd(CUSTOMERS, members=MEMBERS)
        _fill(deployment, Crowd(CUSTOMERS, members, now=0))
        deployment.serve()
        done, took = _watch(deployment, events, seconds)
        reads = len(deployment.box.ledger.calls(READ))
    rate = done / took if took else 0.0
    report.add(
        Figure(measure="P6", what=f"{kind}, edits worked: {done}", value=f"{rate:.0f}/s"),
        Figure(
            measure="P6",
            what=f"{kind}, readings of {CUSTOMERS} customers",
            value=str(reads),
            budget=f"<= {MOST_READS_EACH:.0f} each",
            met=reads <= MOST_READS_EACH * CUSTOMERS,
        ),
    )


def _fill(deployment: Deployment, crowd: Crowd) -> None:
    rows = list(_edits(crowd))
    for first in range(0, len(rows), CHUNK):
        with deployment.db.write() as session:
            record_received(session, rows[first : first + CHUNK])


def _edits(crowd: Crowd) -> Iterator[Received]:
    """Yield the edits: all customers once, and all again, so that none is beside his own."""
    sealer = Sealer(SECRET_KEY)
    came_at = clock.utcnow() - timedelta(minutes=1)
    for turn in range(EACH):
        for number in range(CUSTOMERS):
            userid = f"crowd{number % MEMBERS:04d}"
            relation = crowd.relation_at(userid, number // MEMBERS)
            fields: dict[str, str | int] = {
                "ToUserName": settings.CORP_ID,
                "FromUserName": "sys",
                "CreateTime": int(came_at.timestamp()) + turn,
                "MsgType": "event",
                "Event": "change_external_contact",
                "ChangeType": "edit_external_contact",
                "UserID": userid,
                "ExternalUserID": relation.external_userid,
            }
            at = came_at + timedelta(seconds=turn, milliseconds=number)
            yield received_of(sealer, fields, turn * CUSTOMERS + number, received_at=at)


def _watch(deployment: Deployment, events: int, seconds: float) -> tuple[int, float]:
    """Return how many were worked in which time; what came before the first look is left out."""
    before = done = wait_until(lambda: count_done(deployment))
    began = time.monotonic()
    while done < events and time.monotonic() - began < seconds:
        time.sleep(0.2)
        done = count_done(deployment)
    return done - before, time.monotonic() - began

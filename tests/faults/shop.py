"""What happens again and again to a shop in this process, and how it comes to its end.

Somebody comes and is greeted, somebody leaves and the member is told.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from app import clock
from app.churn.models import Loss
from app.claims import free_all
from app.deliveries.models import Delivery
from app.inbox.actions import record_received
from app.inbox.models import InboxEvent
from app.runtime import Runtime
from app.sandbox.records import EventRecord
from app.sandbox.server import Sandbox, SandboxServer
from callbacks.store import Store
from tests import settings
from tests.callbacks.letters import received_of
from tests.faults.lives import work_what_is_due

MEMBER = "zhaoyi"
# Reactions that let a second pass find it over.
SETTLED = 3.0
A_MINUTE = 60.0


@contextmanager
def configured(folder: Path, url: str, box: Sandbox) -> Iterator[Path]:
    """Give a configuration on this database, while the sandbox answers and its clock is ours."""
    with SandboxServer(box) as address:
        wecom = {"api_base": address, "secret": box.secret, "clock_file": str(folder / "clock")}
        tree = settings.settings(folder, database={"url": url}, wecom=wecom)
        clock.follow(folder / "clock")
        yield settings.write_toml(folder / "config.toml", tree)
    clock.follow(None)


def come(runtime: Runtime, box: Sandbox) -> EventRecord:
    """Have a new customer of the member, whose callback is stored."""
    event = box.people.customer_scans(MEMBER, name=f"客户{box.ledger.count('event')}")
    hear(runtime, event)
    return event


def hear(runtime: Runtime, event: EventRecord) -> None:
    lane = "urgent" if event.welcome_code else "events"
    with runtime.db.write() as session:
        record_received(session, [received_of(runtime, lane=lane, **wire(event.fields))])


def finish(runtime: Runtime, box: Sandbox) -> None:
    """Work on as another process does when the leases of the dead one are over."""
    with runtime.db.write() as session:
        for table in (InboxEvent, Delivery):
            free_all(session, table)
    for seconds in (0, SETTLED, A_MINUTE):
        box.clock.move(seconds)
        work_what_is_due(runtime)


def alerts(runtime: Runtime, box: Sandbox, event: EventRecord) -> tuple[int, int]:
    """Return how many losses of this customer are on record, and how often a member was told."""
    with runtime.db.read() as session:
        losses = select(func.count()).where(Loss.external_userid == event.external_userid)
        words = [str(one.body) for one in box.ledger.messages()]
        # He may be told of a greeting that is not sure to have come, too.
        told = [one for one in words if event.external_userid in one and "客户流失" in one]
        return session.scalar(losses) or 0, len(told)


def count_undone(runtime: Runtime) -> int:
    """Count the events that did not come to their end."""
    with runtime.db.read() as session:
        rest = select(func.count()).where(InboxEvent.fate.is_distinct_from("done"))
        return session.scalar(rest) or 0


def take(fields: dict[str, Any], runtime: Runtime) -> None:
    """Store a callback as the door does, in a group of its own."""
    Store(runtime.db).put(received_of(runtime, lane="urgent", **wire(fields)))


def count_rows(runtime: Runtime, event: EventRecord) -> int:
    """Count the rows of the inbox about this customer."""
    rows = select(func.count()).where(InboxEvent.external_userid == event.external_userid)
    with runtime.db.read() as session:
        return session.scalar(rows) or 0


def wire(fields: dict[str, Any]) -> dict[str, str]:
    """Write the fields of an event as XML has them."""
    return {tag: str(value) for tag, value in fields.items()}

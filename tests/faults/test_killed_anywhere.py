"""Killed before and after every single commit: one welcome, one alert, and everything done."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from app import clock
from app.churn.models import Loss
from app.claims import free_all
from app.db import Database
from app.deliveries.models import Delivery
from app.inbox.actions import record_received
from app.inbox.models import InboxEvent
from app.members.jobs import sync_members
from app.runtime import Runtime
from app.sandbox.records import EventRecord
from app.sandbox.server import Sandbox, SandboxServer
from app.welcome.actions import set_default
from callbacks.store import Store
from tests import settings
from tests.callbacks.letters import received_of
from tests.conftest import database_kinds
from tests.faults.lives import live, running, work_what_is_due

MEMBER = "zhaoyi"
# Reactions that let a second pass find it over.
SETTLED = 3.0
A_MINUTE = 60.0
FEWEST_POINTS = 20


@pytest.fixture
def box(tmp_path: Path) -> Sandbox:
    return Sandbox(clock_file=tmp_path / "clock", seed=True)


@pytest.fixture
def config(tmp_path: Path, any_db: Database, box: Sandbox) -> Iterator[Path]:
    with SandboxServer(box) as address:
        tree = settings.settings(
            tmp_path,
            database={"url": any_db.url.render_as_string(hide_password=False)},
            wecom={
                "api_base": address,
                "secret": box.secret,
                "clock_file": str(tmp_path / "clock"),
            },
        )
        clock.follow(tmp_path / "clock")
        yield settings.write_toml(tmp_path / "config.toml", tree)
    clock.follow(None)


def test_killed_at_any_commit_of_a_worker(config: Path, box: Sandbox) -> None:
    with running(config) as runtime:
        sync_members(runtime)
        with runtime.db.write() as session:
            set_default(session, "您好")
        before = come(runtime, box)
        finish(runtime, box)
        # The databases share the points among them.
        kinds = database_kinds()
        step = len(kinds)
        assert live(nothing, config, point=0)  # whoever is first waits until all is loaded
        point, is_over = 1 + kinds.index(kind_of(runtime)), False
        while not is_over:
            leaves = box.people.customer_deletes_member(MEMBER, before.external_userid)
            hear(runtime, leaves)
            comes = come(runtime, box)
            is_over = live(work_what_is_due, config, point=point)
            finish(runtime, box)
            assert box.ledger.welcome_counts()[MEMBER, comes.external_userid] == 1, point
            assert alerts(runtime, box, before) == (1, 1), point
            point, before = point + step, comes
        assert point > FEWEST_POINTS
        assert undone(runtime) == 0


def test_killed_at_the_commit_of_the_door(config: Path, box: Sandbox) -> None:
    with running(config) as runtime:
        stored = []
        for point in (1, 2):
            event = box.people.customer_scans(MEMBER, name="钱多")
            is_over = live(partial(take, event.fields), config, point=point)
            before = count(runtime, event)
            take(event.fields, runtime)  # nobody was answered, and so WeCom sends it again
            stored.append((is_over, before, count(runtime, event)))
    assert stored == [(False, 0, 1), (False, 1, 1)]


def take(fields: dict[str, Any], runtime: Runtime) -> None:
    """Store a callback as the door does, in a group of its own."""
    Store(runtime.db).put(received_of(runtime, lane="urgent", **wire(fields)))


def count(runtime: Runtime, event: EventRecord) -> int:
    """Count the rows of the inbox about this customer."""
    rows = select(func.count()).where(InboxEvent.external_userid == event.external_userid)
    with runtime.db.read() as session:
        return session.scalar(rows) or 0


def wire(fields: dict[str, Any]) -> dict[str, str]:
    """Write the fields of an event as XML has them."""
    return {tag: str(value) for tag, value in fields.items()}


def kind_of(runtime: Runtime) -> str:
    """Return the kind of its database as the tests call it."""
    name = runtime.db.url.get_backend_name()
    return "mariadb" if name == "mysql" else name


def nothing(_runtime: Runtime) -> None:
    """Come to the end at once."""


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
        told = [one for one in box.ledger.messages() if event.external_userid in str(one.body)]
        return session.scalar(losses) or 0, len(told)


def undone(runtime: Runtime) -> int:
    """Count the events that did not come to their end."""
    with runtime.db.read() as session:
        rest = select(func.count()).where(InboxEvent.fate.is_distinct_from("done"))
        return session.scalar(rest) or 0

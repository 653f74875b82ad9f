"""Events that kill whoever works them: they have an end, and take nobody along."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from app.claims import RETRY_SECONDS
from app.db import Database
from app.inbox.actions import record_received, replay
from app.inbox.models import InboxEvent
from app.lanes import LEASE
from app.runtime import Runtime
from app.sandbox.server import Sandbox
from callbacks import routing
from callbacks.reaction import StoredEvent
from tests.callbacks.letters import received_of
from tests.faults.lives import live, running, work_what_is_due
from tests.faults.shop import configured

POISON, HARMLESS = "poison", "harmless"
NEIGHBOURS = 3


@pytest.fixture
def config(tmp_path: Path, db: Database, box: Sandbox) -> Iterator[Path]:
    with configured(tmp_path, str(db.url), box) as path:
        yield path


def test_an_event_that_kills_its_process_is_dead_in_the_end_and_its_neighbours_are_done(
    config: Path, box: Sandbox
) -> None:
    with running(config) as runtime:
        receive(runtime, POISON, *[HARMLESS] * NEIGHBOURS)
        kills = 0
        while any(row.due_at for row in rows(runtime)):
            kills += not live(work_with_poison, config, point=0)
            box.clock.move(LEASE)
        poison, *neighbours = rows(runtime)
        assert (poison.fate, kills) == ("dead", len(RETRY_SECONDS) + 1)
        # Once they were claimed together with it, and never again.
        assert {(row.fate, row.attempts) for row in neighbours} == {("done", 2)}
        with runtime.db.write() as session:
            replay(session, [poison.id])
        assert live(work_with_a_cure, config, point=0)
        assert {row.fate for row in rows(runtime)} == {"done"}


def receive(runtime: Runtime, *kinds: str) -> None:
    """Store events of these kinds, in this order."""
    with runtime.db.write() as session:
        for number, kind in enumerate(kinds):
            fields = {"Event": kind, "ChangeType": "", "ExternalUserID": f"wm{number}"}
            record_received(session, [received_of(runtime, **fields)])


def rows(runtime: Runtime) -> list[InboxEvent]:
    with runtime.db.read() as session:
        return list(session.scalars(select(InboxEvent).order_by(InboxEvent.id)))


def work_with_poison(runtime: Runtime) -> None:
    """Work what is due, as a version whose handler kills the process."""
    routing.HANDLED[POISON, ""] = (die,)
    routing.HANDLED[HARMLESS, ""] = (nothing,)
    work_what_is_due(runtime)


def work_with_a_cure(runtime: Runtime) -> None:
    """Work what is due, as the next version."""
    routing.HANDLED[POISON, ""] = routing.HANDLED[HARMLESS, ""] = (nothing,)
    work_what_is_due(runtime)


def die(_runtime: Runtime, _event: StoredEvent) -> None:
    """Kill the process that works it."""
    os.kill(os.getpid(), signal.SIGKILL)


def nothing(_runtime: Runtime, _event: StoredEvent) -> None:
    """Have nothing to do."""

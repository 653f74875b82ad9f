"""A corp and our side of it in one process, where nothing happens before a test has it happen.

The sandbox answers without a socket, and its callbacks are kept as letters, so that a test may
lose, double and reorder them. Our lanes are worked by hand. The clock of both sides goes on only
when it is told to, as near as a process can hold it.
"""

import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from sqlalchemy import func, select

from app import clock
from app.claims import Claim, Later
from app.db import Database
from app.inbox.actions import Received, record_received
from app.inbox.models import BODY_PURPOSE, InboxEvent
from app.lanes import build_lanes
from app.pushes.models import Push
from app.runtime import build_runtime
from app.sandbox.events import event_xml
from app.sandbox.faults import CallbackFaults
from app.sandbox.front import build_front
from app.sandbox.records import EventRecord, Record
from app.sandbox.server import Sandbox
from app.sandbox.world import Relation
from app.sync.jobs import SECOND_LOOK
from app.sync.models import SyncRun
from app.tables import metadata
from app.wecom.envelope import event_key, read_event
from tests.settings import make_config
from tests.sync.walks import begin, go_on
from tests.sync.wire import Wire

AT_ONCE = 50
# Longer than the longest wait before another try.
ANOTHER_TRY = 1801.0
# The second look, and what a slow machine puts off.
LOOKS = 5


class Corp:
    """Two sides in one process: `box` is WeCom, `runtime` is ours."""

    def __init__(self, folder: Path, db: Database, *, held_percent: int = 100) -> None:
        """`held_percent`: by itself, however many of a few are missing, it is believed."""
        file = folder / "clock"
        self.box = Sandbox(clock_file=file)
        self.letters: list[EventRecord] = []
        self.box.ledger.follow(self._take)
        config = make_config(
            folder,
            database={"url": str(db.url)},
            wecom={"secret": self.box.secret, "clock_file": str(file)},
            callbacks={"app": {"token": self.box.token, "aes_key": self.box.aes_key}},
            sync={"held_percent": held_percent},
        )
        self.runtime = build_runtime(config, durable=False)
        self.runtime.wecom._http.mount("http://", Wire(build_front(self.box)))  # noqa: SLF001 -- the edge of our side
        self._lanes = {lane.name: lane for lane in build_lanes(self.runtime)}
        self._file = file
        self._now = float(int(self.box.clock.time()))
        with db.read() as session:
            rows = {
                table: session.scalar(select(func.count()).select_from(table))
                for table in metadata.sorted_tables
            }
        self._empty = [table for table, count in rows.items() if not count]
        self.pass_time(0)

    def close(self) -> None:
        """Let everything go."""
        self.box.close()
        self.runtime.wecom.close()
        self.runtime.db.close()
        clock.follow(None)

    def forget(self) -> None:
        """Begin anew: nobody is there, and we know of nothing."""
        world = self.box.world
        for part in (world.members, world.customers, world.tag_groups, world.codes):
            part.clear()
        self.box.ledger.clear()
        self.letters.clear()
        with self.runtime.db.engine.begin() as connection:
            for table in reversed(self._empty):
                connection.exec_driver_sql(f"DELETE FROM {table.name}")  # noqa: S608 -- our own names

    def pass_time(self, seconds: float) -> None:
        """Let time pass. What is done until the next time happens in one and the same second."""
        is_now = self.box.clock.time()
        # Should this process have been held up, it counts from there, and never goes back.
        self._now = max(self._now, float(int(is_now))) + seconds
        self.box.clock.set_offset(max(self._now + 0.1, is_now) - time.time())
        clock.follow(self._file)

    def relation(self, userid: str, external_userid: str) -> Relation | None:
        """Find what a member holds about a customer in WeCom."""
        return self.box.world.find_relation(userid, external_userid)

    def deliver(self, letters: Iterable[EventRecord]) -> None:
        """Have our inbox take these, in this order."""
        callbacks = [self._received(letter) for letter in letters]
        for callback in callbacks:
            self.runtime.db.commit(partial(record_received, callbacks=[callback]))

    def work(self, *names: str) -> None:
        """Work lanes until nothing of them is due."""
        while sum(self._work(name) for name in names):
            continue

    def lose_worker(self, name: str) -> None:
        """Have whoever claims something of a lane now die of it."""
        self._claim(name)

    def settle(self) -> None:
        """Work all that was delivered, and tell WeCom all that it has to be told."""
        for _try in range(8):
            self.work("urgent", "events", "pushes")
            if not self._waits():
                return
            self.pass_time(ANOTHER_TRY)
        raise AssertionError("something wants work for ever")

    def compare(self) -> SyncRun:
        """Walk from beginning to end, the second look included."""
        self.pass_time(2)
        run = go_on(self.runtime, begin(self.runtime))
        for _look in range(LOOKS):
            if run.outcome is not None:
                break
            self.pass_time(SECOND_LOOK.total_seconds() + 1)
            run = go_on(self.runtime, run.id)
        assert run.outcome == "done", (run.outcome, run.fault)
        return run

    def _take(self, record: Record) -> None:
        if isinstance(record, EventRecord):
            self.letters.append(record)

    def _received(self, letter: EventRecord) -> Received:
        plaintext = event_xml(letter.fields, CallbackFaults()).encode()
        event = read_event(plaintext)
        return Received(
            corp_id=self.runtime.corp_id,
            dedupe_key=event_key(event),
            receiver="app",
            lane="urgent" if event.welcome_code else "events",
            event=event.event,
            change_type=event.change_type,
            userid=event.userid,
            external_userid=event.external_userid,
            chat_id=event.chat_id,
            create_time=event.create_time,
            body=self.runtime.sealer.seal(plaintext, purpose=BODY_PURPOSE),
            msg_signature="0" * 40,
            received_at=clock.utcnow(),
        )

    def _work(self, name: str) -> bool:
        claims = self._claim(name)
        for claim in claims:
            self._lanes[name].work(claim)
        return bool(claims)

    def _claim(self, name: str) -> list[Claim]:
        try:
            return self._lanes[name].claim(AT_ONCE, 0.0)
        except Later:
            return []

    def _waits(self) -> bool:
        with self.runtime.db.read() as session:
            return any(
                session.scalar(select(table.id).where(table.due_at.is_not(None)).limit(1))
                for table in (InboxEvent, Push)
            )

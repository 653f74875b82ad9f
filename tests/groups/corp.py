"""A corp in the sandbox, our runtime beside it, and events that travel between them by hand.

So a test decides when an event is worked, in which order, and what the API shows meanwhile.
"""

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from heapq import heappop, heappush
from typing import Any

from sqlalchemy import delete, select

from app import clock
from app.claims import Later
from app.customers.models import Customer, TimelineEntry
from app.groups.models import GroupChange, GroupChat, GroupMember
from app.runtime import Runtime
from app.sandbox.events import event_xml
from app.sandbox.records import EventRecord
from app.sandbox.server import Sandbox
from app.wecom.envelope import event_key, read_event
from callbacks.reaction import StoredEvent
from callbacks.routing import HANDLED

# Our clock reads the sandbox's offset every 50 ms.
CLOSE = 0.02


@dataclass
class Corp:
    """The sandbox and the runtime, with one clock."""

    box: Sandbox
    runtime: Runtime

    def wait(self, seconds: float) -> None:
        """Move the clock of both, and see that ours has followed."""
        self.box.clock.move(seconds)
        while abs(clock.utcnow().timestamp() - self.box.clock.time()) > CLOSE:
            pass

    def stored(self, record: EventRecord, *, without: Sequence[str] = ()) -> StoredEvent:
        """Make a stored event of what WeCom sent, received now."""
        fields = {tag: value for tag, value in record.fields.items() if tag not in without}
        event = read_event(event_xml(fields, self.box.faults.callbacks).encode())
        now = clock.utcnow()
        return StoredEvent(
            id=record.event_id,
            key=event_key(event),
            received_at=now,
            at=event.create_time or now,
            stale=False,
            event=event,
        )

    def react(self, event: StoredEvent) -> datetime | None:
        """Run an event's reactions once; return when they want to be run again."""
        try:
            for reaction in HANDLED[event.event.event, event.event.change_type]:
                reaction(self.runtime, event)
        except Later as later:
            return later.at
        return None

    def work(self, *records: EventRecord, without: Sequence[str] = ()) -> None:
        """Receive these events now and work them in this order until none wants to come back."""
        self.work_stored([self.stored(record, without=without) for record in records])

    def work_stored(self, events: Iterable[StoredEvent]) -> None:
        """Work events in this order; those that come back do so when they are due."""
        now = clock.utcnow()
        waiting = [(now, number, event) for number, event in enumerate(events)]
        while waiting:
            due, number, event = heappop(waiting)
            if due > clock.utcnow():
                self.wait((due - clock.utcnow()).total_seconds())
            if (again := self.react(event)) is not None:
                heappush(waiting, (again, number, event))

    @contextmanager
    def lagging(self, chat_id: str, act: Callable[[], EventRecord]) -> Iterator[EventRecord]:
        """Do `act`, and inside the block let the API show the group as it was before."""
        groups = self.box.world.groups
        before = copy.deepcopy(groups[chat_id])
        record = act()
        after, groups[chat_id] = groups[chat_id], before
        yield record
        groups[chat_id] = after

    def stays(self, chat_id: str) -> list[GroupMember]:
        """Return every stay, in a fixed order."""
        with self.runtime.db.read() as session:
            return list(
                session.scalars(
                    select(GroupMember)
                    .where(GroupMember.chat_id == chat_id)
                    .order_by(GroupMember.userid, GroupMember.period)
                )
            )

    def stays_of(self, chat_id: str, userid: str) -> list[GroupMember]:
        """Return one person's stays."""
        return [stay for stay in self.stays(chat_id) if stay.userid == userid]

    def group(self, chat_id: str) -> GroupChat:
        """Return the group's row."""
        with self.runtime.db.read() as session:
            return session.get_one(GroupChat, chat_id)

    def timeline(self, external_userid: str = "") -> list[TimelineEntry]:
        """Return the timeline of one customer, or of all, in the order of time."""
        wanted = select(TimelineEntry).order_by(
            TimelineEntry.at, TimelineEntry.external_userid, TimelineEntry.kind
        )
        if external_userid:
            wanted = wanted.where(TimelineEntry.external_userid == external_userid)
        with self.runtime.db.read() as session:
            return list(session.scalars(wanted))

    def kinds(self, external_userid: str) -> list[str]:
        """Return what happened to one customer, in the order of time."""
        return [entry.kind for entry in self.timeline(external_userid)]

    def state(self, chat_id: str) -> dict[str, Any]:
        """Return all that the order of events must not change."""
        group = self.group(chat_id)
        return {
            "group": (group.name, group.owner, group.dismissed_at),
            "stays": [
                (s.userid, s.period, s.joined_at, s.left_at, s.join_scene, s.quit_scene, s.type)
                for s in self.stays(chat_id)
            ],
            "timeline": [(e.external_userid, e.kind, e.at) for e in self.timeline()],
        }

    def forget(self) -> None:
        """Begin with an empty database."""
        with self.runtime.db.write() as session:
            for table in (TimelineEntry, GroupChange, GroupMember, GroupChat, Customer):
                session.execute(delete(table))

"""The lanes: which work each of them does, how much at once, and how long a claim holds.

A notice board: a new kind of work is a row here. A slow lane never holds up a quicker one, and
while anybody waits who can still be greeted, the others give way; but not for ever.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnElement, Select

from app import clock
from app.batches.jobs import work_batch
from app.batches.models import Batch
from app.claims import (
    Claim,
    Due,
    Later,
    claim_due,
    has_due,
    has_fresh,
    look_for_due,
    look_for_fresh,
    release,
    renew,
)
from app.deliveries.models import Delivery
from app.drain import Lane
from app.inbox.models import InboxEvent
from app.messages import work_message
from app.pushes.models import Push
from app.pushes.queries import IS_ALONE, IS_FIRST
from app.pushing import work_push
from app.runtime import Runtime
from app.sync.jobs import work_sync
from app.sync.models import SyncRun
from callbacks.jobs import work_event

# An event with a welcome_code has twenty seconds; one whose worker died must be back well before.
URGENT_LEASE = 8.0
LEASE = 60.0
# A welcome is sent within 18 s of its event. Where more come than can be greeted, all are taken at
# this age, and what remains is for those that are in flight before them.
SPOILS_AFTER = 10.0
# No event takes so long but one that never ends: it counts as failed, and has an end like others.
LONGEST = 300.0
# 1,000 greetings at 200 ms a call within 18 s need a dozen calls in flight; this leaves room.
URGENT_POOL = 32
POOL = 12
# WeCom allows a corp five of one call at a time; a member waits to see his change arrive.
PUSHES_LEASE, PUSHES_POOL = 20.0, 6
# What a batch wants to have told takes the calls that members leave.
BULK_POOL = 2
GIVE_WAY = timedelta(seconds=0.1)
# Where customers come faster than they can be greeted, the rest would stand still as long as they
# do: nobody would hear who left.
PATIENT_SECONDS, TURN_SECONDS = 20.0, 5.0
IS_URGENT = InboxEvent.lane == "urgent"


def build_lanes(runtime: Runtime) -> tuple[Lane, ...]:
    """Return every lane, ready to be drained in this process."""
    return (
        _lane(
            runtime,
            "urgent",
            InboxEvent,
            IS_URGENT,
            work=partial(work_event, runtime),
            pool=URGENT_POOL,
            lease=URGENT_LEASE,
            spoils_after=SPOILS_AFTER,
            longest=LONGEST,
        ),
        _lane(
            runtime,
            "events",
            InboxEvent,
            InboxEvent.lane == "events",
            work=partial(work_event, runtime),
            pool=POOL,
            lease=LEASE,
            longest=LONGEST,
        ),
        _lane(
            runtime,
            "deliveries",
            Delivery,
            work=partial(work_message, runtime),
            pool=POOL,
            lease=LEASE,
        ),
        _lane(
            runtime,
            "pushes",
            Push,
            IS_FIRST,
            work=partial(work_push, runtime),
            pool=PUSHES_POOL,
            lease=PUSHES_LEASE,
        ),
        _lane(runtime, "batches", Batch, work=partial(work_batch, runtime), pool=1, lease=LEASE),
        _lane(runtime, "sync", SyncRun, work=partial(work_sync, runtime), pool=1, lease=LEASE),
        _lane(
            runtime,
            "bulk",
            Push,
            IS_ALONE,
            work=partial(work_push, runtime),
            pool=BULK_POOL,
            lease=PUSHES_LEASE,
        ),
    )


def _lane(
    runtime: Runtime,
    name: str,
    table: type[Due],
    *conditions: ColumnElement[bool],
    work: Callable[[Claim], datetime | None],
    pool: int,
    lease: float,
    spoils_after: float | None = None,
    longest: float | None = None,
) -> Lane:
    look = look_for_due(table, *conditions)
    manners = None if name == "urgent" else Manners()

    def claim(limit: int, overdue: float) -> list[Claim]:
        while _is_wanted(runtime, look, manners, overdue=overdue):
            with runtime.db.write() as session:
                claims = claim_due(
                    session,
                    table,
                    *conditions,
                    limit=limit,
                    lease=lease,
                    overdue=overdue,
                    spoils_after=spoils_after,
                )
            if claims:
                return claims
            # Another process took every one of them first; there may be more.
        return []

    def change(verb: Callable[..., None], claims: Sequence[Claim]) -> None:
        with runtime.db.write() as session:
            verb(session, table, claims)

    return Lane(
        name=name,
        pool=pool,
        lease=lease,
        claim=claim,
        work=work,
        renew=partial(change, partial(renew, lease=lease)),
        release=partial(change, release),
        longest=longest,
    )


class Manners:
    """How a lane gives way: for so long at a time, and then it has a turn all the same."""

    def __init__(self) -> None:
        self._look = look_for_fresh(InboxEvent, IS_URGENT)
        self._since: float | None = None

    def give_way(self, session: Session, now: float) -> bool:
        """Tell whether somebody waits who goes first; `now` is a time of `clock.monotonic`."""
        if not has_fresh(session, self._look, spoils_after=SPOILS_AFTER):
            self._since = None
            return False
        if self._since is None or now >= self._since + PATIENT_SECONDS + TURN_SECONDS:
            self._since = now
        return now < self._since + PATIENT_SECONDS


def _is_wanted(
    runtime: Runtime, look: Select[Any], manners: Manners | None, *, overdue: float
) -> bool:
    """Look without waiting for any writer whether this lane has something to claim.

    Raises:
        Later: it has, but somebody with a welcome_code waits, and he goes first: also the database
            and the processor are things to be waited for.
    """
    with runtime.db.read() as session:
        if not has_due(session, look, overdue=overdue):
            return False
        if manners is not None and manners.give_way(session, clock.monotonic()):
            raise Later(clock.utcnow() + GIVE_WAY)
        return True

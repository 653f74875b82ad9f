"""The lanes: which work each of them does, how much at once, and how long a claim holds.

A notice board: a new kind of work is a row here. A slow lane never holds up a quicker one, and
while anybody waits to be greeted, the others give way.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.sql import ColumnElement, Select

from app import clock
from app.batches.jobs import work_batch
from app.batches.models import Batch
from app.claims import Claim, Due, Later, claim_due, has_due, look_for_due, release, renew
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
    longest: float | None = None,
) -> Lane:
    look = look_for_due(table, *conditions)
    gives_way_to = None if name == "urgent" else look_for_due(InboxEvent, IS_URGENT)

    def claim(limit: int, overdue: float) -> list[Claim]:
        while _is_wanted(runtime, look, gives_way_to, overdue=overdue):
            with runtime.db.write() as session:
                claims = claim_due(
                    session, table, *conditions, limit=limit, lease=lease, overdue=overdue
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


def _is_wanted(
    runtime: Runtime, look: Select[Any], gives_way_to: Select[Any] | None, *, overdue: float
) -> bool:
    """Look without waiting for any writer whether this lane has something to claim.

    Raises:
        Later: it has, but somebody with a welcome_code waits, and he goes first: also the database
            and the processor are things to be waited for.
    """
    with runtime.db.read() as session:
        if not has_due(session, look, overdue=overdue):
            return False
        if gives_way_to is not None and has_due(session, gives_way_to):
            raise Later(clock.utcnow() + GIVE_WAY)
        return True

"""Work that lies in the database: rows fall due, are claimed, and come back if nobody finishes.

`due_at` says when a row wants work; None: it wants none any more. A claim moves it to the end of
the lease, so that a row whose worker died falls due again by itself, and nothing has to notice.
Claiming is compare-and-set, one way on three databases; `claimed_by` tells who may still write.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any
from uuid import uuid4

from sqlalchemy import CursorResult, Row, Select, bindparam, case, func, update
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.sql import ColumnElement, select

from app import clock
from app.db import BigId, WireId


class Due:
    """Columns of a table whose rows are claimed. Index (lane, due_at) yourself."""

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    due_at: Mapped[datetime | None]
    claimed_by: Mapped[str | None] = mapped_column(WireId(32))
    attempts: Mapped[int] = mapped_column(default=0)


@dataclass(frozen=True)
class Claim:
    """Which row, and under which token its claimer may still write to it."""

    id: int
    token: str


@dataclass(frozen=True)
class Backlog:
    """How a lane stands: what is due now or will be, how much of it now, and the oldest's age."""

    lane: str
    waiting: int
    oldest_seconds: float
    due: int = 0


# How long after a failed try the next one comes; after the last of them nobody tries any more.
RETRY_SECONDS = (2, 10, 60, 300, 1800)


def next_try(attempts: int) -> datetime | None:
    """Return when to try again what has failed `attempts` times; None: never."""
    if attempts > len(RETRY_SECONDS):
        return None
    return clock.utcnow() + timedelta(seconds=RETRY_SECONDS[max(0, attempts - 1)])


class Later(Exception):
    """Raised by work that wants to be looked at again at the time `at`; nothing has failed."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at.isoformat())
        self.at = at


def look_for_due(table: type[Due], *conditions: ColumnElement[bool]) -> Select[Any]:
    """Return the look that `has_due` takes: made once, since it is taken many times a second."""
    due = table.due_at <= bindparam("due_by", type_=table.due_at.type)
    return select(table.id).where(due, *conditions).limit(1)


def has_due(session: Session, look: Select[Any], *, overdue: float = 0.0) -> bool:
    """Tell whether there is anything to claim: a look that waits for no writer."""
    due_by = clock.utcnow() - timedelta(seconds=overdue)
    return session.scalar(look, {"due_by": due_by}) is not None


def look_for_fresh(table: type[Due], *conditions: ColumnElement[bool]) -> Select[Any]:
    """Return the look that `has_fresh` takes."""
    fresh = table.due_at > bindparam("fresh_since", type_=table.due_at.type)
    return look_for_due(table, *conditions).where(fresh)


def has_fresh(session: Session, look: Select[Any], *, spoils_after: float) -> bool:
    """Tell whether anything is due that has not been so for longer than `spoils_after` seconds."""
    now = clock.utcnow()
    times = {"due_by": now, "fresh_since": now - timedelta(seconds=spoils_after)}
    return session.scalar(look, times) is not None


def claim_due(
    session: Session,
    table: type[Due],
    *conditions: ColumnElement[bool],
    limit: int,
    lease: float,
    overdue: float = 0.0,
    spoils_after: float | None = None,
) -> list[Claim]:
    """Claim up to `limit` rows that have been due for `overdue` seconds, for `lease` seconds.

    The oldest go first; but what has been due for longer than `spoils_after` comes behind all that
    has not: else, once there is more than can be done, everything would be done too late. One whose
    claimer never came to an end is claimed alone: it may be what killed him, and those who are
    claimed with it would use up their tries with it.
    """
    now = clock.utcnow()
    due = table.due_at <= now - timedelta(seconds=overdue)
    oldest = select(table.id, table.claimed_by).where(due, *conditions)
    oldest = oldest.order_by(table.due_at, table.id).limit(limit)
    rows: Sequence[Row[int, str | None]] = ()
    if spoils_after is not None:
        fresh_since = now - timedelta(seconds=spoils_after)
        rows = session.execute(oldest.where(table.due_at > fresh_since)).all()
    if not rows:
        rows = session.execute(oldest).all()
    wanted = [row.id for row in takewhile(lambda row: row.claimed_by is None, rows)]
    wanted = wanted or [row.id for row in rows[:1]]
    if not wanted:
        return []
    token = uuid4().hex
    session.execute(
        update(table)
        .where(table.id.in_(wanted), due)
        .values(
            due_at=now + timedelta(seconds=lease),
            claimed_by=token,
            attempts=table.attempts + 1,
        )
        .execution_options(synchronize_session=False)
    )
    won = session.scalars(
        select(table.id).where(table.id.in_(wanted), table.claimed_by == token).order_by(table.id)
    )
    return [Claim(row_id, token) for row_id in won]


def renew(session: Session, table: type[Due], claims: Sequence[Claim], *, lease: float) -> None:
    """Put the end of these leases `lease` seconds from now."""
    until = clock.utcnow() + timedelta(seconds=lease)
    _set_due(session, table, claims, until)


def release(session: Session, table: type[Due], claims: Sequence[Claim]) -> None:
    """Give these rows back at once, for another process to take."""
    _set_due(session, table, claims, clock.utcnow())


def _set_due(session: Session, table: type[Due], claims: Sequence[Claim], due_at: datetime) -> None:
    if not claims:
        return
    session.execute(
        update(table)
        .where(
            table.id.in_([claim.id for claim in claims]),
            table.claimed_by.in_({claim.token for claim in claims}),
            table.due_at.is_not(None),
        )
        .values(due_at=due_at)
        .execution_options(synchronize_session=False)
    )


def measure_backlog(
    session: Session, table: type[Due], lane: str, *conditions: ColumnElement[bool]
) -> Backlog:
    """Tell how the lane stands to which the rows of a table belong, under conditions."""
    now = clock.utcnow()
    rows = select(*backlog_columns(table, now)).where(table.due_at.is_not(None), *conditions)
    return build_backlog(lane, session.execute(rows).one(), now)


def backlog_columns(table: type[Due], now: datetime) -> tuple[ColumnElement[Any], ...]:
    """Return what a query has to select for `build_backlog`, of rows that want work."""
    is_due = case((table.due_at <= now, 1), else_=0)
    return func.count(), func.min(table.due_at), func.sum(is_due)


def build_backlog(lane: str, row: Sequence[Any], now: datetime) -> Backlog:
    """Make a backlog of what `backlog_columns` gave."""
    waiting, oldest, due = row
    age = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    return Backlog(lane, waiting, age, int(due or 0))


def changed_one(result: object) -> bool:
    """Tell whether a compare-and-set won."""
    return isinstance(result, CursorResult) and result.rowcount == 1


def free_all(session: Session, table: type[Due]) -> None:
    """Have what is claimed be due at once: nobody is at it any more, as after a restore."""
    session.execute(
        update(table)
        .where(table.claimed_by.is_not(None), table.due_at.is_not(None))
        .values(claimed_by=None, due_at=clock.utcnow())
        .execution_options(synchronize_session=False)
    )

"""How long a kind of data stays (保留期), and its purge: in short transactions, for a short time.

Which kinds there are stands in `app.privacy.retentions`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, inspect, select, tuple_, update
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql import ColumnElement

from app import clock
from app.config import Config
from app.db import Base
from app.i18n import _
from app.personal import WITH_CUSTOMER
from app.privacy.models import RetentionRun
from app.runtime import Runtime

AT_ONCE = 1000
# The other periodic jobs wait for this one: what is left is for its next turn.
SECONDS = 20.0

# Deletes some of what is older than a time, at most a few thousand rows; returns how many went.
Purge = Callable[[Runtime, Session, datetime], int]


@dataclass(frozen=True, kw_only=True)
class Retention:
    """How long one kind of data stays.

    `title`, `purpose`, `kept` and `unlimited` are N_(…) texts: what it is, what for, how long (with
    `{days}`), and what is said where no time is set. `since`: from when its time counts. `key`: the
    key of `[retention]` that sets the days, 0 for no end; without one `days` are as they are here,
    None for no end. `of`: which rows of the table are of this kind; `ended`: which of them may go.

    The purge deletes the rows; with `clear` they stay, and their columns get these values; `purge`
    does it for what has more to it.
    """

    kind: str
    table: type[Base]
    title: str
    purpose: str
    since: InstrumentedAttribute[Any]
    kept: str = ""
    unlimited: str = WITH_CUSTOMER
    key: str = ""
    days: int | None = None
    of: ColumnElement[bool] | None = None
    ended: ColumnElement[bool] | None = None
    clear: Mapping[str, Any] | None = None
    purge: Purge | None = None

    @property
    def job(self) -> str:
        """The name of its periodic job."""
        return f"retention.{self.kind}"

    def days_in(self, config: Config) -> int | None:
        """Return for how many days it stays; None: without end."""
        if not self.key:
            return self.days
        return cast("int", getattr(config.retention, self.key)) or None

    def word_kept(self, config: Config) -> str:
        """Say how long it stays, in the reader's language."""
        days = self.days_in(config)
        return _(self.unlimited) if days is None else _(self.kept, days=days)


def purge(runtime: Runtime, one: Retention) -> bool:
    """Purge one kind and note what is left of it; False: its time was over before all had gone."""
    days, ends, gone = one.days_in(runtime.config), clock.monotonic() + SECONDS, 0
    while days is not None:
        before = clock.utcnow() - timedelta(days=days)
        with runtime.db.write() as session:
            count = purge_some(runtime, session, one, before)
            gone += count
            if count:
                _note_purged(session, one, count, gone)
        if not count:
            break
        if clock.monotonic() > ends:
            return False
    with runtime.db.read() as session:
        held, oldest_at = _count(session, one)
    with runtime.db.write() as session:
        run = _run_of(session, one)
        run.ran_at, run.held, run.oldest_at = clock.utcnow(), held, oldest_at
    return True


def purge_some(runtime: Runtime, session: Session, one: Retention, before: datetime) -> int:
    """Purge some of what is older than this, in the caller's transaction; return how many went."""
    if one.purge is not None:
        return one.purge(runtime, session, before)
    key = inspect(one.table).primary_key
    old = [test for test in (one.of, one.ended, one.since < before) if test is not None]
    found = session.execute(select(*key).where(*old).limit(AT_ONCE)).all()
    if not found:
        return 0
    these = key[0].in_([row[0] for row in found]) if len(key) == 1 else tuple_(*key).in_(found)
    change = delete(one.table) if one.clear is None else update(one.table).values(one.clear)
    # Once more by their age: somebody may have taken one of them up again since.
    chosen = change.where(these, *old).execution_options(synchronize_session=False)
    return cast("CursorResult[Any]", session.execute(chosen)).rowcount


def _note_purged(session: Session, one: Retention, count: int, in_turn: int) -> None:
    run = _run_of(session, one)
    run.purged, run.purged_at = in_turn, clock.utcnow()
    run.purged_ever += count


def _run_of(session: Session, one: Retention) -> RetentionRun:
    run = session.get(RetentionRun, one.kind)
    if run is None:
        run = RetentionRun(kind=one.kind, purged=0, purged_ever=0, held=0)
        session.add(run)
    return run


def _count(session: Session, one: Retention) -> tuple[int, datetime | None]:
    counted = select(func.count().label("held"), func.min(one.since).label("oldest"))
    counted = counted.select_from(one.table)
    row = session.execute(counted if one.of is None else counted.where(one.of)).one()
    return row.held, row.oldest

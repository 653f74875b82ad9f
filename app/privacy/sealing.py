"""Going through what lies sealed: old rows are sealed, and all of them anew for a new key.

Piece by piece and beside everything else: a piece is looked at without holding anybody up, and only
what is not as it should be is locked, looked at again and written. How far a walk has come stands
in `seal_walks`; one that died goes on there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Select, inspect, literal, select, tuple_
from sqlalchemy.orm import Session

from app import clock
from app.batches.sealed import SEALED as BATCHES
from app.customers.actions.resealing import SEALED as CUSTOMERS
from app.data_keys import BoxShut, KeyMissing, key_id_of, keys_of
from app.pushes.mobiles import SEALED as PUSHES
from app.runtime import Runtime
from app.seal_walks import SealedRows, SealWalk, walk_again

SEALED: tuple[SealedRows, ...] = (*CUSTOMERS, *BATCHES, *PUSHES)
AT_ONCE = 500


# So many rows of each kind, the oldest and the newest, are tried.
TRIED = 200


@dataclass(frozen=True)
class Piece:
    """What a piece came to: how many rows were looked at and how many changed in it.

    `is_over`: there is nothing left to do with these rows under this key.
    """

    looked: int = 0
    changed: int = 0
    is_over: bool = True


def seal_what_is_left(runtime: Runtime) -> None:
    """Seal what lies in clear or under an older key, unless all of it was gone through already."""
    changed = 0
    for rows in SEALED:
        is_over = False
        while not is_over:
            piece = walk_on(runtime, rows)
            changed, is_over = changed + piece.changed, piece.is_over
    if changed:
        shed_old_pages(runtime)


def begin_anew(session: Session) -> None:
    """Have everything gone through from the start, whatever was found before."""
    walk_again(session, *(rows.name for rows in SEALED))


def walk_on(runtime: Runtime, rows: SealedRows) -> Piece:
    """Do the next piece of a walk, or nothing if it has ended under the current key."""
    with runtime.db.read() as session:
        look = look_on(session, rows)
    if look is None:
        return Piece()
    return Piece(look.count, runtime.db.commit(partial(reseal, look=look)), look.is_over)


@dataclass(frozen=True)
class _Stand:
    """How far a walk is: the key of the last row, [] at the start, None: it is over."""

    asked: int
    reached: list[Any] | None


@dataclass(frozen=True)
class Look:
    """What a look at the next piece found: how many rows, the keys of those that are to change.

    `last`: the key of the last row; `stand`: where the walk was.
    """

    rows: SealedRows
    stand: _Stand
    count: int
    keys: Sequence[tuple[Any, ...]]
    last: list[Any]
    is_over: bool


def look_on(session: Session, rows: SealedRows) -> Look | None:
    """Look at the next piece of a walk; None: it is over."""
    stand = _stand_of(session, session.get(SealWalk, rows.name))
    if stand.reached is None:
        return None
    found = session.scalars(_next(rows, stand.reached)).all()
    return Look(
        rows,
        stand,
        count=len(found),
        keys=[_key(row) for row in found if rows.is_off(session, row)],
        last=list(_key(found[-1])) if found else stand.reached,
        is_over=len(found) < AT_ONCE,
    )


def _stand_of(session: Session, walk: SealWalk | None) -> _Stand:
    if walk is None:
        return _Stand(0, [])
    if walk.key_id != keys_of(session).current:
        return _Stand(walk.asked, [])
    return _Stand(walk.asked, None if walk.ended_at else walk.reached)


def _next(rows: SealedRows, reached: Sequence[Any]) -> Select[Any]:
    key = inspect(rows.table).primary_key
    page = select(rows.table).order_by(*key).limit(AT_ONCE)
    if not reached:
        return page
    after = [literal(value, column.type) for column, value in zip(key, reached, strict=True)]
    return page.where(tuple_(*key) > tuple_(*after))


def _key(row: Any) -> tuple[Any, ...]:
    return tuple(inspect(row).identity)


def reseal(session: Session, look: Look) -> int:
    """Have the rows that a look found be as they should, and note how far that was."""
    rows, changed = look.rows, 0
    if look.keys:
        columns = inspect(rows.table).primary_key
        these = tuple_(*columns).in_(look.keys)
        locked = select(rows.table).where(these).order_by(*columns).with_for_update()
        for row in session.scalars(locked).all():
            # Somebody may have written it anew since it was looked at.
            if rows.is_off(session, row):
                rows.reseal(session, row)
                changed += 1
        session.flush()
    walk = session.get(SealWalk, rows.name, with_for_update=True)
    # Another one walks too, or it was begun anew meanwhile: then what it noted holds.
    if _stand_of(session, walk) == look.stand:
        walk = walk or SealWalk(name=rows.name, asked=0)
        walk.key_id, walk.reached = keys_of(session).current, look.last
        walk.ended_at = clock.utcnow() if look.is_over else None
        session.add(walk)
    return changed


def shed_old_pages(runtime: Runtime) -> None:
    """Have SQLite's log, in which rows stand as they were before, written back and emptied."""
    if runtime.db.url.get_backend_name() == "sqlite":
        with runtime.db.engine.connect() as connection:
            driver = connection.connection.driver_connection
            if driver is not None:
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()


@dataclass
class Trial:
    """What trying to open some boxes came to. Ids of keys: not here, opening nothing, not current.

    `opened` counts boxes; `is_waiting`: something is still to be sealed, or sealed anew.
    """

    opened: int = 0
    missing: set[str] = field(default_factory=set)
    shut: set[str] = field(default_factory=set)
    older: set[str] = field(default_factory=set)
    is_waiting: bool = False


def try_keys(session: Session) -> Trial:
    """Try the keys on the oldest rows, the newest, and those where a walk would stop without one.

    A few hundred of each kind, however many there are.
    """
    trial = Trial()
    for rows in SEALED:
        for row in {_key(row): row for row in _sample(session, rows)}.values():
            _try_row(session, rows, row, trial)
    return trial


def _sample(session: Session, rows: SealedRows) -> Iterator[Any]:
    yield from session.scalars(_next(rows, []).limit(TRIED))
    last = [column.desc() for column in inspect(rows.table).primary_key]
    yield from session.scalars(select(rows.table).order_by(*last).limit(TRIED))
    reached = _stand_of(session, session.get(SealWalk, rows.name)).reached
    if reached:
        yield from session.scalars(_next(rows, reached))


def _try_row(session: Session, rows: SealedRows, row: Any, trial: Trial) -> None:
    keys = keys_of(session)
    for box, place in rows.boxes(row):
        if not isinstance(box, str):
            continue
        try:
            keys.open(box, place=place)
        except KeyMissing:
            trial.missing.add(key_id_of(box))
        except BoxShut:
            trial.shut.add(key_id_of(box))
        else:
            trial.opened += 1
            if not keys.is_current(box):
                trial.older.add(key_id_of(box))
    trial.is_waiting = trial.is_waiting or rows.is_off(session, row)

"""Going through what lies sealed: old rows are sealed, and all of them anew for a new key.

Piece by piece and beside everything else: a piece is looked at without holding anybody up, and only
what is not as it should be is locked, looked at again and written. How far a walk has come stands
in `seal_walks`; one that died goes on there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Select, inspect, literal, select, tuple_
from sqlalchemy.orm import Session

from app import clock
from app.batches.sealed import SEALED as BATCHES
from app.customers.actions.resealing import SEALED as CUSTOMERS
from app.data_keys import keys_of
from app.runtime import Runtime
from app.seal_walks import SealedRows, SealWalk, walk_again

SEALED: tuple[SealedRows, ...] = (*CUSTOMERS, *BATCHES)
AT_ONCE = 500


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
    for rows in SEALED:
        while not walk_on(runtime, rows).is_over:
            pass


def begin_anew(session: Session) -> None:
    """Have everything gone through from the start, whatever was found before."""
    walk_again(session, *(rows.name for rows in SEALED))


def walk_on(runtime: Runtime, rows: SealedRows) -> Piece:
    """Do the next piece of a walk, or nothing if it has ended under the current key."""
    with runtime.db.read() as session:
        stand = _stand(session, rows)
        if stand.reached is None:
            return Piece()
        found = session.scalars(_next(rows, stand.reached)).all()
        off = [_key(row) for row in found if rows.is_off(session, row)]
        last = list(_key(found[-1])) if found else stand.reached
    is_over = len(found) < AT_ONCE
    work = partial(_reseal, rows=rows, keys=off, stand=stand, last=last, is_over=is_over)
    return Piece(len(found), runtime.db.commit(work), is_over)


@dataclass(frozen=True)
class _Stand:
    """How far a walk is: the key of the last row, [] at the start, None: it is over."""

    asked: int
    reached: list[Any] | None


def _stand(session: Session, rows: SealedRows) -> _Stand:
    return _stand_of(session, session.get(SealWalk, rows.name))


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


def _reseal(
    session: Session,
    *,
    rows: SealedRows,
    keys: Sequence[tuple[Any, ...]],
    stand: _Stand,
    last: list[Any],
    is_over: bool,
) -> int:
    """Have the rows with these keys be as they should, and note how far that was."""
    changed = 0
    if keys:
        columns = inspect(rows.table).primary_key
        these = tuple_(*columns).in_(keys)
        locked = select(rows.table).where(these).order_by(*columns).with_for_update()
        for row in session.scalars(locked).all():
            # Somebody may have written it anew since it was looked at.
            if rows.is_off(session, row):
                rows.reseal(session, row)
                changed += 1
        session.flush()
    walk = session.get(SealWalk, rows.name, with_for_update=True)
    # Another one walks too, or it was begun anew meanwhile: then what it noted holds.
    if _stand_of(session, walk) == stand:
        walk = walk or SealWalk(name=rows.name, asked=0)
        walk.key_id, walk.reached = keys_of(session).current, last
        walk.ended_at = clock.utcnow() if is_over else None
        session.add(walk)
    return changed

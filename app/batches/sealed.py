"""What a table says of people lies sealed in its rows: phone numbers stand in any column of it."""

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy.orm import Session

from app.batches.models import ImportRow
from app.data_keys import is_off, open_json, place_of, reseal_json, seal_json
from app.seal_walks import SealedRows

CELLS, PLAN, DONE = "cells", "plan", "done"
PARTS = (CELLS, PLAN, DONE)


class Row(Protocol):
    """A row of `import_rows`, or as much of one as its boxes belong to."""

    batch_id: Any
    number: Any


def seal_cells(session: Session, batch_id: int, number: int, cells: Sequence[str]) -> Any:
    """Return what `cells` keeps of a row that is taken in."""
    place = place_of(ImportRow.__tablename__, CELLS, batch_id, number)
    return seal_json(session, list(cells), place=place)


def read_cells(session: Session, row: Row) -> list[str]:
    """Return what stands in a row's cells; [] once it has been imported."""
    return list(_open(session, row, CELLS))


def read_plan(session: Session, row: Row) -> dict[str, Any]:
    """Return what a row will write, see `app.batches.planning`."""
    return dict(_open(session, row, PLAN))


def read_done(session: Session, row: Row) -> dict[str, Any]:
    """Return what a row wrote, see `app.batches.importing`."""
    return dict(_open(session, row, DONE))


def keep_plan(session: Session, row: ImportRow, plan: dict[str, Any]) -> None:
    """Put down what a row will write."""
    row.plan = seal_json(session, plan, place=_place(row, PLAN))


def keep_done(session: Session, row: ImportRow, done: dict[str, Any]) -> None:
    """Put down what a row wrote."""
    row.done = seal_json(session, done, place=_place(row, DONE))


def _place(row: Row, part: str) -> str:
    return place_of(ImportRow.__tablename__, part, row.batch_id, row.number)


def _open(session: Session, row: Row, part: str) -> Any:
    return open_json(session, getattr(row, part), place=_place(row, part))


def _is_off(session: Session, row: ImportRow) -> bool:
    return any(is_off(session, getattr(row, part)) for part in PARTS)


def _reseal(session: Session, row: ImportRow) -> None:
    for part in PARTS:
        kept = reseal_json(session, getattr(row, part), place=_place(row, part))
        setattr(row, part, kept)


def _boxes(row: ImportRow) -> list[tuple[Any, str]]:
    return [(getattr(row, part), _place(row, part)) for part in PARTS]


SEALED = (SealedRows(ImportRow.__tablename__, ImportRow, _is_off, _reseal, _boxes),)

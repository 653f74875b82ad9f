"""Tables that tests import: handed in, looked at, done, and what became of their rows."""

from collections.abc import Mapping, Sequence
from datetime import date

from app.batches.import_queries import count_rows, find_import, list_rows
from app.batches.imports import (
    add_rows,
    begin_import,
    check_import,
    confirm_import,
    end_reading,
    undo_import,
)
from app.batches.models import Batch
from app.db import Database
from app.sheet_files import SheetRow
from tests.batches.test_batches import work

TODAY = date(2026, 11, 30)


def hand_in(
    db: Database, *rows: Sequence[str], userid: str = "qianer", is_manager: bool = False
) -> int:
    """Hand a table in, its heading first."""
    sheet = [SheetRow(number, tuple(cells)) for number, cells in enumerate(rows, 1)]
    with db.write() as session:
        batch = begin_import(
            session,
            userid=userid,
            filename="表.csv",
            heading=sheet[0],
            is_manager=is_manager,
        )
        end_reading(batch, total=add_rows(session, batch.id, sheet[1:]))
        return batch.id


def get(db: Database, import_id: int) -> Batch:
    """Return the import as it stands."""
    with db.read() as session:
        batch = find_import(session, import_id)
        assert batch
        return batch


def check(db: Database, import_id: int, mapping: Mapping[str, str] | None = None) -> None:
    """Have the dry run done, with the columns as they were guessed unless `mapping` says more."""
    check_in_its_lane(db, import_id, mapping)
    work(db, import_id)


def check_in_its_lane(
    db: Database, import_id: int, mapping: Mapping[str, str] | None = None
) -> None:
    """Have the dry run begin, for a worker to do."""
    wanted = get(db, import_id).what["mapping"] | dict(mapping or {})
    with db.write() as session:
        batch = find_import(session, import_id)
        assert batch
        check_import(session, batch, wanted, today=TODAY)


def confirm(db: Database, import_id: int, *, pieces: int = 100) -> None:
    """Agree, and have so many pieces done."""
    confirm_in_its_lane(db, import_id)
    work(db, import_id, pieces=pieces)


def confirm_in_its_lane(db: Database, import_id: int) -> None:
    """Agree, for a worker to do it."""
    with db.write() as session:
        batch = find_import(session, import_id)
        assert batch
        confirm_import(session, batch, userid="qianer")


def undo(db: Database, import_id: int) -> None:
    """Take it back."""
    with db.write() as session:
        batch = find_import(session, import_id)
        assert batch
        undo_import(session, batch, userid="qianer")
    work(db, import_id)


def counts(db: Database, import_id: int) -> dict[str, int]:
    """Count the rows by what became of them."""
    with db.read() as session:
        return dict(count_rows(session, import_id))


def faults(db: Database, import_id: int, outcome: str = "refused") -> dict[int, list[list[str]]]:
    """Return what is said about the rows that came to this."""
    with db.read() as session:
        rows, _more = list_rows(session, import_id, outcome=outcome)
        return {row.number: row.faults for row in rows}

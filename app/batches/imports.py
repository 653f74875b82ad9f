"""Importing customers' fields, stage and notes from a table: a batch that goes through its rows.

Its `what`: "filename", "headings", "mapping" (place to meaning, see `columns`),
"is_manager", "language" and "today" of whoever has it looked at, "phase", "cancelled_by", and "by":
who has it written or taken back. Of a long table "upload" is its file. Phases: reading (rows come
in; unread, for which reason "why" has the words, if it cannot be) → mapping (waits for him) →
checking (the dry run) → checked (waits for him) → working → done, from where undoing leads to
undone. What waits is due at no time.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from app import clock
from app.batches.columns import clean_headings, guess_mapping, read_columns
from app.batches.importing import IMPORT, LANE, LOOKING, UNDOABLE
from app.batches.models import Batch, ImportRow
from app.batches.sealed import seal_cells
from app.customers.queries import list_fields
from app.db import wake_after_commit
from app.errors import Refused
from app.i18n import N_, _, spoken
from app.materials.actions import drop_upload
from app.sheet_files import SheetRow

FILENAME_LENGTH = 128
WAITS_FOR = timedelta(days=1)
DELETED_AT_ONCE = 5000
MOVED_ON = N_("它已经不在这一步了，下面是现在的样子")


def begin_import(
    session: Session, *, userid: str, filename: str, heading: SheetRow, is_manager: bool
) -> Batch:
    """Begin to take a table in, whose rows come by `add_rows`.

    Raises:
        Refused: its first row names nothing.
    """
    batch = _new(userid=userid, filename=filename, is_manager=is_manager)
    name_columns(session, batch, heading)
    session.add(batch)
    session.flush()
    return batch


def await_import(
    session: Session, *, userid: str, filename: str, upload_id: int, is_manager: bool
) -> Batch:
    """Have the worker read a long table, which was set aside: see `app.batches.reading`."""
    batch = _new(userid=userid, filename=filename, is_manager=is_manager)
    batch.what |= {"upload": upload_id, "language": spoken()}
    batch.due_at = batch.created_at
    session.add(batch)
    session.flush()
    wake_after_commit(session, LANE)
    return batch


def _new(*, userid: str, filename: str, is_manager: bool) -> Batch:
    return Batch(
        kind=IMPORT,
        userid=userid,
        what={
            "filename": filename[-FILENAME_LENGTH:],
            "headings": [],
            "mapping": {},
            "is_manager": is_manager,
            "phase": "reading",
        },
        created_at=clock.utcnow(),
        attempts=0,
        total=0,
        reached=0,
        cancelled_by="",
    )


def name_columns(session: Session, batch: Batch, heading: SheetRow) -> None:
    """Put down what the columns are called, and what they seem to be.

    Raises:
        Refused: the row names nothing.
    """
    headings = clean_headings(heading.cells)
    if not any(headings):
        raise Refused(_("第一行要写每一列叫什么"))
    mapping = guess_mapping(headings, list_fields(session))
    batch.what = batch.what | {"headings": headings, "mapping": mapping}


def add_rows(session: Session, batch_id: int, rows: Iterable[SheetRow]) -> int:
    """Take some rows in; return how many. What is a formula is as if it were empty."""
    blank: dict[str, Any] = {
        "external_userid": "",
        "outcome": None,
        "plan": {},
        "done": {},
        "faults": [],
    }
    taken = [
        {
            "batch_id": batch_id,
            "number": row.number,
            "cells": seal_cells(session, batch_id, row.number, _values(row)),
            **blank,
        }
        for row in rows
    ]
    if taken:
        session.execute(insert(ImportRow), taken)
    return len(taken)


def _values(row: SheetRow) -> list[str]:
    # PostgreSQL keeps no U+0000 in JSON, and half a character none at all.
    return [
        "" if place in row.formulas else _storable(cell) for place, cell in enumerate(row.cells)
    ]


def _storable(cell: str) -> str:
    return cell.replace("\x00", "").encode(errors="replace").decode()


def end_reading(batch: Batch, *, total: int) -> None:
    """All rows are here.

    Raises:
        Refused: there are none.
    """
    if not total:
        raise Refused(_("表格只有标题行，下面没有内容"))
    batch.total = total
    batch.what = batch.what | {"phase": "mapping"}


def check_import(
    session: Session, batch: Batch, mapping: Mapping[str, str], *, today: date
) -> None:
    """Have the dry run done, with what every column means.

    Raises:
        Refused: with that mapping nobody would be found, or nothing said; or it is under way.
    """
    _require(batch, "mapping", *LOOKING, "checked")
    read_columns(batch.what["headings"], mapping, list_fields(session))
    _start(
        session,
        batch,
        phase="checking",
        mapping=dict(mapping),
        today=today.isoformat(),
        language=spoken(),
    )
    # What was found out with other columns is nothing.
    session.execute(
        update(ImportRow)
        .where(ImportRow.batch_id == batch.id)
        .values(outcome=None, external_userid="")
        .execution_options(synchronize_session=False)
    )


def confirm_import(session: Session, batch: Batch, *, userid: str) -> None:
    """Have done what the dry run said. Raises: Refused: there was none."""
    _require(batch, "checked")
    _start(session, batch, phase="working", by=userid)


def undo_import(session: Session, batch: Batch, *, userid: str) -> None:
    """Have it taken back, as far as nobody changed anything since.

    Raises:
        Refused: there is nothing to take back.
    """
    _require(batch, "done")
    some = select(ImportRow.number).where(
        ImportRow.batch_id == batch.id, ImportRow.outcome.in_(UNDOABLE)
    )
    if session.scalar(some.limit(1)) is None:
        raise Refused(_("没有可以撤销的"))
    batch.ended_at = None
    _start(session, batch, phase="undoing", by=userid)


def forget_import(session: Session, batch: Batch) -> None:
    """Throw a table away that nothing was written of. Raises: Refused: something was, or will."""
    _require(batch, "reading", "unread", "mapping", *LOOKING, "checked")
    drop_table(session, batch)
    session.delete(batch)


def refuse_table(session: Session, batch: Batch, why: str) -> None:
    """Keep nothing of a table that cannot be read but the words why, for who waits for it."""
    drop_table(session, batch)
    batch.total, batch.cancelled_by = 0, ""
    batch.what = batch.what | {"phase": "unread", "why": why}
    batch.due_at, batch.claimed_by = None, None


def drop_table(session: Session, batch: Batch) -> None:
    """Delete the rows, and the file that they come from."""
    session.execute(delete(ImportRow).where(ImportRow.batch_id == batch.id))
    if upload_id := batch.what.get("upload"):
        drop_upload(session, upload_id)


def delete_waiting(session: Session) -> int:
    """Delete a table that nobody agreed to for a day, a few thousand rows; return how many went."""
    batch = session.scalars(
        select(Batch)
        .where(
            Batch.kind == IMPORT,
            Batch.ended_at.is_(None),
            Batch.due_at.is_(None),
            Batch.created_at < clock.utcnow() - WAITS_FOR,
        )
        .order_by(Batch.id)
        .limit(1)
    ).one_or_none()
    return delete_rows(session, batch) if batch else 0


def delete_rows(session: Session, batch: Batch) -> int:
    """Delete some rows of an import, and itself when there are none; return how many went."""
    mine = select(ImportRow.number).where(ImportRow.batch_id == batch.id)
    numbers = session.scalars(mine.order_by(ImportRow.number).limit(DELETED_AT_ONCE)).all()
    if not numbers:
        session.delete(batch)
        return 1
    gone = ImportRow.number.between(numbers[0], numbers[-1])
    session.execute(delete(ImportRow).where(ImportRow.batch_id == batch.id, gone))
    return len(numbers)


def _require(batch: Batch, *phases: str) -> None:
    if batch.what["phase"] not in phases:
        raise Refused(_(MOVED_ON))


def _start(session: Session, batch: Batch, **what: object) -> None:
    batch.what = batch.what | {"cancelled_by": ""} | what
    batch.reached, batch.cancelled_by, batch.attempts = 0, "", 0
    batch.due_at, batch.claimed_by = clock.utcnow(), None
    wake_after_commit(session, LANE)

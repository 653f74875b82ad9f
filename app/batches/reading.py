"""Reading a long table into the rows of an import, in the worker: its file was set aside.

Nothing of it lies in memory but a piece. Whoever comes after one that died reads from the start,
and passes over what is there already.
"""

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from functools import partial
from itertools import islice

from sqlalchemy.orm import Session

from app import clock
from app.batches.actions import ClaimLost, find_claimed, hold_batch
from app.batches.importing import IMPORT
from app.batches.imports import add_rows, end_reading, name_columns, refuse_table
from app.batches.models import Batch
from app.claims import Claim
from app.errors import NotFound, Refused
from app.i18n import _, speaking
from app.materials.actions import copy_upload, drop_upload
from app.runtime import Runtime
from app.sheet_files import SheetRow, read_sheet

# So many rows in one transaction: others want to write, too.
AT_ONCE = 1000


def find_unread(session: Session, claim: Claim) -> Batch | None:
    """Find the import of a claim, if its table is still to be read."""
    batch = find_claimed(session, claim)
    if batch is None or batch.kind != IMPORT or batch.what["phase"] != "reading":
        return None
    return batch


def read_table(runtime: Runtime, claim: Claim, *, seconds: float) -> datetime | None:
    """Read rows for so long; return when the next ones may be read, None: it waits for somebody.

    Raises: ClaimLost.
    """
    with runtime.db.read() as session:
        batch = find_unread(session, claim)
    if batch is None:
        return None
    with speaking(batch.what["language"]):
        try:
            if not batch.cancelled_by:
                return _read_on(runtime, claim, batch, seconds=seconds)
            why = _("已取消")
        except (Refused, NotFound) as refused:
            why = _(str(refused))
        runtime.db.commit(partial(_refuse, claim=claim, why=why))
    return None


def _read_on(runtime: Runtime, claim: Claim, batch: Batch, *, seconds: float) -> datetime | None:
    with tempfile.TemporaryFile() as file:
        with runtime.db.read() as session:
            size = copy_upload(session, batch.what["upload"], file)
        file.seek(0)
        # Closed before its file is.
        with closing(read_sheet(batch.what["filename"], file, size=size)) as rows:
            runtime.db.commit(partial(_begin, claim=claim, heading=next(rows)))
            left = (row for row in rows if row.number > batch.reached)
            if not _read_pieces(runtime, claim, left, seconds=seconds):
                return clock.utcnow()
    runtime.db.commit(partial(_finish, claim=claim))
    return None


def _read_pieces(
    runtime: Runtime, claim: Claim, rows: Iterator[SheetRow], *, seconds: float
) -> bool:
    """Read on; False: the time was over first. Passing over what is there takes none of it."""
    ends = None
    for first in rows:
        ends = ends or time.monotonic() + seconds
        piece = [first, *islice(rows, AT_ONCE - 1)]
        runtime.db.commit(partial(_add, claim=claim, rows=piece))
        if time.monotonic() > ends:
            return False
    return True


def _hold(session: Session, claim: Claim) -> Batch:
    """Hold the import to the end of the transaction. Raises: ClaimLost."""
    batch = find_unread(session, claim)
    if batch is None:
        raise ClaimLost
    hold_batch(session, batch, claim)
    return batch


def _begin(session: Session, *, claim: Claim, heading: SheetRow) -> None:
    name_columns(session, _hold(session, claim), heading)


def _add(session: Session, *, claim: Claim, rows: Sequence[SheetRow]) -> None:
    batch = _hold(session, claim)
    batch.total += add_rows(session, batch.id, rows)
    batch.reached = rows[-1].number


def _finish(session: Session, *, claim: Claim) -> None:
    batch = _hold(session, claim)
    end_reading(batch, total=batch.total)
    drop_upload(session, batch.what["upload"])
    batch.reached, batch.attempts = 0, 0
    batch.due_at, batch.claimed_by = None, None


def _refuse(session: Session, *, claim: Claim, why: str) -> None:
    refuse_table(session, _hold(session, claim), why)

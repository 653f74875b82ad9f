"""Taking a table in: a short one is read at once, a long one is set aside for the worker."""

import io
from functools import partial
from itertools import islice
from uuid import uuid4

from flask import request
from sqlalchemy.orm import Session

from app.admin.pages.parts import Admin, Answer, Done, Form, Unfit
from app.admin.uploading import MOST_KEY
from app.batches.imports import add_rows, await_import, begin_import, end_reading
from app.errors import NotFound, Refused
from app.i18n import _
from app.materials.actions import PIECE_BYTES, clean_name, set_aside, store_piece
from app.runtime import Runtime, commit
from app.sheet_files import SheetRow, read_sheet

# A table of no more rows, the heading among them, is read while its admin waits.
SHORT = 1000


def take(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Take a table in, and lead to what its columns mean; nothing is changed."""
    filename = ""
    try:
        key = form.get("key", "")[:MOST_KEY]
        if key:
            return _lead_to(commit(runtime, partial(_await, admin=admin, key=key)))
        filename, data = _receive()
        rows = list(islice(read_sheet(filename, io.BytesIO(data), size=len(data)), SHORT + 1))
        if len(rows) <= SHORT:
            return _lead_to(
                commit(runtime, partial(_read, admin=admin, filename=filename, rows=rows))
            )
        store = partial(_store, admin=admin, key=uuid4().hex, filename=filename, data=data)
        return _lead_to(commit(runtime, store))
    except (Refused, NotFound) as error:
        why = _(str(error))
        told = _("「{name}」没有导入：{why}", name=filename, why=why) if filename else why
        return Unfit({"fault": told})


def _lead_to(import_id: int) -> Done:
    return Done("", f"run?import={import_id}")


def _receive() -> tuple[str, bytes]:
    """Return name and bytes of what came with the form."""
    given = request.files.get("file")
    filename = clean_name(given.filename or "") if given else ""
    if given is None or not filename:
        raise Refused(_("请先选择文件"))
    return filename, given.read()


def _read(session: Session, *, admin: Admin, filename: str, rows: list[SheetRow]) -> int:
    heading, *below = rows
    batch = begin_import(
        session,
        userid=admin.userid,
        filename=filename,
        heading=heading,
        is_manager=admin.role == "manager",
    )
    end_reading(batch, total=add_rows(session, batch.id, below))
    return batch.id


def _store(session: Session, *, admin: Admin, key: str, filename: str, data: bytes) -> int:
    """Set aside what came in one request and is long all the same."""
    for n, start in enumerate(range(0, len(data), PIECE_BYTES)):
        store_piece(
            session,
            userid=admin.userid,
            key=key,
            kind="file",
            filename=filename,
            size=len(data),
            n=n,
            data=data[start : start + PIECE_BYTES],
        )
    return _await(session, admin=admin, key=key)


def _await(session: Session, *, admin: Admin, key: str) -> int:
    upload = set_aside(session, admin.userid, key)
    batch = await_import(
        session,
        userid=admin.userid,
        filename=upload.filename,
        upload_id=upload.id,
        is_manager=admin.role == "manager",
    )
    return batch.id

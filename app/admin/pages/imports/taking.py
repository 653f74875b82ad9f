"""Taking a table in: the file that came with the form or in pieces, read row by row."""

import tempfile
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import IO

from flask import request
from sqlalchemy.orm import Session

from app.admin.pages.parts import Admin, Answer, Done, Form, Unfit
from app.admin.uploading import MOST_KEY
from app.batches.import_queries import find_import
from app.batches.imports import add_rows, begin_import, end_reading, forget_import
from app.batches.models import Batch
from app.errors import NotFound, Refused
from app.i18n import _
from app.materials.actions import clean_name, receive_upload
from app.runtime import Runtime
from app.sheet_files import SheetRow, read_sheet

# So many rows in one transaction: others want to write, too.
AT_ONCE = 1000


def take(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Take a table in, and lead to what its columns mean; nothing is changed."""
    filename = ""
    with tempfile.TemporaryFile() as file:
        try:
            filename, size = _receive(runtime, admin, form, file)
            file.seek(0)
            rows = read_sheet(filename, file, size=size)
            import_id = _read_in(runtime, admin, filename, rows)
        except (Refused, NotFound) as error:
            why = _(str(error))
            told = _("「{name}」没有导入：{why}", name=filename, why=why) if filename else why
            return Unfit({"fault": told})
    return Done("", f"run?import={import_id}")


def _receive(runtime: Runtime, admin: Admin, form: Form, file: IO[bytes]) -> tuple[str, int]:
    """Write what was handed in into a file; return its name and size."""
    key = form.get("key", "")[:MOST_KEY]
    if key:
        work = partial(receive_upload, userid=admin.userid, key=key, file=file)
        return runtime.db.commit(work)
    given = request.files.get("file")
    filename = clean_name(given.filename or "") if given else ""
    if given is None or not filename:
        raise Refused(_("请先选择文件"))
    given.save(file)
    return filename, file.tell()


def _read_in(runtime: Runtime, admin: Admin, filename: str, rows: Iterator[SheetRow]) -> int:
    heading = next(rows)
    import_id = runtime.db.commit(
        lambda session: (
            begin_import(
                session,
                userid=admin.userid,
                filename=filename,
                heading=heading,
                is_manager=admin.role == "manager",
            ).id
        )
    )
    try:
        total = 0
        for first in rows:
            piece = [first, *islice(rows, AT_ONCE - 1)]
            total += runtime.db.commit(partial(add_rows, batch_id=import_id, rows=piece))
        runtime.db.commit(lambda session: end_reading(_mine(session, import_id), total=total))
    except Refused:
        # Nothing of half a table is kept.
        runtime.db.commit(lambda session: forget_import(session, _mine(session, import_id)))
        raise
    return import_id


def _mine(session: Session, import_id: int) -> Batch:
    batch = find_import(session, import_id)
    if batch is None:
        raise NotFound(_("这份表格已经放弃了"))
    return batch

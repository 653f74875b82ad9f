"""Writing a backup: every table from one snapshot, row by row, while everything else goes on."""

import os
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from sqlalchemy import Connection, Table, select

from app import clock
from app.backup.form import (
    FORM,
    MANIFEST,
    SEAL_PURPOSE,
    SEALED,
    Manifest,
    TableNote,
    kind_of,
    selected,
    write_row,
)
from app.backup.reading import open_backup
from app.data_keys import keys_of
from app.db import Database
from app.errors import Refused
from app.i18n import _
from app.schema import require_schema, wanted_revision
from app.seal import Sealer
from app.tables import metadata

# Rows in memory at once; a piece of a file has half a megabyte.
AT_ONCE, FILES_AT_ONCE = 1000, 20
QUICK = 1


def write_backup(db: Database, sealer: Sealer, path: Path, *, corp_id: str) -> Manifest:
    """Write everything into a new file at `path`, for nobody else's eyes, and read it once more.

    The file is there when it is whole, or not at all.

    Raises:
        ConfigError: the schema is not this version's.
        Refused: there is a file already, or it cannot be written.
    """
    require_schema(db)
    if path.exists():
        raise Refused(_("「{name}」已经存在，请换一个文件名", name=path.name))
    partial = path.with_name(f".{path.name}.{uuid4().hex[:8]}.partial")
    try:
        _write(db, sealer, partial, corp_id=corp_id)
        with open_backup(partial) as backup:
            backup.verify()
        if path.exists():
            raise Refused(_("「{name}」已经存在，请换一个文件名", name=path.name))
        partial.rename(path)
        _sync(path.parent)
    except OSError as error:
        raise Refused(
            _("写不了「{name}」：{why}", name=path.name, why=error.strerror or "")
        ) from None
    finally:
        partial.unlink(missing_ok=True)
    return backup.manifest


def _write(db: Database, sealer: Sealer, path: Path, *, corp_id: str) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=QUICK) as archive:
            made_at = clock.utcnow()
            with _snapshot(db) as connection:
                tables = [_write_table(archive, connection, one) for one in metadata.sorted_tables]
            manifest = Manifest(
                form=FORM,
                corp_id=corp_id,
                revision=wanted_revision(),
                made_at=made_at,
                database=db.url.get_backend_name(),
                seal=b64encode(sealer.seal(SEALED, purpose=SEAL_PURPOSE)).decode(),
                data_seal=keys_of(db).seal(SEALED.decode(), place=SEAL_PURPOSE),
                index_mark=keys_of(db).digest(SEALED.decode(), purpose=SEAL_PURPOSE),
                tables=tuple(tables),
            )
            archive.writestr(MANIFEST, manifest.model_dump_json(indent=1))
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _snapshot(db: Database) -> Iterator[Connection]:
    """Open a connection that sees one moment, whatever is written meanwhile, and holds nobody up.

    On SQLite every transaction that reads does.
    """
    with db.engine.connect() as connection:
        if db.url.get_backend_name() != "sqlite":
            connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


def _write_table(archive: ZipFile, connection: Connection, table: Table) -> TableNote:
    columns = [(column.name, kind_of(column)) for column in table.columns]
    kinds = [kind for _name, kind in columns]
    note = TableNote(name=table.name, columns=tuple(columns), rows=0)
    at_once = FILES_AT_ONCE if "bytes" in kinds else AT_ONCE
    wanted = select(*[selected(table.c[name], kind) for name, kind in columns])
    rows: Any = connection.execution_options(yield_per=at_once).execute(wanted)
    count = 0
    entry = ZipInfo(note.member, clock.utcnow().timetuple()[:6])
    entry.compress_type, entry.external_attr = ZIP_DEFLATED, 0o600 << 16
    with archive.open(entry, "w", force_zip64=True) as lines:
        for some in rows.partitions():
            lines.write("".join(write_row(row, kinds) for row in some).encode())
            count += len(some)
    return note.model_copy(update={"rows": count})


def _sync(folder: Path) -> None:
    """Have the new name on the disk, too, where the file system knows how."""
    descriptor = os.open(folder, os.O_RDONLY)
    with suppress(OSError):
        os.fsync(descriptor)
    os.close(descriptor)

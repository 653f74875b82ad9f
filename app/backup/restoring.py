"""Restoring: an empty database takes a backup's rows at the backup's schema, then the newest."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Select, column, func, inspect, literal, select, table

from app import schema
from app.backup.form import Manifest, table_of
from app.backup.reading import Backup
from app.db import Database
from app.errors import Refused
from app.i18n import _

AT_ONCE, FILES_AT_ONCE = 1000, 8
# A new database has rows in these, of the migrations' making.
SEEDED = frozenset({"alembic_version", "audit_head", "custom_fields", "pipelines", "stages"})


def is_empty(db: Database) -> bool:
    """Tell whether nobody has used this database yet."""
    if schema.current_revision(db) is None:
        return True
    with db.engine.connect() as connection:
        names = set(inspect(connection).get_table_names()) - SEEDED
        return not any(
            connection.execute(select(literal(1)).select_from(table(name)).limit(1)).first()
            for name in sorted(names)
        )


def load_backup(db: Database, backup: Backup, *, replace: bool) -> None:
    """Put a verified backup into the database and bring that to this version's schema.

    The rows come in one transaction. `replace`: whatever is in the database goes first.

    Raises:
        Refused: the database is not empty.
    """
    if not is_empty(db):
        if not replace:
            raise Refused(_("数据库里已经有内容。要用备份代替它，请先停止服务，再加上 --replace"))
        schema.downgrade(db, "base")
    schema.upgrade(db, backup.manifest.revision)
    with db.write() as session:
        _load(session.connection(), backup)
    schema.upgrade(db)


def _load(connection: Connection, backup: Backup) -> None:
    tables = backup.manifest.tables
    for note in reversed(tables):
        connection.execute(table_of(note).delete())
    for note in tables:
        at_once = FILES_AT_ONCE if ("bytes" in dict(note.columns).values()) else AT_ONCE
        for rows in _pieces(backup.read_rows(note), at_once):
            connection.execute(table_of(note).insert(), rows)
    if connection.dialect.name == "postgresql":
        _set_sequences(connection, backup.manifest)


def _pieces(rows: Iterable[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    left = iter(rows)
    while piece := list(islice(left, size)):
        yield piece


def _set_sequences(connection: Connection, manifest: Manifest) -> None:
    """Have new rows numbered after those that came with their numbers; the others do it alone."""
    for note in manifest.tables:
        if ("id", "int") in note.columns:
            sequence = func.pg_get_serial_sequence(note.name, "id")
            highest: Select[Any] = select(func.max(column("id"))).select_from(table(note.name))
            connection.execute(select(func.setval(sequence, highest.scalar_subquery())))

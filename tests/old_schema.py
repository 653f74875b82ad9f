"""A database of an older version with rows in it: every migration is taken over full tables.

The rows are made by the database itself from a table of numbers, each column by its type. The same
number stands in all columns of a row, so that whatever refers to another row finds it.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.engine import Connection

from app import schema
from app.db import Database

VERSIONS: tuple[Path, ...] = tuple(sorted((schema.MIGRATIONS / "versions").glob("[0-9]*.py")))
NUMBERS = sa.Table("old_schema_numbers", sa.MetaData(), sa.Column("n", sa.Integer))
# Of seven digits, which no row of the migrations' own has, and "x" before it: fits every id.
FIRST = 1_000_000
SHORTEST_ID = 8
# What a corp sets up by hand: never many, however many customers it has.
SMALL, FEW = frozenset({"pipelines", "stages", "custom_fields"}), 200
NOT_OURS = {"alembic_version", NUMBERS.name}
AT = datetime(2026, 1, 5, 3, tzinfo=UTC)


@dataclass(frozen=True)
class Step:
    """One migration that was taken over full tables, and the seconds that it took."""

    revision: str
    seconds: float


class OldDatabase:
    """A database that rises revision by revision; each new table is filled with `rows` rows."""

    def __init__(self, db: Database, rows: int) -> None:
        self._db = db
        self._writing = db.engine.execution_options(banke_write=True)
        self._rows = rows
        self._known = sa.MetaData()
        self._full: set[str] = set()

    def rise(self, *, before: Callable[[], None] = lambda: None) -> Iterator[Step]:
        """Take migration after migration; between them the new tables are filled.

        `before` is called before each of them.
        """
        numbers = [{"n": FIRST + number} for number in range(self._rows)]
        with self._writing.begin() as connection:
            NUMBERS.create(connection)
            connection.execute(NUMBERS.insert(), numbers)
        for path in VERSIONS:
            before()
            began = time.perf_counter()
            schema.upgrade(self._db, path.stem)
            yield Step(path.stem, time.perf_counter() - began)
            self._fill_what_is_new()
        with self._writing.begin() as connection:
            NUMBERS.drop(connection)

    def count_lost(self) -> dict[str, int]:
        """Return how many of the rows are missing, of tables that are still there."""
        with self._db.engine.connect() as connection:
            there = self._full & set(sa.inspect(connection).get_table_names())
            left = {name: self._count(connection, name) for name in there}
        missing = {name: self._size(name) - count for name, count in left.items()}
        return {name: count for name, count in missing.items() if count}

    def _fill_what_is_new(self) -> None:
        with self._writing.begin() as connection:
            new = set(sa.inspect(connection).get_table_names()) - self._full - NOT_OURS
            if not new:
                return
            self._known.reflect(connection, only=sorted(new))
            for table in self._known.sorted_tables:
                if table.name in new:
                    values = [_value(column) for column in table.columns]
                    rows = sa.select(*values).where(NUMBERS.c.n < FIRST + self._size(table.name))
                    names = [column.name for column in table.columns]
                    connection.execute(table.insert().from_select(names, rows))
            self._full |= new

    def _size(self, name: str) -> int:
        return min(self._rows, FEW) if name in SMALL else self._rows

    def _count(self, connection: Connection, name: str) -> int:
        """Count our rows: the migrations' own have other keys."""
        key = next(iter(self._known.tables[name].primary_key.columns))
        is_number = isinstance(key.type, sa.Integer)
        ours = key >= FIRST if is_number else key.like(f"x{str(FIRST)[0]}______")
        rows = sa.select(sa.func.count()).select_from(self._known.tables[name]).where(ours)
        return connection.scalar(rows) or 0


def _value(column: "sa.Column[Any]") -> Any:
    """Return what a column holds in the row of number n."""
    kind = column.type
    if any(key.column.table.name in SMALL for key in column.foreign_keys):
        return FIRST + NUMBERS.c.n % FEW
    for wanted, make in VALUES:
        if isinstance(kind, wanted):
            return make(kind)
    return _words(kind)


def _words(kind: Any) -> Any:
    """MariaDB keeps JSON as a long text, and looks whether it is any."""
    length = getattr(kind, "length", None)
    if str(kind).startswith("LONGTEXT"):
        return sa.literal("{}")
    if length is not None and length < SHORTEST_ID:
        return sa.literal("x")
    return sa.literal("x").concat(sa.cast(NUMBERS.c.n, sa.String(SHORTEST_ID)))


def _json(kind: sa.JSON) -> Any:
    empty = sa.literal("{}", sa.String)
    return sa.cast(empty, kind) if isinstance(kind, postgresql.JSON) else empty


def _time(kind: sa.DateTime) -> Any:
    return sa.literal(AT if kind.timezone else AT.replace(tzinfo=None), kind)


# By the kind of the column, the first that fits; everything else are words.
VALUES: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    ((sa.Boolean, mysql.TINYINT), lambda _kind: sa.false()),
    ((sa.Integer, sa.Numeric), lambda _kind: NUMBERS.c.n),
    (sa.LargeBinary, lambda kind: sa.cast(sa.literal(b"sealed"), kind)),
    (sa.DateTime, _time),
    (sa.Date, lambda kind: sa.literal(AT.date(), kind)),
    (sa.JSON, _json),
)

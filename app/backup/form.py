"""The form of a backup: its manifest, and how the values of each kind of column are written.

A column's kind goes into the file, so that a later version reads it with a schema that its own
models have left behind.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    Integer,
    LargeBinary,
    String,
    Text,
    cast,
)
from sqlalchemy import column as bare_column
from sqlalchemy import table as bare_table
from sqlalchemy.sql import TableClause
from sqlalchemy.types import TypeEngine

from app.db import Blob, UtcDateTime
from app.money import Money

FORM = 1
MANIFEST = "manifest.json"
# What the manifest holds sealed, so that it is found out whether the key is the right one.
# The same under a data key (`app.data_keys`), and what its index key makes of it.
SEAL_PURPOSE, SEALED = "backup.manifest", b"banke"


class TableNote(BaseModel):
    """What the manifest says of a table; `columns` as (name, kind), in the order of the values."""

    model_config = ConfigDict(frozen=True)

    name: str
    columns: tuple[tuple[str, str], ...]
    rows: int

    @property
    def member(self) -> str:
        """Where in the file its rows lie."""
        return f"tables/{self.name}.jsonl"


class Manifest(BaseModel):
    """What a backup is: of which corp, made when, of which schema. `tables`: parents first."""

    model_config = ConfigDict(frozen=True)

    form: int
    corp_id: str
    revision: str
    made_at: datetime
    database: str
    seal: str
    data_seal: str
    index_mark: str
    tables: tuple[TableNote, ...]

    @property
    def rows(self) -> int:
        """Count the rows of all tables."""
        return sum(table.rows for table in self.tables)


@dataclass(frozen=True)
class Kind:
    """How values of a kind of column travel. None travels as null, whatever the kind."""

    type: TypeEngine[Any]
    write: Callable[[Any], Any] | None = None
    read: Callable[[Any], Any] | None = None


def _read_json(text: str) -> Any:
    # A JSON null is a value like any other; None would be written as SQL's NULL.
    value = json.loads(text)
    return JSON.NULL if value is None else value


KINDS: Mapping[str, Kind] = {
    "text": Kind(String()),
    "int": Kind(BigInteger()),
    "bool": Kind(Boolean()),
    "time": Kind(UtcDateTime(), lambda at: at.isoformat(), datetime.fromisoformat),
    "date": Kind(Date(), lambda day: day.isoformat(), date.fromisoformat),
    "money": Kind(Money(), str, Decimal),
    "bytes": Kind(Blob, lambda data: b64encode(data).decode(), b64decode),
    # As its text, which tells a null inside it from one in its place.
    "json": Kind(JSON(none_as_null=True), None, _read_json),
}


def kind_of(column: Column[Any]) -> str:
    """Name the kind of a column of ours.

    Raises:
        TypeError: it is of none: give it a row in `KINDS`.
    """
    own = {UtcDateTime: "time", Money: "money"}
    plain = {
        Boolean: "bool",
        Integer: "int",
        Date: "date",
        LargeBinary: "bytes",
        JSON: "json",
        String: "text",
    }
    for kind, name in own.items():
        if isinstance(column.type, kind):
            return name
    basis = getattr(column.type, "impl_instance", column.type)
    for kind_, name in plain.items():
        if isinstance(basis, kind_):
            return name
    raise TypeError(f"a backup does not know how to write {column}")


def selected(column: Column[Any], kind: str) -> ColumnElement[Any]:
    """Return what is selected of a column."""
    return cast(column, Text).label(column.name) if kind == "json" else column


def write_row(row: Sequence[Any], kinds: Sequence[str]) -> str:
    """Write a row as one line."""
    values = [
        value if value is None or (write := KINDS[kind].write) is None else write(value)
        for value, kind in zip(row, kinds, strict=True)
    ]
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n"


def read_row(line: bytes, note: TableNote) -> dict[str, Any]:
    """Read a line as a row to be inserted."""
    return {
        name: value if value is None or (read := KINDS[kind].read) is None else read(value)
        for (name, kind), value in zip(note.columns, json.loads(line), strict=True)
    }


def table_of(note: TableNote) -> TableClause:
    """Return the table that a note is about, to insert into, whatever the models say of it now."""
    columns = [bare_column(name, KINDS[kind].type) for name, kind in note.columns]
    return bare_table(note.name, *columns)


def as_utc(at: datetime) -> str:
    """Word a time for the reader of a terminal."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"

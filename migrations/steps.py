"""Steps that may be taken twice.

MariaDB commits each DDL statement by itself, so a migration that dies half-way has to be able to
run again from its start: each of these looks first whether its work is done.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem


def create_table(name: str, *columns: SchemaItem, **options: Any) -> None:
    """Create a table unless it is there."""
    if not _inspector().has_table(name):
        op.create_table(name, *columns, **options)


def create_index(name: str, table: str, columns: list[str], **options: Any) -> None:
    """Create an index unless it is there, or a later step has dropped what it is of."""
    known = {index["name"] for index in _inspector().get_indexes(table)}
    if name not in known and set(columns) <= _columns(table):
        op.create_index(name, table, columns, **options)


def add_column(table: str, column: "sa.Column[Any]") -> None:
    """Add a column unless it is there."""
    if column.name not in _columns(table):
        op.add_column(table, column)


def add_foreign_key(
    name: str, table: str, to: str, columns: list[str], theirs: list[str], **options: Any
) -> None:
    """Add a foreign key unless it is there; SQLite makes the table anew for it."""
    if name not in _foreign_keys(table):
        with op.batch_alter_table(table) as altered:
            altered.create_foreign_key(name, to, columns, theirs, **options)


def drop_foreign_key(name: str, table: str) -> None:
    """Drop a foreign key if it is there; SQLite makes the table anew for it."""
    if name in _foreign_keys(table):
        with op.batch_alter_table(table) as altered:
            altered.drop_constraint(name, type_="foreignkey")


def drop_index(name: str, table: str) -> None:
    """Drop an index if it is there."""
    if name in {index["name"] for index in _inspector().get_indexes(table)}:
        op.drop_index(name, table)


def drop_column(table: str, name: str) -> None:
    """Drop a column if it is there."""
    if name in _columns(table):
        op.drop_column(table, name)


def drop_table(name: str) -> None:
    """Drop a table with its indexes if it is there."""
    if _inspector().has_table(name):
        op.drop_table(name)


def _foreign_keys(table: str) -> set[str | None]:
    return {key["name"] for key in _inspector().get_foreign_keys(table)}


def _columns(table: str) -> set[str]:
    return {column["name"] for column in _inspector().get_columns(table)}


def _inspector() -> sa.Inspector:
    return sa.inspect(op.get_bind())

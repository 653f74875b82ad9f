"""Many rows at once, written and asked for in the same way on three databases."""

import json
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    Executable,
    String,
    Table,
    any_,
    bindparam,
    func,
    insert,
    literal,
    literal_column,
    select,
)
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql import ColumnElement

from app.db import Base


def among(
    session: Session, column: ColumnElement[int] | Any, numbers: Collection[int] | Collection[str]
) -> ColumnElement[bool]:
    """Return the test that `column` is one of many numbers, or of many ids as WeCom writes them.

    They are sent as one value where that can be: with a name for each, a statement is read for
    longer than it works.
    """
    dialect = session.get_bind().dialect.name
    if dialect == "postgresql":
        is_text = isinstance(getattr(column.type, "impl", column.type), String)
        return cast("ColumnElement[bool]", column == any_(_array(numbers, is_text=is_text)))
    if dialect == "sqlite":
        return cast("ColumnElement[bool]", column.in_(select(_listed(numbers))))
    return cast("ColumnElement[bool]", column.in_(numbers))


def insert_numbers(
    session: Session,
    column: InstrumentedAttribute[int],
    numbers: Collection[int],
    **same: int | str,
) -> None:
    """Insert a row for each of many numbers, which are alike but for this column.

    PostgreSQL would take the rows one by one, and to SQLite each would be handed by itself.
    """
    model, name, dialect = column.class_, column.key, session.get_bind().dialect.name
    if dialect not in {"postgresql", "sqlite"}:
        session.execute(insert(model), [{**same, name: number} for number in numbers])
        return
    listed = (
        func.unnest(_array(numbers, is_text=False)) if dialect == "postgresql" else _listed(numbers)
    )
    rows = select(*map(literal, same.values()), listed)
    session.execute(insert(model).from_select([*same, name], rows))


def insert_rows(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert many rows, each of which names the same columns."""
    if not rows:
        return
    if session.get_bind().dialect.name == "postgresql":
        names = tuple(rows[0])
        session.execute(_insert_unnested(model, names), _turned(names, rows))
    else:
        session.execute(insert(cast("Table", model.__table__)), list(rows))


@cache
def _insert_unnested(model: type[Base], names: tuple[str, ...]) -> Executable:
    table = cast("Table", model.__table__)
    return cast("Executable", _unnested(postgresql.insert(table), table, names))


def _unnested(statement: Any, table: Table, names: Sequence[str]) -> Any:
    """Have an insert take its rows from one array for each column.

    With a name for each value, a statement of a thousand rows is read for longer than it works, on
    both sides; one row after the other takes no less.
    """
    types = {name: postgresql.ARRAY(table.c[name].type, dimensions=1) for name in names}
    arrays = [bindparam(name, type_=types[name]) for name in names]
    columns = func.unnest(*arrays).table_valued(*names).render_derived()
    return statement.from_select(list(names), select(*(columns.c[name] for name in names)))


def _turned(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in names}


def _array(values: Collection[int] | Collection[str], *, is_text: bool) -> ColumnElement[Any]:
    return literal(list(values), postgresql.ARRAY(String if is_text else BigInteger))


def _listed(values: Collection[int] | Collection[str]) -> ColumnElement[Any]:
    """Hand SQLite many values as one."""
    return func.json_each(json.dumps(list(values))).table_valued("value").c.value


def upsert(
    session: Session,
    model: type[Base],
    rows: Sequence[Mapping[str, Any]],
    *,
    key: Sequence[str],
    update: Sequence[str] = (),
    count: str = "",
    are_distinct: bool = False,
) -> None:
    """Insert `rows`; where the unique `key` is taken, update instead.

    `update` names the columns that take the new row's value, `count` one that goes up by one.
    Neither: the row that was there stays as it is. `are_distinct`: no two of them have the same
    key, so that PostgreSQL may have them all at once.
    """
    if not rows:
        return
    dialect = session.get_bind().dialect.name
    if are_distinct and dialect == "postgresql":
        names = tuple(rows[0])
        statement = _upsert_unnested(model, names, tuple(key), tuple(update), count)
        session.execute(statement, _turned(names, rows))
        return
    statement = _upsert_statement(model, dialect, tuple(key), tuple(update), count)
    session.execute(statement, list(rows))


@cache
def _upsert_unnested(
    model: type[Base],
    names: tuple[str, ...],
    key: tuple[str, ...],
    update: tuple[str, ...],
    count: str,
) -> Executable:
    table = cast("Table", model.__table__)
    statement = _unnested(postgresql.insert(table), table, names)
    return _or_update(statement, table, key, update, count)


@cache
def _upsert_statement(
    model: type[Base], dialect: str, key: tuple[str, ...], update: tuple[str, ...], count: str
) -> Executable:
    """Build it once: in a storm, putting a statement together costs more than running it."""
    table = cast("Table", model.__table__)
    if dialect in {"mysql", "mariadb"}:
        ours = mysql.insert(table)
        changes = _changes(table, ours.inserted, update, count)
        # Never INSERT IGNORE: it also swallows what does not fit. Setting the key to itself does.
        return ours.on_duplicate_key_update(changes or {key[0]: table.c[key[0]]})
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return _or_update(make(table), table, key, update, count)


def _or_update(
    statement: Any, table: Table, key: Sequence[str], update: Sequence[str], count: str
) -> Executable:
    changes = _changes(table, statement.excluded, update, count)
    if changes:
        return cast(
            "Executable", statement.on_conflict_do_update(index_elements=list(key), set_=changes)
        )
    return cast("Executable", statement.on_conflict_do_nothing(index_elements=list(key)))


def _changes(
    table: Table,
    incoming: Mapping[str, ColumnElement[Any]] | Any,
    update: Sequence[str],
    count: str,
) -> dict[str, Any]:
    changes = {name: incoming[name] for name in update}
    if count:
        # A literal: PyMySQL cannot send many rows at once when there is a bind behind VALUES.
        changes[count] = table.c[count] + literal_column("1")
    return changes

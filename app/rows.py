"""Many rows at once, written and asked for in the same way on three databases."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    Dialect,
    Executable,
    String,
    Table,
    Text,
    any_,
    bindparam,
    func,
    insert,
    literal,
    literal_column,
    select,
)
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql import ColumnElement
from sqlalchemy.types import TypeEngine, UserDefinedType

from app.db import Base, Words

# Takes a column's values, of all rows.
Check = Callable[[list[Any]], list[Any]]
BETWEEN, QUOTED = "\0", '","'
# Not the driver's own dialect: its values are for the driver alone to write.
SQLITE = sqlite.dialect()
POSTGRESQL = PGDialect()  # type: ignore[no-untyped-call]  # SQLAlchemy types no more of it


def among(
    session: Session, column: ColumnElement[int] | Any, numbers: Collection[int] | Collection[str]
) -> ColumnElement[bool]:
    """Return the test that `column` is one of many numbers, or of many ids as WeCom writes them.

    They are sent as one value where that can be: with a name for each, a statement is read for
    longer than it works. PostgreSQL does not look at how many they are: of a table that it has not
    counted yet it would rather read every row than ask an index hundreds of times.
    """
    dialect = session.get_bind().dialect.name
    if dialect == "postgresql":
        is_text = isinstance(getattr(column.type, "impl", column.type), String)
        unseen = select(func.unnest(_array(numbers, is_text=is_text))).scalar_subquery()
        return cast("ColumnElement[bool]", column == any_(func.array(unseen)))
    if dialect == "sqlite":
        return cast("ColumnElement[bool]", column.in_(select(_listed(numbers))))
    return cast("ColumnElement[bool]", column.in_(numbers))


def beside_index(session: Session, column: ColumnElement[str] | Any) -> ColumnElement[str]:
    """Return a column of text to be compared where no index of it is to be used.

    PostgreSQL takes for rare what it has not counted yet, and would go through all rows of a tag
    that is just being given to very many, for each piece of them anew.
    """
    is_hidden = session.get_bind().dialect.name == "postgresql"
    return cast("ColumnElement[str]", column + "" if is_hidden else column)


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
    """Insert many rows, each of which names the same columns, none of them of bytes."""
    if not rows:
        return
    dialect, names = session.get_bind().dialect.name, tuple(rows[0])
    if dialect == "postgresql":
        session.execute(_insert_unnested(model, names), _turned(model, names, rows))
    elif dialect == "sqlite":
        _execute_plainly(session, _plain_insert(model, names), rows)
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
    arrays = [bindparam(name, type_=_ArrayOf(table.c[name].type)) for name in names]
    columns = func.unnest(*arrays).table_valued(*names).render_derived()
    return statement.from_select(list(names), select(*(columns.c[name] for name in names)))


def _turned(
    model: type[Base], names: tuple[str, ...], rows: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    """Return a column's values as one array each."""
    return {
        name: _write_array(check([row[name] for row in rows]))
        for name, check in zip(names, _checks(model, names, POSTGRESQL), strict=True)
    }


@cache
def _checks(model: type[Base], names: tuple[str, ...], dialect: Dialect) -> tuple[Check, ...]:
    """Return for each column what makes of its values those that the driver is handed."""
    columns = cast("Table", model.__table__).c
    return tuple(_check_of(columns[name].type, dialect) for name in names)


def _check_of(of: TypeEngine[Any], dialect: Dialect) -> Check:
    process = of.dialect_impl(dialect).bind_processor(dialect)
    if process is None:
        return list
    return (
        partial(_check_words, of.length, process)
        if isinstance(of, Words)
        else partial(_check_each, process)
    )


def _check_words(length: int, process: Callable[[Any], Any], values: list[Any]) -> list[Any]:
    """Look at all texts of a column at once: hardly ever is there one to be looked at by itself."""
    texts = [one for one in values if one]
    if texts and (max(map(len, texts)) > length or "\0" in "".join(texts)):
        return [process(one) for one in values]
    return values


def _check_each(process: Callable[[Any], Any], values: list[Any]) -> list[Any]:
    """Look at each once, though it stand there many times, as the time does at which they came."""
    done: dict[int, Any] = {}
    for one in values:
        if id(one) not in done:
            done[id(one)] = process(one)
    return [done[id(one)] for one in values]


@dataclass(frozen=True)
class _Plain:
    """A statement in SQLite's words, and what writes a row's values as its driver takes them.

    `same`: the columns that no row names, with what they are where nobody says.
    """

    sql: str
    names: tuple[str, ...]
    checks: tuple[Check, ...]
    same: Mapping[str, Any]


@cache
def _plain_insert(model: type[Base], names: tuple[str, ...]) -> _Plain:
    return _plain(model, insert(cast("Table", model.__table__)), names)


@cache
def _plain_upsert(
    model: type[Base],
    names: tuple[str, ...],
    key: tuple[str, ...],
    update: tuple[str, ...],
    count: str,
) -> _Plain:
    return _plain(model, _upsert_statement(model, "sqlite", key, update, count), names)


def _plain(model: type[Base], statement: Any, names: tuple[str, ...]) -> _Plain:
    compiled = statement.compile(dialect=SQLITE, column_keys=list(names))
    in_order = tuple(compiled.positiontup)
    return _Plain(
        sql=str(compiled),
        names=in_order,
        checks=_checks(model, in_order, SQLITE),
        same={column.key: column.default.arg for column in compiled.insert_prefetch},
    )


def _execute_plainly(session: Session, plain: _Plain, rows: Sequence[Mapping[str, Any]]) -> None:
    """Hand many rows to SQLite's driver itself: SQLAlchemy would go through each value twice."""
    columns = [
        check([plain.same[name]] * len(rows) if name in plain.same else [row[name] for row in rows])
        for name, check in zip(plain.names, plain.checks, strict=True)
    ]
    values = list(zip(*columns, strict=True))
    session.connection().exec_driver_sql(plain.sql, values)


def _array(values: Collection[int] | Collection[str], *, is_text: bool) -> ColumnElement[Any]:
    of = Text() if is_text else BigInteger()
    return literal(_write_array(list(values)), _ArrayOf(of))


class _ArrayOf(UserDefinedType[str]):
    """An array that comes as PostgreSQL reads it: the driver would look at each value by itself."""

    cache_ok = True
    render_bind_cast = True

    def __init__(self, of: TypeEngine[Any]) -> None:
        self.of = of

    def get_col_spec(self, **_options: Any) -> str:
        """Name the type, for the server to read the text as one of it."""
        return f"{self.of.compile(POSTGRESQL)}[]"


def _write_array(values: list[Any]) -> str:
    if None in values:
        return f"{{{','.join('NULL' if one is None else _quote(str(one)) for one in values)}}}"
    # No text has U+0000 in it: `Words` takes it out, since PostgreSQL cannot store it.
    return f"{{{_quote(BETWEEN.join(map(str, values)))}}}" if values else "{}"


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped.replace(BETWEEN, QUOTED)}"'


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
        session.execute(statement, _turned(model, names, rows))
        return
    if dialect == "sqlite" and len(rows) > 1:
        plain = _plain_upsert(model, tuple(rows[0]), tuple(key), tuple(update), count)
        _execute_plainly(session, plain, rows)
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

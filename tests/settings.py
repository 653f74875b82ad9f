"""Configurations and databases for tests: invented secrets, folders and servers of their own."""

import os
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, exists, literal, select, text, union_all
from sqlalchemy.engine import make_url

from app import schema
from app.config import Config, load_config
from app.data_keys import DataKeys
from app.db import DATA_KEYS, Database
from app.sections import SERVER_KEY
from app.tables import metadata

CORP_ID = "wwsandbox000000001"
AGENT_ID = 1000002
SECRET_KEY = "a secret key for tests only"
SECRET = "sandbox-app-secret-000000000000000000000000"
TOKEN = "SandboxToken0001"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
SERVERS = {
    "postgresql": "BANKE_TEST_POSTGRESQL_URL",
    "mariadb": "BANKE_TEST_MARIADB_URL",
}


def settings(folder: Path, **changes: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return a complete configuration as a tree; `changes` are merged section by section."""
    tree: dict[str, dict[str, Any]] = {
        "server": {
            "base_url": "http://127.0.0.1:8000",
            "secret_key": SECRET_KEY,
            "listen": "127.0.0.1:8000",
        },
        "database": {"url": f"sqlite:///{folder / 'banke.db'}"},
        "redis": {"url": "embedded"},
        "wecom": {
            "corp_id": CORP_ID,
            "agent_id": AGENT_ID,
            "secret": SECRET,
            "api_base": "http://127.0.0.1:9",
        },
        "callbacks": {"app": {"token": TOKEN, "aes_key": AES_KEY}},
        "alerts": {"grace_seconds": 0},
    }
    for section, values in changes.items():
        tree[section] = tree.get(section, {}) | dict(values)
    return tree


def write_toml(path: Path, tree: Mapping[str, Mapping[str, Any]]) -> Path:
    """Write a configuration file."""
    lines: list[str] = []
    for section, values in tree.items():
        tables = {k: v for k, v in values.items() if isinstance(v, Mapping)}
        plain = {k: v for k, v in values.items() if k not in tables}
        lines += [f"[{section}]", *(f"{k} = {_toml(v)}" for k, v in plain.items())]
        for name, table in tables.items():
            lines += [f"[{section}.{name}]", *(f'"{k}" = {_toml(v)}' for k, v in table.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def make_config(folder: Path, **changes: Mapping[str, Any]) -> Config:
    """Return a frozen configuration for this folder."""
    return load_config(write_toml(folder / "config.toml", settings(folder, **changes)), {})


@contextmanager
def fresh_database(kind: str, folder: Path) -> Iterator[str]:
    """Give the address of an empty database of this kind, and drop it afterwards."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'banke.db'}"
        return
    address = os.environ.get(SERVERS[kind])
    if not address:
        raise SystemExit(f"no server for {kind}: name one in {SERVERS[kind]}")
    server = make_url(address)
    name = f"banke_test_{uuid.uuid4().hex[:12]}"
    # Meanwhile a trial may have had its server die.
    admin = create_engine(server, isolation_level="AUTOCOMMIT", pool_pre_ping=True)
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        force = " WITH (FORCE)" if kind == "postgresql" else ""
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name}{force}"))
        admin.dispose()


def migrated(url: str) -> Database:
    """Open a database and bring it to the newest schema."""
    db = keyed(Database(url))
    schema.upgrade(db)
    return db


def keyed(db: Database) -> Database:
    """Give a database that no runtime was built on the keys of `settings`."""
    db.info[DATA_KEYS] = DataKeys({SERVER_KEY: SECRET_KEY}, current=SERVER_KEY, index=SECRET_KEY)
    return db


def new_file(path: Path) -> Database:
    """Open a new SQLite file with the newest schema, which is made once and then copied."""
    path.write_bytes(_newest_file())
    return keyed(Database(f"sqlite:///{path}"))


@cache
def _newest_file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "banke.db")
        migrated(f"sqlite:///{path}").close()
        return path.read_bytes()


class KeptDatabase:
    """A migrated database for test after test: to migrate takes a server longer than most tests."""

    def __init__(self, url: str) -> None:
        self._url = url
        # Kept open, so that what empties the tables is compiled once.
        self._db = migrated(url)
        with self._db.read() as session:
            self._first = {
                table: [dict(row) for row in session.execute(select(table)).mappings()]
                for table in metadata.sorted_tables
            }
        # One question instead of seventy deletions, most of which would find nothing.
        self._used = union_all(
            *(
                select(literal(table.name)).where(exists(select(literal(1)).select_from(table)))
                for table in self._first
            )
        )

    def renew(self) -> Database:
        """Open it with those rows alone that the migrations put in."""
        with self._db.engine.begin() as connection:
            used = set(connection.scalars(self._used))
            for table in reversed(self._first):
                if table.name in used:
                    connection.execute(table.delete())
            for table, rows in self._first.items():
                if rows:
                    connection.execute(table.insert(), rows)
        return keyed(Database(self._url))

    def close(self) -> None:
        """Let go of it."""
        self._db.close()


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return str(value) if isinstance(value, (int, float)) else f'"{value}"'

"""The floor under P11 on SQLite: the rows of a walk, written by SQLite alone in such transactions.

What a walk wrote is copied from its database into an empty one of the same schema, table by table
in the order in which it came, as many relations in a transaction as the walk takes. No Python looks
at a row and no key is checked: our side cannot be quicker than this on the same disk.
"""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from app.db import WRITER_CACHE_KIB
from app.sync.jobs import PIECE
from tests import settings

TABLES = ("customers", "follow_changes", "follow_users", "follow_tags")


def measure_floor(walked: Path, folder: Path) -> float:
    """Return the relations a second."""
    folder.mkdir()
    settings.migrated(f"sqlite:///{folder / 'banke.db'}").close()
    with closing(sqlite3.connect(folder / "banke.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute(f"PRAGMA cache_size=-{WRITER_CACHE_KIB}")
        connection.execute("ATTACH ? AS walked", (str(walked),))
        last = {
            table: connection.execute(f"SELECT max(rowid) FROM walked.{table}").fetchone()[0]  # noqa: S608 -- our own names
            for table in TABLES
        }
        relations = int(last["follow_users"])
        began = time.perf_counter()
        for at in range(0, relations, PIECE):
            connection.execute("BEGIN IMMEDIATE")
            for table in TABLES:
                ends = (at, min(at + PIECE, relations))
                low, high = (last[table] * end // relations for end in ends)
                rows = f"SELECT * FROM walked.{table} WHERE rowid > ? AND rowid <= ?"  # noqa: S608
                connection.execute(f"INSERT INTO {table} {rows}", (low, high))
            connection.execute("COMMIT")
        return relations / (time.perf_counter() - began)

"""An import of very many rows holds no more of them than a piece."""

import tracemalloc
from collections.abc import Iterator

from sqlalchemy import insert

from app import clock
from app.batches.imports import add_rows, begin_import, end_reading
from app.customers.models import Customer, FollowUser
from app.db import Database
from app.sheet_files import SheetRow
from tests.batches.tables import check, confirm, counts

HEAD = ("external_userid", "跟进")
BLANK = {"name": "", "avatar": "", "corp_name": "", "position": ""}
UNSAID = {"remark": "", "description": "", "state": "", "oper_userid": ""}


def crowd(db: Database, count: int) -> None:
    now = clock.utcnow()
    with db.write() as session:
        ids = [f"wm{n}" for n in range(count)]
        session.execute(
            insert(Customer), [{"external_userid": one, "created_at": now, **BLANK} for one in ids]
        )
        follows = [
            {
                "userid": "zhaoyi",
                "external_userid": one,
                "period": 0,
                "remark_mobiles": [],
                "added_at": now,
                **UNSAID,
            }
            for one in ids
        ]
        session.execute(insert(FollowUser), follows)


def rows(count: int) -> Iterator[SheetRow]:
    for n in range(count):
        yield SheetRow(n + 2, (f"wm{n}", f"第 {n} 位说的"))


def peak(db: Database, count: int) -> int:
    """Import so many rows, and return the most that was held at a time."""
    with db.write() as session:
        batch = begin_import(
            session, userid="qianer", filename="", heading=SheetRow(1, HEAD), is_manager=False
        )
        import_id, total = batch.id, add_rows(session, batch.id, rows(count))
        end_reading(batch, total=total)
    tracemalloc.start()
    check(db, import_id)
    confirm(db, import_id, pieces=10_000)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert counts(db, import_id) == {"done": count}
    return most


def test_memory_is_flat_however_many_rows_there_are(db: Database) -> None:
    crowd(db, 5000)
    peak(db, 250)
    with db.write() as session:
        session.connection().exec_driver_sql("DELETE FROM follow_ups")
    few = peak(db, 1000)
    with db.write() as session:
        session.connection().exec_driver_sql("DELETE FROM follow_ups")
    assert peak(db, 5000) < 1.5 * few

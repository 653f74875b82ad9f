"""Many rows at once: written and found again by thousands of numbers, on every database."""

from sqlalchemy import func, select

from app import clock
from app.batches.models import Batch, BatchItem
from app.db import Database
from app.rows import among, insert_numbers

MANY = 5000


def filled(db: Database) -> int:
    """Write a row for each of many numbers; return what they have in common."""
    with db.write() as session:
        batch = Batch(kind="stage", userid="qianer", what={}, created_at=clock.utcnow(), attempts=0)
        session.add(batch)
        session.flush()
        insert_numbers(session, BatchItem.follow_id, range(1, MANY + 1), batch_id=batch.id)
        return batch.id


def test_a_row_is_written_for_each_of_many_numbers(any_db: Database) -> None:
    batch_id = filled(any_db)
    with any_db.read() as session:
        found = session.execute(
            select(
                func.count(), func.min(BatchItem.follow_id), func.max(BatchItem.follow_id)
            ).where(BatchItem.batch_id == batch_id)
        ).one()
    assert tuple(found) == (MANY, 1, MANY)


def test_rows_are_found_by_thousands_of_numbers_and_by_none(any_db: Database) -> None:
    filled(any_db)
    wanted = [*range(2, MANY + 1, 2), MANY + 7]
    with any_db.read() as session:
        chosen = select(BatchItem.follow_id)
        found = session.scalars(chosen.where(among(session, BatchItem.follow_id, wanted))).all()
        nothing = session.scalars(chosen.where(among(session, BatchItem.follow_id, []))).all()
    assert sorted(found) == wanted[:-1]
    assert nothing == []

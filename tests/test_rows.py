"""Many rows at once: written and found again by thousands of numbers, on every database."""

import pytest
from sqlalchemy import func, select

from app import clock
from app.batches.models import Batch, BatchItem
from app.customers.models import Customer, FollowUser
from app.db import Database
from app.rows import among, insert_numbers, insert_rows, upsert
from tests.conftest import database_kinds

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


def test_many_rows_are_written_at_once_whatever_their_columns_hold(any_db: Database) -> None:
    now = clock.utcnow()
    people = [
        {"external_userid": f"wm{number}", "name": f"{{客户}} {number}, \\", "created_at": now}
        for number in range(MANY)
    ]
    follows = [
        {
            "userid": "zhaoyi",
            "external_userid": one["external_userid"],
            "period": 1,
            "remark_mobiles": ["138", '"'] if number % 2 else [],
            "add_way": number % 2 or None,
            "added_at": now,
        }
        for number, one in enumerate(people)
    ]
    with any_db.write() as session:
        key, update = ["external_userid"], ["name"]
        upsert(session, Customer, people[:10], key=key, are_distinct=True)
        upsert(session, Customer, people, key=key, update=update, are_distinct=True)
        insert_rows(session, FollowUser, follows)
        insert_rows(session, FollowUser, [])
    with any_db.read() as session:
        found = session.scalars(select(FollowUser).order_by(FollowUser.id)).all()
        names = session.execute(select(Customer.external_userid, Customer.name)).all()
        wanted = [f"wm{number}" for number in range(7)]
        chosen = select(Customer.external_userid)
        some = session.scalars(chosen.where(among(session, Customer.external_userid, wanted)))
        assert sorted(some) == wanted
        nobody = chosen.where(among(session, Customer.external_userid, []))
        assert session.scalars(nobody).all() == []
    assert {row[0]: row[1] for row in names} == {
        str(one["external_userid"]): one["name"] for one in people
    }
    kept = {one.external_userid: (one.remark_mobiles, one.add_way, one.added_at) for one in found}
    assert kept == {
        str(one["external_userid"]): (one["remark_mobiles"], one["add_way"], now) for one in follows
    }


@pytest.mark.parametrize(
    "any_db", [kind for kind in database_kinds() if kind == "postgresql"], indirect=True
)
def test_an_index_is_asked_for_many_ids_also_in_a_table_not_counted_yet(any_db: Database) -> None:
    now = clock.utcnow()
    with any_db.write() as session:
        people = [{"external_userid": f"wm{n}", "created_at": now} for n in range(MANY * 8)]
        insert_rows(session, Customer, people)
        ids = [str(one["external_userid"]) for one in people[:500]]
        chosen = select(Customer.name).where(among(session, Customer.external_userid, ids))
        compiled = chosen.compile(session.connection())
        plan = session.connection().exec_driver_sql(f"EXPLAIN {compiled}", dict(compiled.params))
        assert "Seq Scan" not in str(plan.all())

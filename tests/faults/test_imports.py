"""An import whose workers are killed with -9 on the way: every row is done, and none twice."""

from sqlalchemy import func, select

from app.batches.imports import await_import
from app.batches.models import Batch
from app.customers.models import FollowUp, TimelineEntry
from app.lanes import LEASE
from app.materials.actions import PIECE_BYTES, set_aside, store_piece
from tests.batches.tables import check_in_its_lane, confirm_in_its_lane, counts
from tests.batches.test_import_memory import HEAD, crowd, rows
from tests.deployment import Deployment, wait_until
from tests.faults.test_kills import kill_workers
from tests.sheet_maker import make_csv

MANY = 8000


def test_killed_on_the_way_it_goes_on_where_it_was(shop: Deployment) -> None:
    crowd(shop.db, MANY)
    import_id = hand_in(shop, make_csv([list(HEAD), *(list(row.cells) for row in rows(MANY))]))
    wait_until(lambda: count(shop, import_id), 30)
    kill_workers(shop)
    assert 0 < count(shop, import_id) < MANY
    # Whoever held it is dead, and its lease runs out.
    shop.box.clock.move(LEASE)
    wait_until(lambda: phase(shop, import_id) == "mapping", 60)
    assert counts(shop.db, import_id) == {"": MANY}
    assert count(shop, import_id) == MANY
    check_in_its_lane(shop.db, import_id)
    wait_until(lambda: phase(shop, import_id) == "checked", 60)
    confirm_in_its_lane(shop.db, import_id)
    wait_until(lambda: counts(shop.db, import_id).get("done", 0), 30)
    kill_workers(shop)
    assert 0 < counts(shop.db, import_id)["done"] < MANY
    shop.box.clock.move(LEASE)
    wait_until(lambda: phase(shop, import_id) == "done", 60)
    assert counts(shop.db, import_id) == {"done": MANY}
    with shop.db.read() as session:
        for table in (FollowUp, TimelineEntry):
            whom = table.external_userid
            written = select(func.count(), func.count(whom.distinct())).where(
                table.userid == "qianer"
            )
            assert tuple(session.execute(written).one()) == (MANY, MANY)


def hand_in(shop: Deployment, data: bytes) -> int:
    """Have a worker read a table, whose file came in pieces."""
    with shop.db.write() as session:
        for n in range(-(-len(data) // PIECE_BYTES)):
            piece = data[n * PIECE_BYTES : (n + 1) * PIECE_BYTES]
            name = {"userid": "qianer", "key": "k", "kind": "file", "filename": "长.csv"}
            store_piece(session, **name, size=len(data), n=n, data=piece)
        aside = set_aside(session, "qianer", "k")
        return await_import(
            session, userid="qianer", filename="长.csv", upload_id=aside.id, is_manager=False
        ).id


def count(shop: Deployment, import_id: int) -> int:
    with shop.db.read() as session:
        return session.get_one(Batch, import_id).total


def phase(shop: Deployment, import_id: int) -> str:
    with shop.db.read() as session:
        return str(session.get_one(Batch, import_id).what["phase"])

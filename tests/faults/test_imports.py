"""An import whose workers are killed with -9 on the way: every row is done, and none twice."""

from sqlalchemy import func, select

from app.batches.imports import add_rows, begin_import, end_reading
from app.batches.models import Batch
from app.customers.models import FollowUp, TimelineEntry
from app.lanes import LEASE
from app.sheet_files import SheetRow
from tests.batches.tables import check_in_its_lane, confirm_in_its_lane, counts
from tests.batches.test_import_memory import HEAD, crowd, rows
from tests.deployment import Deployment, wait_until
from tests.faults.test_kills import kill_workers

MANY = 6000


def test_killed_on_the_way_it_goes_on_where_it_was(shop: Deployment) -> None:
    crowd(shop.db, MANY)
    with shop.db.write() as session:
        batch = begin_import(
            session, userid="qianer", filename="", heading=SheetRow(1, HEAD), is_manager=False
        )
        import_id = batch.id
        end_reading(batch, total=add_rows(session, import_id, rows(MANY)))
    check_in_its_lane(shop.db, import_id)
    wait_until(lambda: phase(shop, import_id) == "checked", 60)
    confirm_in_its_lane(shop.db, import_id)
    wait_until(lambda: counts(shop.db, import_id).get("done", 0), 30)
    kill_workers(shop)
    assert 0 < counts(shop.db, import_id)["done"] < MANY
    # Whoever held it is dead, and its lease runs out.
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


def phase(shop: Deployment, import_id: int) -> str:
    with shop.db.read() as session:
        return str(session.get_one(Batch, import_id).what["phase"])

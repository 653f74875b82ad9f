"""A sync waits for WeCom, and whoever comes meanwhile is greeted all the same."""

from app.sync.actions import begin_run
from app.sync.models import SyncRun
from tests.deployment import Deployment

BATCH = "externalcontact/batch/get_by_user"
FRIENDS = 12
WINDOW = 18.0


def test_a_welcome_does_not_wait_for_a_sync(shop: Deployment) -> None:
    box = shop.box
    # Tries that follow one that waited for too long are held as well.
    hold = box.faults.hold(BATCH, times=None)
    run_id = shop.db.commit(lambda session: begin_run(session, why="manual").id)
    hold.wait_reached(30)
    events = box.people.customers_scan(FRIENDS, "zhaoyi")
    codes = {event.welcome_code for event in events}
    box.ledger.wait_for(
        lambda ledger: codes <= {one.code for one in ledger.accepted_welcomes()}, timeout=WINDOW
    )
    with shop.db.read() as session:
        run = session.get_one(SyncRun, run_id)
    assert (run.outcome, run.phase, run.listed) == (None, "walk", 0)

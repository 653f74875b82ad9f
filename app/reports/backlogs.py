"""How far behind the work is, lane by lane, wherever its rows lie."""

from sqlalchemy.orm import Session

from app.batches.models import Batch
from app.claims import Backlog, measure_backlog
from app.deliveries.models import Delivery
from app.inbox.queries import list_backlogs
from app.pushes.models import Push
from app.queue import LANES
from app.sync.models import SyncRun


def list_lanes(session: Session) -> list[Backlog]:
    """Return how every lane stands, also one with nothing to do."""
    found = {one.lane: one for one in list_backlogs(session)}
    found["deliveries"] = measure_backlog(session, Delivery, "deliveries")
    found["batches"] = measure_backlog(session, Batch, "batches")
    found["sync"] = measure_backlog(session, SyncRun, "sync")
    for lane in ("pushes", "bulk"):
        found[lane] = measure_backlog(session, Push, lane, Push.lane == lane)
    return [found.get(name, Backlog(name, 0, 0.0)) for name in LANES]

"""After a restore: what was open in the backup may have been done since, and is not done again.

The restore's own moment is noted (`app.schedule_runs`): nobody whose adding lies before it is
greeted. What happened between backup and restore is made up for by a comparison with WeCom.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import clock
from app.accounts.actions import end_all_sessions
from app.audit.actions import record_audit
from app.batches.models import Batch
from app.claims import free_all
from app.deliveries.actions import RESTORED, give_up_open
from app.deliveries.models import Delivery
from app.inbox.models import InboxEvent
from app.outbox import DUPLICATE_CHECK_SECONDS
from app.pushes.actions import give_up_waiting
from app.pushes.models import Push
from app.schedule_runs import note_restore
from app.sync.actions import begin_run, cancel_run
from app.welcome.actions.intents import KIND

# Whoever was at these when the backup was made is at them no more.
CLAIMED = (InboxEvent, Delivery, Push, Batch)
# Within this time WeCom itself drops the same message.
DROPPED_BY_WECOM = timedelta(seconds=DUPLICATE_CHECK_SECONDS)


@dataclass(frozen=True)
class Settled:
    """How many of each are not done (again): nobody knows whether they were."""

    welcomes: int
    messages: int
    pushes: int


def settle(session: Session, *, made_at: datetime | None) -> Settled:
    """Settle a database that was brought back, `made_at` some time if that is known."""
    note_restore(session)
    young = clock.utcnow() - DROPPED_BY_WECOM
    settled = Settled(
        welcomes=give_up_open(session, Delivery.kind == KIND),
        messages=give_up_open(session, Delivery.kind != KIND, Delivery.wanted_at < young),
        pushes=give_up_waiting(session, reason=RESTORED),
    )
    for table in CLAIMED:
        free_all(session, table)
    # A session that was ended since would be good again.
    end_all_sessions(session)
    # It has gone past members whose customers have changed since.
    cancel_run(session, userid="")
    begin_run(session, why=RESTORED)
    detail: dict[str, int | str] = {"welcomes": settled.welcomes, "messages": settled.messages}
    if made_at is not None:
        detail["made_at"] = made_at.isoformat(timespec="seconds")
    record_audit(session, userid="", action="backup_restored", detail=detail)
    return settled

"""The member deleted the customer, or a transfer (在职继承) moved him to a colleague."""

from app.runtime import Runtime
from callbacks.handlers.change_external_contact import record_end
from callbacks.reaction import Reaction, Record, StoredEvent

TRANSFER = "DELETE_BY_TRANSFER"


def record(runtime: Runtime, event: StoredEvent) -> Record:
    """End the relation; only a deletion by hand is worth an alert to the admins."""
    kind = "transfer" if event.event.text("Source") == TRANSFER else "member"
    return lambda session: record_end(session, runtime, event, kind=kind)


REACTIONS: tuple[Reaction, ...] = (record,)

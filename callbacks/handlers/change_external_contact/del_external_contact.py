"""The member deleted the customer, or a transfer (在职继承) moved him to a colleague."""

from app.runtime import Runtime
from callbacks.handlers.change_external_contact import end
from callbacks.reaction import Reaction, StoredEvent

TRANSFER = "DELETE_BY_TRANSFER"


def record(runtime: Runtime, event: StoredEvent) -> None:
    """End the relation; only a deletion by hand is worth an alert to the admins."""
    moved = event.event.text("Source") == TRANSFER
    end(runtime, event, kind="transfer" if moved else "member")


REACTIONS: tuple[Reaction, ...] = (record,)

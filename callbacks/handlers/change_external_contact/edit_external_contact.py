"""A member changed remark, description or company tags of a customer in his WeCom."""

from datetime import timedelta

from app import clock
from app.claims import Later
from app.runtime import Runtime
from callbacks.handlers.change_external_contact import refresh
from callbacks.reaction import Reaction, StoredEvent

SETTLE = timedelta(seconds=1)


def settle(_runtime: Runtime, event: StoredEvent) -> None:
    """Let the second of the change pass before the customer is read.

    CreateTime has whole seconds: another change in the same second (remark, then tags) is the same
    event to the letter and counts as its duplicate, so the one reading has to come after both.

    Raises:
        Later: the second is not over.
    """
    settled_at = event.received_at + SETTLE
    if clock.utcnow() < settled_at:
        raise Later(settled_at)


REACTIONS: tuple[Reaction, ...] = (settle, refresh)

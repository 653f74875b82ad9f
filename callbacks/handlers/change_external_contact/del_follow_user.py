"""The customer deleted the member: a loss (流失)."""

from app.runtime import Runtime
from callbacks.handlers.change_external_contact import record_end
from callbacks.reaction import Reaction, Record, StoredEvent


def record(runtime: Runtime, event: StoredEvent) -> Record:
    """End the relation from the customer's side, and have the member told."""
    return lambda session: record_end(session, runtime, event, kind="customer")


REACTIONS: tuple[Reaction, ...] = (record,)

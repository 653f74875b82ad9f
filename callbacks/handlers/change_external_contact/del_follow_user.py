"""The customer deleted the member: a loss (流失)."""

from app.runtime import Runtime
from callbacks.handlers.change_external_contact import end
from callbacks.reaction import Reaction, StoredEvent


def record(runtime: Runtime, event: StoredEvent) -> None:
    """End the relation from the customer's side, and have the member told."""
    end(runtime, event, kind="customer")


REACTIONS: tuple[Reaction, ...] = (record,)

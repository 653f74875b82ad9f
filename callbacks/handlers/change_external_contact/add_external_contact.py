"""A member has a new customer: both sides are friends."""

from app.runtime import Runtime
from callbacks.handlers.change_external_contact import begin, greet, refresh
from callbacks.reaction import Reaction, StoredEvent


def record(runtime: Runtime, event: StoredEvent) -> None:
    """Open a period of the relation, mutual from the start."""
    begin(runtime, event, kind="add", entry="added")


REACTIONS: tuple[Reaction, ...] = (greet, record, refresh)

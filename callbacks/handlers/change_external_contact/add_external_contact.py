"""A member has a new customer: both sides are friends."""

from app.runtime import Runtime
from callbacks.handlers.change_external_contact import arrange, greet, record_begin, refresh
from callbacks.reaction import Reaction, Record, StoredEvent


def record(runtime: Runtime, event: StoredEvent) -> Record:
    """Open a period of the relation, mutual from the start."""
    return lambda session: record_begin(session, runtime, event, kind="add", entry="added")


REACTIONS: tuple[Reaction, ...] = (greet, record, refresh, arrange)

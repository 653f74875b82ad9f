"""A customer added a member who needs no verification (免验证); he has not added him back yet."""

from app.runtime import Runtime
from callbacks.handlers.change_external_contact import arrange, greet, record_begin, refresh
from callbacks.reaction import Reaction, Record, StoredEvent


def record(runtime: Runtime, event: StoredEvent) -> Record:
    """Open a one-sided period of the relation."""
    return lambda session: record_begin(session, runtime, event, kind="half", entry="added_half")


REACTIONS: tuple[Reaction, ...] = (greet, record, refresh, arrange)

"""A department was deleted."""

from app.members.jobs import sync_departments
from app.runtime import Runtime
from callbacks.reaction import Reaction, StoredEvent


def record_the_departments(runtime: Runtime, event: StoredEvent) -> None:
    """Read all of them: an event may come late, and the list is short."""
    del event
    sync_departments(runtime)


REACTIONS: tuple[Reaction, ...] = (record_the_departments,)

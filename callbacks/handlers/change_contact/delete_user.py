"""A member left the corp."""

from app.members.jobs import sync_member
from app.runtime import Runtime
from callbacks.reaction import Reaction, StoredEvent


def record_the_departure(runtime: Runtime, event: StoredEvent) -> None:
    """Read him once more: he has departed unless WeCom shows him, for he may be back already."""
    sync_member(runtime, event.event.userid, at=event.at)


REACTIONS: tuple[Reaction, ...] = (record_the_departure,)

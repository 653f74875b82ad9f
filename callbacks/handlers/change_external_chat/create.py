"""A customer group was made."""

from app.groups.actions import Told
from app.groups.jobs import sync_group
from app.runtime import Runtime
from callbacks.reaction import Reaction, StoredEvent


def record_the_group(runtime: Runtime, event: StoredEvent) -> None:
    """Read the group and those who are in it from the start."""
    told = Told(at=event.at, received_at=event.received_at)
    sync_group(runtime, event.event.chat_id, told=told)


REACTIONS: tuple[Reaction, ...] = (record_the_group,)

"""A customer group was dismissed by its owner."""

from app.groups.jobs import record_dismissal
from app.runtime import Runtime
from callbacks.reaction import Reaction, StoredEvent


def record_the_end(runtime: Runtime, event: StoredEvent) -> None:
    """End the group and every stay in it."""
    record_dismissal(runtime, event.event.chat_id, at=event.at, received_at=event.received_at)


REACTIONS: tuple[Reaction, ...] = (record_the_end,)

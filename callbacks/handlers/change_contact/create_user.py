"""A member joined the corp."""

from app.members.jobs import sync_member
from app.runtime import Runtime
from callbacks.reaction import Reaction, StoredEvent


def record_the_member(runtime: Runtime, event: StoredEvent) -> None:
    """Read him: the event may name nothing but his id."""
    sync_member(runtime, event.event.userid, at=event.at)


REACTIONS: tuple[Reaction, ...] = (record_the_member,)

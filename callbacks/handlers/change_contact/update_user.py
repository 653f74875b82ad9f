"""Something about a member changed, perhaps his userid."""

from app.members.jobs import sync_member
from app.runtime import Runtime
from callbacks.reaction import Reaction, StoredEvent


def record_the_new_userid(runtime: Runtime, event: StoredEvent) -> None:
    """Read him under his new userid, which is a member of its own to us.

    What was written under the old one stays under it; WeCom tells of his customers under the new.
    """
    if new_userid := event.event.text("NewUserID"):
        sync_member(runtime, new_userid, at=event.at)


def record_the_member(runtime: Runtime, event: StoredEvent) -> None:
    """Read him under the userid he had; when WeCom no longer knows it, he has departed."""
    sync_member(runtime, event.event.userid, at=event.at)


REACTIONS: tuple[Reaction, ...] = (record_the_new_userid, record_the_member)

"""A customer added a member who needs no verification (免验证); he has not added him back yet."""

from app.runtime import Runtime
from callbacks.handlers.change_external_contact import begin, greet, refresh
from callbacks.reaction import Reaction, StoredEvent


def record(runtime: Runtime, event: StoredEvent) -> None:
    """Open a one-sided period of the relation."""
    begin(runtime, event, kind="half", entry="added_half")


REACTIONS: tuple[Reaction, ...] = (greet, record, refresh)

"""What a handler file is made of: a stored event, and reactions to it.

A reaction takes the runtime and the event and does what needs the network. What it wants recorded
it returns, as a function that takes a session: that is committed together with the tick that says
the reaction is done. It may be run twice. It raises `Later` to be run again soon, and any other
exception when it could not do its part.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import clock
from app.claims import Later
from app.runtime import Runtime
from app.wecom.envelope import CallbackEvent

FRESH_SECONDS = 300
SETTLE = timedelta(seconds=1)


@dataclass(frozen=True)
class StoredEvent:
    """An event out of the inbox. `at`: when it happened, by WeCom's clock if it said so."""

    id: int
    key: str
    received_at: datetime
    at: datetime
    stale: bool
    event: CallbackEvent


Record = Callable[[Session], object]
Reaction = Callable[[Runtime, StoredEvent], Record | None]


def urgent(reaction: Reaction) -> Reaction:
    """Have this reaction run in the lane `urgent`, before the welcome_code spoils."""
    reaction.urgent = True  # type: ignore[attr-defined]  # an attribute of ours on a function
    return reaction


def is_urgent(reaction: Reaction) -> bool:
    """Tell whether the reaction is one for the lane `urgent`."""
    return getattr(reaction, "urgent", False)


def shared(reaction: Reaction) -> Reaction:
    """Say that it serves all events of its kind about the same customer that wait.

    While one of them is worked in this process, the others stand aside for it.
    """
    reaction.shared = True  # type: ignore[attr-defined]  # an attribute of ours on a function
    return reaction


def is_shared(reaction: Reaction) -> bool:
    """Tell whether one event's run of the reaction serves others."""
    return getattr(reaction, "shared", False)


def idle(reaction: Reaction) -> Reaction:
    """Say that running it once more does nothing: its tick is committed with the next one's."""
    reaction.idle = True  # type: ignore[attr-defined]  # an attribute of ours on a function
    return reaction


def is_idle(reaction: Reaction) -> bool:
    """Tell whether its tick may wait."""
    return getattr(reaction, "idle", False)


@idle
def settle(_runtime: Runtime, event: StoredEvent) -> None:
    """Let the second of a change pass before what was changed is read.

    CreateTime has whole seconds: another change in the same second (remark, then tags) is the same
    event to the letter and counts as its duplicate, so the one reading has to come after both.

    Raises:
        Later: the second is not over.
    """
    settled_at = event.received_at + SETTLE
    if clock.utcnow() < settled_at:
        raise Later(settled_at)


def is_stale(event: CallbackEvent, received_at: datetime) -> bool:
    """Tell whether the event's own time is so far off that nobody may be greeted for it.

    It is stored and worked all the same: our clock may be the one that is wrong.
    """
    if event.create_time is None:
        return False
    return abs(received_at - event.create_time) > timedelta(seconds=FRESH_SECONDS)

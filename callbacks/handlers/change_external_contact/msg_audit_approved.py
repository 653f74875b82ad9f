"""The customer agreed to the archiving of the chat (会话存档); may bring a welcome_code."""

from functools import partial

from sqlalchemy.orm import Session

from app.customers.actions import record_timeline
from app.members.queries import canonical_userid
from app.runtime import Runtime
from callbacks.handlers.change_external_contact import greet
from callbacks.reaction import Reaction, Record, StoredEvent, urgent


@urgent
def greet_with_code(runtime: Runtime, event: StoredEvent) -> Record | None:
    """Greet if there is a code; the lack of one says nothing about the welcome here."""
    return greet(runtime, event) if event.event.welcome_code else None


def record(_runtime: Runtime, event: StoredEvent) -> Record:
    """Put the consent on the timeline."""
    return partial(_record, event)


def _record(event: StoredEvent, session: Session) -> None:
    record_timeline(
        session,
        external_userid=event.event.external_userid,
        userid=canonical_userid(session, event.event.userid),
        kind="archive_agreed",
        at=event.at,
        key=f"{event.key}:archive_agreed",
    )


REACTIONS: tuple[Reaction, ...] = (greet_with_code, record)

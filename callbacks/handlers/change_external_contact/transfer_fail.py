"""A customer could not be handed over to a colleague and stays with his member."""

from functools import partial

from sqlalchemy.orm import Session

from app.churn.actions import record_transfer_failure
from app.customers.actions import record_timeline
from app.members.queries import canonical_userid
from app.runtime import Runtime
from callbacks.reaction import Reaction, Record, StoredEvent


def record(_runtime: Runtime, event: StoredEvent) -> Record:
    """Put it on the timeline and have the member told."""
    return partial(_record, event)


def _record(event: StoredEvent, session: Session) -> None:
    told = event.event
    reason = told.text("FailReason")
    userid = canonical_userid(session, told.userid)
    record_timeline(
        session,
        external_userid=told.external_userid,
        userid=userid,
        kind="transfer_failed",
        at=event.at,
        key=f"{event.key}:transfer_failed",
        data={"reason": reason[:64]},
    )
    record_transfer_failure(
        session,
        userid=userid,
        external_userid=told.external_userid,
        event_key=event.key,
        reason=reason,
    )


REACTIONS: tuple[Reaction, ...] = (record,)

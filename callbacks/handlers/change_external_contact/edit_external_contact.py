"""A member changed remark, description or company tags of a customer in his WeCom.

The event does not say what: the customer is read again, five at a time, as WeCom allows it. He is
read once for all of his edits that wait by then, whoever of his members made them.
"""

from functools import partial

from sqlalchemy.orm import Session

from app import clock
from app.churn.actions import record_losses
from app.customers.jobs import read_customer
from app.i18n import N_
from app.inbox.actions import record_finished_along
from app.inbox.queries import Alike, list_alike
from app.members.queries import canonical_userid
from app.runtime import Runtime
from callbacks.reaction import SETTLE, Reaction, Record, StoredEvent, settle, shared

ALONG = N_("与该客户的另一次变更一起读取")


@shared
def refresh(runtime: Runtime, event: StoredEvent) -> Record:
    """Read the customer from WeCom, for this edit and for his others that are here by now."""
    # Before he is read: what comes later may tell of something that the answer does not have.
    others = _others_of(runtime, event)
    record = read_customer(runtime, event.event.external_userid)
    return partial(_record, event, record, others)


def _others_of(runtime: Runtime, event: StoredEvent) -> list[Alike]:
    told = event.event
    with runtime.db.read() as session:
        return list_alike(
            session,
            event.id,
            kind=(told.event, told.change_type),
            external_userid=told.external_userid,
            since=event.received_at,
            # Of those that `settle` would let pass.
            until=clock.utcnow() - SETTLE,
        )


def _record(
    event: StoredEvent, record: Record | None, others: list[Alike], session: Session
) -> None:
    if record is not None:
        record(session)
        named = {event.event.userid, *(other.userid for other in others)}
        for userid in sorted({canonical_userid(session, userid) for userid in named}):
            record_losses(session, userid, event.event.external_userid)
    ticked = [reaction.__name__ for reaction in REACTIONS]
    record_finished_along(session, [other.id for other in others], ticked=ticked, note=ALONG)


REACTIONS: tuple[Reaction, ...] = (settle, refresh)

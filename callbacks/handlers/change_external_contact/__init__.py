"""change_external_contact (客户变更): what several of its change types have in common.

Source: developer.work.weixin.qq.com/document/path/92130.
"""

from functools import partial

from sqlalchemy.orm import Session

from app.churn.actions import record_losses, tell_of_losses
from app.customers.actions import Change, put_into_first_stage, record_change, record_timeline
from app.customers.actions.follow import STATE_LENGTH
from app.customers.jobs import read_customer
from app.customers.queries import has_been_lost
from app.db import fit
from app.members.queries import canonical_userid
from app.runtime import Runtime
from app.welcome.actions import Greeting, apply_extras, send_welcome
from callbacks.reaction import Record, StoredEvent, urgent

HALF = "add_half_external_contact"


@urgent
def greet(runtime: Runtime, event: StoredEvent) -> Record | None:
    """Greet the customer (欢迎语), or note why there is nothing to greet him with."""
    with runtime.db.read() as session:
        greeting = _greeting_of(session, event)
    return send_welcome(runtime, greeting)


def arrange(runtime: Runtime, event: StoredEvent) -> Record:
    """Do what else the script says: tags, stage, remark. After the customer is on record."""
    return lambda session: apply_extras(session, runtime, _greeting_of(session, event))


def _greeting_of(session: Session, event: StoredEvent) -> Greeting:
    told = event.event
    userid = canonical_userid(session, told.userid)
    return Greeting(
        event_id=event.id,
        userid=userid,
        external_userid=told.external_userid,
        # No channel of ours is longer; a longer one fits no rule.
        state=fit(told.state, STATE_LENGTH),
        welcome_code=told.welcome_code,
        received_at=event.received_at,
        create_time=told.create_time,
        stale=event.stale,
        returning=has_been_lost(session, userid, told.external_userid),
        is_first=told.change_type == HALF,
    )


def refresh(runtime: Runtime, event: StoredEvent) -> Record | None:
    """Read the customer from WeCom: name, remark, tags, source, and a re-add that no event told."""
    record = read_customer(runtime, event.event.external_userid)
    return partial(_record_read, event, record) if record else None


def _record_read(event: StoredEvent, record: Record, session: Session) -> None:
    record(session)
    userid = canonical_userid(session, event.event.userid)
    record_losses(session, userid, event.event.external_userid)


def record_begin(
    session: Session, runtime: Runtime, event: StoredEvent, *, kind: str, entry: str
) -> None:
    """Record that the relation began, join it to the history, give the customer a stage."""
    _record(session, runtime, event, kind=kind, entry=entry)
    put_into_first_stage(session, event.event.external_userid)


def record_end(session: Session, runtime: Runtime, event: StoredEvent, *, kind: str) -> None:
    """Record that the relation ended; everything known about the customer stays."""
    _record(session, runtime, event, kind=kind, entry=f"removed_by_{kind}")


def _record(
    session: Session, runtime: Runtime, event: StoredEvent, *, kind: str, entry: str
) -> None:
    told = event.event
    userid = canonical_userid(session, told.userid)
    record_change(
        session,
        Change(
            userid=userid,
            external_userid=told.external_userid,
            kind=kind,
            at=event.at,
            state=told.state,
        ),
    )
    # Also after an add: a loss that it overtook, or that it follows, is brought into line.
    losses = record_losses(session, userid, told.external_userid)
    record_timeline(
        session,
        external_userid=told.external_userid,
        userid=userid,
        kind=entry,
        at=event.at,
        key=f"{event.key}:{entry}",
    )
    tell_of_losses(session, losses, runtime.config)

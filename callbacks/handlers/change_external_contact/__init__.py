"""change_external_contact (客户变更): what several of its change types have in common.

Source: developer.work.weixin.qq.com/document/path/92130.
"""

from app.churn.actions import record_alerts, record_losses
from app.customers.actions import Change, put_into_first_stage, record_change, record_timeline
from app.customers.jobs import sync_customer
from app.customers.queries import has_been_lost
from app.members.queries import canonical_userid
from app.runtime import Runtime
from app.welcome.actions import Greeting, send_welcome
from callbacks.reaction import StoredEvent, urgent


@urgent
def greet(runtime: Runtime, event: StoredEvent) -> None:
    """Greet the customer (欢迎语), or note why there is nothing to greet him with."""
    told = event.event
    with runtime.db.read() as session:
        userid = canonical_userid(session, told.userid)
        returning = has_been_lost(session, userid, told.external_userid)
    send_welcome(
        runtime,
        Greeting(
            event_id=event.id,
            userid=userid,
            external_userid=told.external_userid,
            state=told.state,
            welcome_code=told.welcome_code,
            received_at=event.received_at,
            create_time=told.create_time,
            stale=event.stale,
            returning=returning,
        ),
    )


def refresh(runtime: Runtime, event: StoredEvent) -> None:
    """Read the customer from WeCom: name, remark, tags, source."""
    sync_customer(runtime, event.event.external_userid)


def begin(runtime: Runtime, event: StoredEvent, *, kind: str, entry: str) -> None:
    """Record that the relation began, join it to the history, give the customer a stage."""
    told = event.event
    with runtime.db.write() as session:
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
        put_into_first_stage(session, told.external_userid)
        # A loss that this event overtook, or is followed by, is brought into line.
        record_alerts(
            session,
            record_losses(session, userid, told.external_userid),
            runtime.config.alerts,
        )
        record_timeline(
            session,
            external_userid=told.external_userid,
            userid=userid,
            kind=entry,
            at=event.at,
            key=f"{event.key}:{entry}",
        )


def end(runtime: Runtime, event: StoredEvent, *, kind: str) -> None:
    """Record that the relation ended; everything known about the customer stays."""
    told = event.event
    with runtime.db.write() as session:
        userid = canonical_userid(session, told.userid)
        record_change(
            session,
            Change(userid=userid, external_userid=told.external_userid, kind=kind, at=event.at),
        )
        record_alerts(
            session,
            record_losses(session, userid, told.external_userid),
            runtime.config.alerts,
        )
        record_timeline(
            session,
            external_userid=told.external_userid,
            userid=userid,
            kind=f"removed_by_{kind}",
            at=event.at,
            key=f"{event.key}:removed",
        )
    runtime.bell.ring("deliveries")

"""Events in the inbox of a test, as WeCom sends them and as the worker works them."""

from flask import Flask
from sqlalchemy import select, update

from app import clock
from app.claims import claim_due
from app.inbox.models import InboxEvent
from app.runtime import Runtime
from callbacks.jobs import work_event
from tests.callbacks.letters import seal, xml


def receive(app: Flask, **fields: str) -> int:
    """Have an event come in at the door; return its id."""
    return receive_plain(app, xml(**fields))


def receive_plain(app: Flask, plaintext: bytes) -> int:
    """Have this come in as it is."""
    letter = seal(plaintext)
    answer = app.test_client().post("/callbacks/app", query_string=letter.query, data=letter.body)
    assert answer.status_code == 200
    with app.extensions["banke_runtime"].db.read() as session:
        newest = session.scalars(select(InboxEvent.id).order_by(InboxEvent.id.desc())).first()
    assert newest
    return int(newest)


def work(runtime: Runtime) -> None:
    """Work what is there, due or not, until its end."""
    while _work_once(runtime):
        pass


def kill(runtime: Runtime, event_id: int, note: str = "refresh: 企业微信系统繁忙") -> None:
    """Let an event have failed for the last time."""
    with runtime.db.write() as session:
        session.execute(
            update(InboxEvent)
            .where(InboxEvent.id == event_id)
            .values(fate="dead", due_at=None, finished_at=clock.utcnow(), note=note, attempts=6)
        )


def event_of(runtime: Runtime, event_id: int) -> InboxEvent:
    """Return an event as it is now."""
    with runtime.db.read() as session:
        return session.get_one(InboxEvent, event_id)


def _work_once(runtime: Runtime) -> bool:
    with runtime.db.write() as session:
        open_ones = InboxEvent.due_at.is_not(None)
        session.execute(update(InboxEvent).where(open_ones).values(due_at=clock.utcnow()))
        claims = claim_due(session, InboxEvent, limit=50, lease=60)
    for claim in claims:
        work_event(runtime, claim)
    return bool(claims)

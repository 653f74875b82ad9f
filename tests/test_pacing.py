"""What is for a time to come neither goes out early nor holds up what is due."""

from datetime import timedelta

from sqlalchemy import insert

from app import clock
from app.claims import claim_due
from app.db import Database
from app.deliveries.actions import record_intent
from app.deliveries.models import Delivery
from app.pacing import MOST_AT_ONCE, list_open


def test_a_thousand_messages_to_come_do_not_hold_up_the_one_that_is_due(any_db: Database) -> None:
    now = clock.utcnow()
    later = now + timedelta(days=30)
    to_come = [
        {
            "kind": "reminder",
            "dedupe_key": f"later{number}",
            "recipient": "zhaoyi",
            "created_at": now,
            "due_at": later,
            "wanted_at": later,
            "detail": {},
        }
        for number in range(MOST_AT_ONCE)
    ]
    with any_db.write() as session:
        session.execute(insert(Delivery), to_come)
        record_intent(session, kind="loss", dedupe_key="due", recipient="zhaoyi", due_at=now)
    with any_db.write() as session:
        (claim,) = claim_due(session, Delivery, limit=10, lease=60)
        found = list_open(session, claim)
    assert found
    assert (found[0].dedupe_key, found[1]) == ("due", [])

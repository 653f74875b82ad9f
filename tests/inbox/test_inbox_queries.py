"""Finding received events on every database: newest first, page by page, and what is replayed."""

from datetime import UTC, datetime, timedelta

from app import clock
from app.db import Database
from app.inbox.actions import Received, record_received
from app.inbox.queries import (
    PAGE,
    EventFilter,
    count_fates,
    last_received,
    list_backlogs,
    list_events,
    list_replayable,
)

NOON = datetime(2026, 11, 18, 4, tzinfo=UTC)
ADD = ("change_external_contact", "add_external_contact")


def received(number: int, at: datetime, fate: str | None, **changes: str) -> Received:
    fields = {"event": ADD[0], "change_type": ADD[1], "external_userid": "wmA", **changes}
    return Received(
        corp_id="ww",
        dedupe_key=f"key{number}",
        receiver="app",
        lane="events",
        userid="zhaoyi",
        chat_id="",
        create_time=None,
        body=b"sealed",
        msg_signature="0" * 40,
        received_at=at,
        fate=fate,
        **fields,
    )


def store(db: Database, *events: Received) -> None:
    with db.write() as session:
        record_received(session, events)


def test_pages_follow_each_other_without_a_gap_where_times_are_the_same(any_db: Database) -> None:
    count = 2 * PAGE + 7
    store(any_db, *(received(n, NOON + timedelta(seconds=n // 40), "done") for n in range(count)))
    seen: list[int] = []
    before, more = None, True
    while more:
        with any_db.read() as session:
            rows, more = list_events(session, EventFilter(), before=before)
        before = (rows[-1].received_at, rows[-1].id)
        seen += [row.id for row in rows]
    assert len(seen) == len(set(seen)) == count
    assert seen == sorted(seen, reverse=True)


def test_events_are_chosen_by_what_they_are_and_when_they_came(any_db: Database) -> None:
    store(
        any_db,
        received(1, NOON, "dead"),
        received(2, NOON + timedelta(hours=1), "done", change_type="del_follow_user"),
        received(3, NOON + timedelta(hours=2), None, external_userid="wmB"),
    )
    wanted = {
        EventFilter(fate="dead"): {"key1"},
        EventFilter(fate="open"): {"key3"},
        EventFilter(event=ADD[0], change_type="del_follow_user"): {"key2"},
        EventFilter(external_userid="wmB"): {"key3"},
        EventFilter(external_userid="wmb"): set(),
        EventFilter(since=NOON + timedelta(hours=1)): {"key2", "key3"},
        EventFilter(until=NOON + timedelta(hours=1)): {"key1"},
    }
    with any_db.read() as session:
        found = {one: {row.dedupe_key for row in list_events(session, one)[0]} for one in wanted}
        assert found == wanted
        assert count_fates(session) == {"dead": 1, "done": 1, "open": 1}
        assert last_received(session, ADD[0]) == NOON + timedelta(hours=2)
        assert last_received(session, "template_card_event") is None


def test_of_the_dead_the_oldest_are_replayed_first(any_db: Database) -> None:
    store(any_db, *(received(n, NOON - timedelta(seconds=n), "dead") for n in range(5)))
    store(any_db, received(9, NOON, "done"))
    with any_db.read() as session:
        ids = list_replayable(session, EventFilter(), limit=3)
        oldest = list_events(session, EventFilter(fate="dead"))[0][::-1]
        assert list(ids) == [row.id for row in oldest[:3]]


def test_a_lane_tells_what_is_due_from_what_will_be(any_db: Database) -> None:
    now = clock.utcnow()
    store(any_db, received(1, now - timedelta(seconds=30), None))
    store(any_db, received(2, now + timedelta(hours=1), None))
    with any_db.read() as session:
        [backlog] = list_backlogs(session)
    assert (backlog.lane, backlog.waiting, backlog.due) == ("events", 2, 1)
    assert 29 < backlog.oldest_seconds < 60

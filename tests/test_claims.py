"""Claims: a due row goes to one claimer, comes back when its lease ends, and is given back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from sqlalchemy import event

from app import clock
from app.claims import claim_due, release, renew
from app.db import Database
from app.inbox.actions import Received, record_finished, record_postponed, record_received
from app.inbox.models import InboxEvent


def receive(db: Database, count: int, *, received_at: datetime | None = None) -> None:
    with db.write() as session:
        record_received(
            session,
            [
                Received(
                    corp_id="ww1",
                    dedupe_key=f"key{number}",
                    receiver="app",
                    lane="events",
                    event="e",
                    change_type="c",
                    userid="",
                    external_userid="",
                    chat_id="",
                    create_time=None,
                    body=b"",
                    msg_signature="0" * 40,
                    received_at=received_at or clock.utcnow(),
                )
                for number in range(count)
            ],
        )


def claim(db: Database, *, limit: int = 100, lease: float = 60, overdue: float = 0) -> list[int]:
    with db.write() as session:
        found = claim_due(session, InboxEvent, limit=limit, lease=lease, overdue=overdue)
        return [one.id for one in found]


def test_each_row_goes_to_one_of_many_claimers(any_db: Database) -> None:
    receive(any_db, 60)
    with ThreadPoolExecutor(8) as pool:
        # Who loses the race for all he wanted looks again; the last round finds nothing.
        taken = list(pool.map(lambda _n: claim(any_db, limit=10), range(60)))
    flat = [row for group in taken for row in group]
    assert len(flat) == len(set(flat)) == 60


def test_a_claimed_row_is_not_due(any_db: Database) -> None:
    receive(any_db, 1)
    assert (len(claim(any_db)), claim(any_db)) == (1, [])


def test_a_row_whose_lease_is_over_is_due_again(any_db: Database) -> None:
    receive(any_db, 1)
    assert claim(any_db, lease=-1) == claim(any_db)


def test_a_renewed_lease_holds(db: Database) -> None:
    receive(db, 1)
    with db.write() as session:
        claims = claim_due(session, InboxEvent, limit=1, lease=-1)
        renew(session, InboxEvent, claims, lease=60)
    assert claim(db) == []


def test_a_released_row_is_due_at_once(db: Database) -> None:
    receive(db, 1)
    with db.write() as session:
        claims = claim_due(session, InboxEvent, limit=1, lease=60)
        release(session, InboxEvent, claims)
    assert len(claim(db)) == 1


def test_who_has_lost_the_claim_may_not_write(db: Database) -> None:
    receive(db, 1)
    with db.write() as session:
        (mine,) = claim_due(session, InboxEvent, limit=1, lease=-1)
        claim_due(session, InboxEvent, limit=1, lease=60)
        assert not record_finished(session, mine, fate="done", ticked=[])


def test_every_claim_counts_as_a_try(db: Database) -> None:
    receive(db, 1)
    claim(db, lease=-1)
    claim(db, lease=-1)
    with db.read() as session:
        assert session.get_one(InboxEvent, 1).attempts == 2


def test_the_relay_takes_only_what_has_waited(db: Database) -> None:
    receive(db, 1)
    assert claim(db, overdue=1.0) == []
    receive(db, 2, received_at=clock.utcnow() - timedelta(seconds=2))
    assert claim(db, overdue=1.0) == [2]


def test_what_has_spoiled_comes_behind_all_that_has_not(any_db: Database) -> None:
    for number, seconds in enumerate((40, 20, 10, 5)):
        receive(any_db, number + 1, received_at=clock.later(-seconds))
    with any_db.write() as session:
        groups = [
            claim_due(session, InboxEvent, limit=1, lease=60, spoils_after=15) for _time in range(4)
        ]
        keys = [session.get_one(InboxEvent, one.id).dedupe_key for group in groups for one in group]
    assert keys == ["key2", "key3", "key0", "key1"]


def test_a_renewal_under_way_does_not_move_a_put_off_row(db: Database) -> None:
    receive(db, 1)
    soon = clock.later(0.5)
    with db.write() as session:
        claims = claim_due(session, InboxEvent, limit=1, lease=60)
        record_postponed(session, claims[0], due_at=soon)
        renew(session, InboxEvent, claims, lease=60)
    with db.read() as session:
        assert session.get_one(InboxEvent, 1).due_at == soon


def test_claiming_searches_by_key_and_not_the_whole_inbox(db: Database) -> None:
    receive(db, 1)
    statements: list[tuple[str, object]] = []
    event.listen(
        db.engine,
        "before_cursor_execute",
        lambda _c, _k, sql, values, *_: statements.append((sql, values)),
    )
    with db.write() as session:
        claim_due(session, InboxEvent, InboxEvent.lane == "events", limit=10, lease=60)
    with db.engine.connect() as connection:
        for sql, values in [one for one in statements if one[0].startswith(("SELECT", "UPDATE"))]:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)  # type: ignore[arg-type]  # as it was run
            assert not [row for row in plan if str(row[3]).startswith("SCAN inbox_events")]


def test_what_a_dead_process_held_is_claimed_piece_by_piece(any_db: Database) -> None:
    receive(any_db, 3)
    held = claim(any_db, lease=-1)
    assert [claim(any_db) for _round in range(4)] == [[one] for one in held] + [[]]

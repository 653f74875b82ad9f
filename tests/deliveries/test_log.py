"""The log of deliveries on every database: chosen, paged, counted, measured, within a scope."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import true

from app.db import Database
from app.deliveries.actions import record_intent, record_outcome
from app.deliveries.models import Delivery
from app.deliveries.queries import (
    PAGE,
    DeliveryFilter,
    Timing,
    count_ends,
    list_deliveries,
    list_most_often,
    measure_welcomes,
    walk_deliveries,
)

NOON = datetime(2026, 11, 18, 4, tzinfo=UTC)


def add(db: Database, number: int, **changes: object) -> None:
    fields = {"kind": "welcome", "userid": "zhaoyi", "outcome": "sent", "reason": "", **changes}
    outcome, reason, took = fields.pop("outcome"), fields.pop("reason"), fields.pop("took_ms", None)
    fields = {"recipient": "wmA", "external_userid": "wmA", "wanted_at": NOON, **fields}
    with db.write() as session:
        delivery = record_intent(session, dedupe_key=f"key{number}", **fields)  # type: ignore[arg-type]  # the caller names the fields
        assert delivery is not None
        if outcome:
            record_outcome(
                session,
                delivery.id,
                outcome=str(outcome),
                reason=str(reason),
                took_ms=took,  # type: ignore[arg-type]  # the caller gives a number
            )


def keys(db: Database, wanted: DeliveryFilter) -> set[str]:
    with db.read() as session:
        return {row.dedupe_key for row in list_deliveries(session, wanted, true())[0]}


def test_pages_follow_each_other_without_a_gap(any_db: Database) -> None:
    with any_db.write() as session:
        for number in range(PAGE + 5):
            at = NOON + timedelta(seconds=number // 20)
            record_intent(
                session, kind="welcome", dedupe_key=f"k{number}", recipient="wm", wanted_at=at
            )
    with any_db.read() as session:
        first, more = list_deliveries(session, DeliveryFilter(), true())
        place = (first[-1].wanted_at, first[-1].id)
        second, none = list_deliveries(session, DeliveryFilter(), true(), before=place)
        assert (len(first), more, len(second), none) == (PAGE, True, 5, False)
        assert not {row.id for row in first} & {row.id for row in second}
        walked = walk_deliveries(session, DeliveryFilter(), true(), most=PAGE + 2, step=20)
        assert [len(rows) for rows in walked] == [20, 20, 12]


def test_deliveries_are_chosen_by_what_they_are(any_db: Database) -> None:
    add(any_db, 1, state="门店海报")
    add(any_db, 2, kind="loss", userid="lisi", recipient="lisi", outcome="failed", reason="refused")
    add(any_db, 3, outcome="", wanted_at=NOON + timedelta(days=1))
    for wanted, found in (
        (DeliveryFilter(kind="loss"), {"key2"}),
        (DeliveryFilter(outcome="failed", reason="refused"), {"key2"}),
        (DeliveryFilter(outcome="open"), {"key3"}),
        (DeliveryFilter(userid="lisi"), {"key2"}),
        (DeliveryFilter(state="门店海报"), {"key1"}),
        (DeliveryFilter(until=NOON + timedelta(hours=1)), {"key1", "key2"}),
        (DeliveryFilter(since=NOON + timedelta(hours=1)), {"key3"}),
    ):
        assert keys(any_db, wanted) == found, wanted


def test_ends_are_counted_the_most_frequent_first_and_within_the_scope(any_db: Database) -> None:
    for number in range(3):
        add(any_db, number, outcome="skipped", reason="no_code_console")
    add(any_db, 8)
    add(any_db, 9, userid="lisi", outcome="")
    own = Delivery.userid == "zhaoyi"
    with any_db.read() as session:
        assert count_ends(session, DeliveryFilter(), own) == [
            ("skipped", "no_code_console", 3),
            ("sent", "", 1),
        ]
        assert ("", "", 1) in count_ends(session, DeliveryFilter(), true())
        often = list_most_often(
            session, kind="welcome", reason="no_code_console", since=NOON, limit=2
        )
    assert list(often) == ["zhaoyi"]


@pytest.mark.parametrize(
    ("took", "timing"),
    [
        ([], None),
        ([400], Timing(1, 400, 400)),
        ([100, 200, 300, 400], Timing(4, 200, 400)),
        ([100] * 94 + [9000] * 6, Timing(100, 100, 9000)),
        ([100] * 96 + [9000] * 4, Timing(100, 100, 100)),
    ],
)
def test_the_median_and_the_slowest_twentieth_are_told(
    db: Database, took: list[int], timing: Timing | None
) -> None:
    for number, milliseconds in enumerate(took):
        add(db, number, took_ms=milliseconds)
    # Neither a welcome that did not arrive nor a message to a member counts.
    add(db, 500, outcome="missed", reason="missed", took_ms=18_000)
    add(db, 501, kind="loss", took_ms=1)
    with db.read() as session:
        assert measure_welcomes(session, DeliveryFilter(), true()) == timing

"""Reminders (提醒): set once; done, put off or cancelled by who set them alone."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app import clock
from app.customers.actions import (
    Wish,
    cancel_reminder,
    complete_reminder,
    create_reminder,
    postpone_reminder,
    reopen_reminder,
)
from app.customers.actions.profile import ensure_customer
from app.customers.actions.reminders import MOST_OPEN
from app.customers.models import Reminder
from app.customers.queries import list_reminders, list_timeline, word_entry
from app.db import Database
from app.deliveries.models import Delivery
from app.errors import NotFound, Refused
from app.reminders import word_answer

WANG = "wmWang"


@pytest.fixture(autouse=True)
def customer(request: pytest.FixtureRequest) -> None:
    """Have a customer, in whichever database the test has."""
    name = "any_db" if "any_db" in request.fixturenames else "db"
    db: Database = request.getfixturevalue(name)
    with db.write() as session:
        ensure_customer(session, WANG)


def later(hours: float) -> datetime:
    return clock.utcnow() + timedelta(hours=hours)


def remind(db: Database, *, hours: float = 20, key: str = "box-0001", text: str = "回访") -> int:
    wish = Wish(userid="zhaoyi", external_userid=WANG, key=key, due_at=later(hours), text=text)
    return db.commit(lambda session: create_reminder(session, wish).id)


def do(
    db: Database, verb: Callable[..., Reminder], reminder_id: int, by: str = "zhaoyi", **more: Any
) -> Reminder:
    work = partial(verb, external_userid=WANG, reminder_id=reminder_id, userid=by, **more)
    return db.commit(work)


def open_ones(db: Database, userid: str = "zhaoyi") -> list[str]:
    with db.read() as session:
        return [one.text for one in list_reminders(session, WANG, userid)]


def planned(db: Database) -> list[tuple[str, datetime | None]]:
    with db.read() as session:
        rows = session.scalars(select(Delivery).order_by(Delivery.id))
        return [(row.ref, row.due_at) for row in rows]


def told(db: Database) -> list[str]:
    with db.read() as session:
        return [word_entry(entry) for entry in list_timeline(session, WANG)]


def test_a_reminder_has_its_message_for_its_time(any_db: Database) -> None:
    made = remind(any_db)
    with any_db.read() as session:
        reminder = session.get_one(Reminder, made)
    assert planned(any_db) == [(f"{made}:1", reminder.due_at)]
    assert open_ones(any_db) == ["回访"]


def test_the_same_form_twice_is_one_reminder(any_db: Database) -> None:
    assert remind(any_db) == remind(any_db, hours=30)
    assert len(planned(any_db)) == 1


def test_only_who_set_it_sees_it(db: Database) -> None:
    remind(db)
    assert open_ones(db, "lisi") == []


@pytest.mark.parametrize("hours", [-1, 0, 24 * 732])
def test_a_time_that_has_passed_or_is_too_far_is_refused(db: Database, hours: float) -> None:
    with pytest.raises(Refused):
        remind(db, hours=hours)
    assert planned(db) == []


def test_so_many_of_one_customer_are_enough(db: Database) -> None:
    for number in range(MOST_OPEN):
        remind(db, key=f"box-{number:04}")
    with pytest.raises(Refused, match="20"):
        remind(db, key="box-more")


def test_no_more_are_open_by_taking_ends_back(db: Database) -> None:
    made = remind(db)
    do(db, cancel_reminder, made)
    for number in range(MOST_OPEN):
        remind(db, key=f"more-{number:04}")
    with pytest.raises(Refused, match="20"):
        do(db, reopen_reminder, made)


def test_a_card_does_not_say_that_it_was_put_off_into_the_past(db: Database) -> None:
    made = remind(db)
    with db.write() as session:
        reminder = session.get_one(Reminder, made)
        reminder.due_at = later(-1)
        assert word_answer(reminder, ZoneInfo("Asia/Shanghai")) == "提醒还在"


def test_done_is_told_once_and_can_be_taken_back(any_db: Database) -> None:
    made = remind(any_db)
    assert do(any_db, complete_reminder, made).state == "done"
    assert do(any_db, complete_reminder, made).state == "done"
    assert (open_ones(any_db), told(any_db)) == ([], ["完成了提醒：回访"])
    do(any_db, reopen_reminder, made)
    assert (open_ones(any_db), told(any_db)[0]) == (["回访"], "撤销完成，提醒还在：回访")
    assert [ref for ref, _due in planned(any_db)] == [f"{made}:1", f"{made}:2"]


def test_what_is_done_is_not_cancelled_afterwards(db: Database) -> None:
    made = remind(db)
    do(db, complete_reminder, made)
    assert do(db, cancel_reminder, made).state == "done"


def test_put_off_twice_from_the_same_look_is_put_off_once(any_db: Database) -> None:
    made, due_at = remind(any_db), later(48)
    first = do(any_db, postpone_reminder, made, due_at=due_at, turn=1)
    again = do(any_db, postpone_reminder, made, due_at=later(72), turn=1)
    assert (first.due_at, again.due_at) == (due_at, due_at)
    assert planned(any_db)[1:] == [(f"{made}:2", due_at)]


def test_it_is_not_put_off_into_the_past(db: Database) -> None:
    made = remind(db)
    with pytest.raises(Refused):
        do(db, postpone_reminder, made, due_at=later(-1), turn=1)


@pytest.mark.parametrize("verb", [complete_reminder, cancel_reminder, reopen_reminder])
def test_nobody_ends_the_reminder_of_another(db: Database, verb: Callable[..., Reminder]) -> None:
    made = remind(db)
    with pytest.raises(NotFound):
        do(db, verb, made, by="lisi")
    assert open_ones(db) == ["回访"]

"""The database tools do on three databases what they say: types, upsert, transactions, groups."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.customers.models import Customer
from app.db import Database, fit, wake_after_commit
from app.locks import TooBusy
from app.members.models import Department
from app.rows import upsert

NOW = datetime(2026, 3, 1, 4, 5, 6, 789012, tzinfo=UTC)


def customer(external_userid: str, *, name: str = "", at: datetime = NOW) -> Customer:
    return Customer(external_userid=external_userid, name=name, created_at=at)


def names(db: Database) -> dict[str, str]:
    with db.read() as session:
        rows = session.execute(select(Customer.external_userid, Customer.name))
        return {row.external_userid: row.name for row in rows}


def test_a_time_comes_back_aware_and_to_the_microsecond(any_db: Database) -> None:
    at = NOW.astimezone(timezone(timedelta(hours=8)))
    with any_db.write() as session:
        session.add(customer("wm1", at=at))
    with any_db.read() as session:
        assert session.get_one(Customer, "wm1").created_at == NOW


def test_a_naive_time_is_refused(db: Database) -> None:
    with pytest.raises(Exception, match="naive"), db.write() as session:
        session.add(customer("wm1", at=datetime(2026, 1, 1)))  # noqa: DTZ001 -- what is refused


def test_ids_that_differ_in_case_are_two(any_db: Database) -> None:
    with any_db.write() as session:
        session.add_all([customer("wmAbC"), customer("wmabc")])
    assert len(names(any_db)) == 2


def test_every_character_of_a_name_is_kept(any_db: Database) -> None:
    with any_db.write() as session:
        session.add(customer("wm1", name="王👩‍👩‍👧𠮷'\"%\\"))
    assert names(any_db) == {"wm1": "王👩‍👩‍👧𠮷'\"%\\"}


def test_what_does_not_fit_is_refused_and_not_cut(any_db: Database) -> None:
    with pytest.raises(Exception, match="does not fit"), any_db.write() as session:
        session.add(customer("wm1", name="x" * 129))


def test_foreign_text_is_cut_where_it_can_be_seen() -> None:
    assert fit("abcdef", 4) == "abc…"


def rows(*ids: int, name: str = "old") -> list[dict[str, object]]:
    return [{"id": n, "name": name, "parentid": 0, "position": 0} for n in ids]


def departments(db: Database) -> dict[int, str]:
    with db.read() as session:
        return {row.id: row.name for row in session.scalars(select(Department))}


def test_an_upsert_leaves_what_is_there(any_db: Database) -> None:
    with any_db.write() as session:
        upsert(session, Department, rows(1), key=["id"])
        upsert(session, Department, rows(1, 2, name="new"), key=["id"])
    assert departments(any_db) == {1: "old", 2: "new"}


def test_an_upsert_takes_over_the_named_columns(any_db: Database) -> None:
    with any_db.write() as session:
        upsert(session, Department, rows(1), key=["id"])
        upsert(session, Department, rows(1, name="new"), key=["id"], update=["name"])
    assert departments(any_db) == {1: "new"}


def test_a_write_that_raises_leaves_nothing(any_db: Database) -> None:
    def stumble() -> None:
        with any_db.write() as session:
            session.add(customer("wm1"))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        stumble()
    assert names(any_db) == {}


def test_works_committed_together_are_all_there(any_db: Database) -> None:
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: any_db.commit(lambda s: s.add(customer(f"wm{n}"))), range(50)))
    assert len(names(any_db)) == 50


def test_one_work_of_a_group_that_raises_undoes_only_itself(any_db: Database) -> None:
    def work(number: int) -> bool:
        def add(session: Session) -> None:
            session.add(customer(f"wm{number}"))
            session.flush()
            if number % 2:
                raise RuntimeError

        try:
            any_db.commit(add)
        except RuntimeError:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        kept = sum(pool.map(work, range(40)))
    assert (kept, len(names(any_db))) == (20, 20)


def test_a_reader_waits_for_no_writer(db: Database) -> None:
    with db.write() as session:
        session.add(customer("wm1"))
        session.flush()
        assert names(db) == {}
    assert len(names(db)) == 1


def test_many_writers_that_read_first_lose_nothing(db: Database) -> None:
    with db.write() as session:
        session.add(customer("wm1", name="0"))

    def count_up(_number: int) -> None:
        with db.write() as session:
            row = session.get_one(Customer, "wm1")
            row.name = str(int(row.name) + 1)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count_up, range(80)))
    assert names(db) == {"wm1": "80"}


def test_a_lane_is_woken_after_the_commit_and_not_without_one(db: Database) -> None:
    woken: list[str] = []
    db.wake = woken.append
    with db.write() as session:
        wake_after_commit(session, "events")
        assert woken == []
    with pytest.raises(RuntimeError):
        db.commit(wake_and_stumble)
    db.commit(lambda session: wake_after_commit(session, "deliveries"))
    assert woken == ["events", "deliveries"]


def wake_and_stumble(session: Session) -> None:
    wake_after_commit(session, "urgent")
    raise RuntimeError


def test_a_writer_in_another_process_keeps_its_turn(db: Database) -> None:
    other = Database(str(db.url))
    entered, leave, done = threading.Event(), threading.Event(), threading.Event()

    def hold() -> None:
        with other.write() as session:
            session.add(customer("wm1"))
            entered.set()
            leave.wait(10)
        done.set()

    thread = threading.Thread(target=hold)
    thread.start()
    entered.wait(10)
    leave.set()
    with db.write() as session:
        session.add(customer("wm2"))
    thread.join()
    assert done.is_set()
    assert set(names(db)) == {"wm1", "wm2"}
    other.close()


HOLD_THE_TURN = """
import sys
from app.db import Database
with Database(sys.argv[1]).write():
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def turn_held_elsewhere(db: Database) -> Iterator[None]:
    """Have another process take the turn and keep it."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD_THE_TURN, str(db.url)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout
        assert other.stdin
        assert other.stdout.readline() == b"held\n"
        try:
            yield
        finally:
            other.stdin.close()


def test_a_commit_that_finds_no_turn_gives_up_and_is_never_done(db: Database) -> None:
    web = Database(str(db.url), commit_wait=0.5)
    given_up = 0
    with turn_held_elsewhere(db):
        began = clock.monotonic()
        with ThreadPoolExecutor(5) as pool:
            tries = [
                pool.submit(web.commit, lambda s, n=n: s.add(customer(f"wm{n}"))) for n in range(5)
            ]
            given_up = sum(isinstance(one.exception(), TooBusy) for one in tries)
        assert clock.monotonic() - began < 5
    web.commit(lambda session: session.add(customer("wmLater")))
    assert given_up == 5
    assert list(names(db)) == ["wmLater"]
    web.close()


def test_a_commit_that_has_begun_is_awaited_and_its_outcome_told(db: Database) -> None:
    web = Database(str(db.url), commit_wait=0.2)
    slow = threading.Event()

    def work(session: Session) -> str:
        session.add(customer("wm1"))
        slow.wait(0.6)
        return "done"

    assert web.commit(work) == "done"
    assert list(names(db)) == ["wm1"]
    web.close()

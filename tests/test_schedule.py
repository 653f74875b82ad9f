"""Periodic jobs: one machine runs each, a failed one comes again soon, a start hastens some."""

from datetime import timedelta

from app import clock
from app.db import Database
from app.runtime import Runtime
from app.schedule import Job, run_if_due
from app.schedule_runs import ScheduleRun, end_turn, hasten, take_turn


def due_in(db: Database, name: str) -> float:
    with db.read() as session:
        due_at = session.get_one(ScheduleRun, name).due_at
    assert due_at is not None
    return (due_at - clock.utcnow()).total_seconds()


def test_one_of_two_machines_gets_the_turn(any_db: Database) -> None:
    with any_db.write() as session:
        assert take_turn(session, "job")
    with any_db.write() as session:
        assert not take_turn(session, "job")


def test_a_job_runs_at_its_time_and_not_before(runtime: Runtime) -> None:
    ran: list[int] = []
    job = Job("job", 3600, lambda _runtime: ran.append(1))
    run_if_due(runtime, job)
    run_if_due(runtime, job)
    assert ran == [1]
    assert 3590 < due_in(runtime.db, "job") <= 3600


def test_a_job_that_fails_is_due_again_in_a_minute(runtime: Runtime) -> None:
    def fail(_runtime: Runtime) -> None:
        raise RuntimeError

    run_if_due(runtime, Job("job", 86400, fail))
    assert 50 < due_in(runtime.db, "job") <= 60


def test_a_turn_whose_process_died_goes_to_another(db: Database) -> None:
    with db.write() as session:
        take_turn(session, "job")
    assert due_in(db, "job") <= timedelta(minutes=10).total_seconds()


def test_a_hastened_job_comes_soon_and_no_sooner_than_so_long_after_its_last_turn(
    any_db: Database,
) -> None:
    with any_db.write() as session:
        take_turn(session, "job")
        end_turn(session, "job", again_in=3600)
        hasten(session, "job", apart=60)
    assert 30 < due_in(any_db, "job") <= 60
    with any_db.write() as session:
        hasten(session, "job", apart=0)
    assert due_in(any_db, "job") <= 0


def test_a_job_that_is_hastened_while_it_runs_comes_again_at_once(any_db: Database) -> None:
    with any_db.write() as session:
        take_turn(session, "job")
    with any_db.write() as session:
        hasten(session, "job", apart=0)
    with any_db.write() as session:
        end_turn(session, "job", again_in=3600)
    assert due_in(any_db, "job") <= 0

"""The audit log is a chain: whatever is changed or taken out afterwards shows."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy import delete, event, select, update
from sqlalchemy.orm import Session

from app.audit.actions import record_audit
from app.audit.models import AuditEntry, AuditHead
from app.audit.queries import (
    AuditFilter,
    clearing_of,
    digest_of,
    list_audit,
    subject_of,
    verify_chain,
)
from app.db import SEALER, Database
from app.seal import Sealer


def write(db: Database, *, count: int = 5) -> list[int]:
    """Write entries and return their ids."""
    for number in range(count):
        db.commit(
            partial(
                record_audit,
                userid=f"m{number}",
                action="tested",
                external_userid="wm",
                detail={"n": number},
            )
        )
    with db.read() as session:
        return list(session.scalars(select(AuditEntry.id).order_by(AuditEntry.id)))


def check(db: Database) -> tuple[int, int | None, bool]:
    with db.read() as session:
        verdict = verify_chain(session)
    assert verdict.is_whole == (verdict.broken_at is None and not verdict.is_cut)
    return verdict.checked, verdict.broken_at, verdict.is_cut


def test_what_was_written_is_whole(any_db: Database) -> None:
    assert check(any_db) == (0, None, False)
    write(any_db)
    assert check(any_db) == (5, None, False)


@pytest.mark.parametrize(
    "values",
    [
        {"userid": "x"},
        {"action": "x"},
        {"detail": {"n": 9}},
        {"origin": "x"},
        {"digest": "x" * 64},
        {"external_userid": "wmX"},
        # Whoever takes a customer out must be able to say that it was the server.
        {"external_userid": ""},
        {"external_userid": "", "cleared": "x"},
        {"external_userid": "", "subject": ""},
    ],
    ids=str,
)
def test_an_entry_that_was_changed_shows(db: Database, values: dict[str, object]) -> None:
    ids = write(db)
    with db.write() as session:
        session.execute(update(AuditEntry).where(AuditEntry.id == ids[2]).values(**values))
    assert check(db)[1] == ids[2]


def test_the_chain_holds_when_a_customer_is_erased(any_db: Database) -> None:
    any_db.info[SEALER] = Sealer("a key that does not lie in the database")
    ids = write(any_db)
    with any_db.write() as session:
        for entry in session.scalars(select(AuditEntry).where(AuditEntry.id != ids[1])):
            entry.external_userid, entry.cleared = "", clearing_of(session, entry)
    assert check(any_db) == (5, None, False)
    with any_db.read() as session:
        subjects = session.scalars(select(AuditEntry.subject)).all()
        # Nobody can tell any more that these were about the same customer.
        assert len(set(subjects)) == len(ids)
    # What clears one entry clears no other.
    with any_db.write() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        entries[1].external_userid, entries[1].cleared = "", entries[0].cleared
    assert check(any_db)[1] == ids[1]


@pytest.mark.parametrize("place", [0, 2])
def test_an_entry_that_was_taken_out_shows_at_the_next(db: Database, place: int) -> None:
    ids = write(db)
    with db.write() as session:
        session.execute(delete(AuditEntry).where(AuditEntry.id == ids[place]))
    assert check(db)[1] == ids[place + 1]


def test_a_last_entry_that_was_taken_out_shows(db: Database) -> None:
    ids = write(db)
    with db.write() as session:
        session.execute(delete(AuditEntry).where(AuditEntry.id == ids[-1]))
    assert check(db) == (4, None, True)


def test_who_can_write_the_database_alone_can_make_no_chain_that_fits(db: Database) -> None:
    db.info[SEALER] = Sealer("a key that does not lie in the database")
    ids = write(db)
    assert check(db) == (5, None, False)
    key = db.info.pop(SEALER)
    with db.write() as session:
        session.execute(update(AuditEntry).where(AuditEntry.id == ids[0]).values(userid="x"))
        before = ""
        for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.id)):
            entry.subject = subject_of(session, entry.external_userid, before)
            entry.digest = before = digest_of(session, entry, before)
        session.execute(update(AuditHead).values(digest=before))
    assert check(db) == (5, None, False)
    db.info[SEALER] = key
    assert check(db)[1] == ids[0]


def test_what_is_written_while_the_log_is_read_is_none_taken_out(any_db: Database) -> None:
    write(any_db)
    written: list[int] = []

    @event.listens_for(any_db.engine, "after_cursor_execute")
    def write_one(*given: object) -> None:
        if "FROM audit_log" in str(given[2]) and not written:
            written.append(1)
            any_db.commit(partial(record_audit, userid="m", action="tested"))

    assert check(any_db) == (5, None, False)
    assert check(any_db) == (6, None, False)


def test_those_who_write_at_once_write_one_chain(any_db: Database) -> None:
    def one(number: int) -> None:
        any_db.commit(partial(record_audit, userid=f"m{number}", action="tested"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(40)))
    assert check(any_db) == (40, None, False)


def test_what_is_undone_leaves_no_gap(any_db: Database) -> None:
    def fail(session: Session) -> None:
        record_audit(session, userid="m", action="tested")
        raise RuntimeError

    write(any_db, count=2)
    with pytest.raises(RuntimeError):
        any_db.commit(fail)
    write(any_db, count=1)
    assert check(any_db) == (3, None, False)


def test_it_is_read_newest_first_page_by_page_and_by_who_did_what(db: Database) -> None:
    ids = write(db, count=60)
    with db.read() as session:
        first, more = list_audit(session, AuditFilter())
        second, no_more = list_audit(session, AuditFilter(), before=first[-1].id)
        by_one, _ = list_audit(session, AuditFilter(userid="m7", action="tested"))
    assert [entry.id for entry in (*first, *second)] == ids[::-1]
    assert (more, no_more) == (True, False)
    assert [entry.detail for entry in by_one] == [{"n": 7}]

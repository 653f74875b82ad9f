"""Reports that are kept ready: where there are very many customers, and for whom they were made."""

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from app import clock
from app.accounts.actions import grant_role
from app.db import Database
from app.members.queries import WHOLE_CORP, Scope, find_scope
from app.reports import REPORTS, queries
from app.reports.actions import keep_report
from app.reports.asked import Asked
from app.reports.jobs import keep_reports
from app.reports.models import KeptReport
from app.reports.queries import get_reports, has_very_many, read_to_keep
from app.runtime import Runtime
from tests.churn.people import add, make_corp


@pytest.fixture
def corp(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """Give a corp to which three relations are very many, and which has four."""
    monkeypatch.setattr(queries, "READY_ABOVE", 3)
    with runtime.db.write() as session:
        make_corp(session)
        for number in range(4):
            add(session, f"wm{number}", userid=("zhaoyi", "lisi")[number % 2])
    runtime.db.commit(partial(grant_role, userid="qianer", role="owner"))
    runtime.db.commit(partial(grant_role, userid="sunsan", role="manager"))
    return runtime


def ask(runtime: Runtime, scope: Scope = WHOLE_CORP, *, after: timedelta = timedelta()) -> Asked:
    return Asked(clock.utcnow() + after, runtime.config.server.zone, scope)


def kept(runtime: Runtime) -> list[str]:
    with runtime.db.read() as session:
        return sorted(session.scalars(select(KeptReport.userid)))


def test_they_are_kept_for_the_corp_and_for_each_manager(corp: Runtime) -> None:
    keep_reports(corp)
    assert kept(corp) == ["", "sunsan"]
    with corp.db.read() as session:
        whole = get_reports(session, ask(corp))
        south = get_reports(session, ask(corp, find_scope(session, "sunsan")))
    assert (whole.is_kept, whole.figures["totals"]["relations"][0]) == (True, 4)
    assert (south.is_kept, south.figures["totals"]["relations"][0]) == (True, 2)


def test_what_is_kept_says_the_same_as_what_is_read(corp: Runtime) -> None:
    asked = ask(corp)
    with corp.db.read() as session:
        figures = read_to_keep(session, asked)
        fresh = get_reports(session, asked)
    kept = partial(keep_report, scope=WHOLE_CORP, figures=figures, made_at=asked.now)
    corp.db.commit(kept)
    with corp.db.read() as session:
        ready = get_reports(session, asked)
    assert (fresh.is_kept, ready.is_kept) == (False, True)
    assert fresh.figures == ready.figures


def test_tags_are_counted_once_an_hour(corp: Runtime) -> None:
    asked, soon, later = (ask(corp, after=timedelta(minutes=after)) for after in (0, 59, 61))
    with corp.db.read() as session:
        figures = read_to_keep(session, asked)
    corp.db.commit(partial(keep_report, scope=WHOLE_CORP, figures=figures, made_at=asked.now))
    with corp.db.read() as session:
        told = [read_to_keep(session, when)["tags"]["at"] for when in (soon, later)]
    assert told == [asked.now.isoformat(), later.now.isoformat()]


def test_a_scope_that_has_changed_does_not_get_what_was_made_for_the_old_one(
    corp: Runtime,
) -> None:
    keep_reports(corp)
    with corp.db.read() as session:
        smaller = get_reports(session, ask(corp, Scope("sunsan", frozenset())))
    assert (smaller.is_kept, smaller.figures["totals"]["relations"][0]) == (False, 0)


def test_what_is_too_old_is_not_shown(corp: Runtime) -> None:
    keep_reports(corp)
    with corp.db.read() as session:
        assert not get_reports(session, ask(corp, after=timedelta(hours=3))).is_kept


def test_what_an_older_version_has_kept_is_not_shown(corp: Runtime) -> None:
    figures = dict.fromkeys(list(REPORTS)[1:], 0)
    with corp.db.write() as session:
        keep_report(session, WHOLE_CORP, figures=figures, made_at=clock.utcnow())
    with corp.db.read() as session:
        assert not get_reports(session, ask(corp)).is_kept


def test_a_small_corp_keeps_none(corp: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_reports(corp)
    monkeypatch.setattr(queries, "READY_ABOVE", 4)
    keep_reports(corp)
    assert kept(corp) == []


def test_made_again_they_take_the_place_of_the_old_ones(any_db: Database) -> None:
    now = clock.utcnow()
    for figures in ({"totals": 1}, {"totals": 2}):
        with any_db.write() as session:
            keep_report(session, WHOLE_CORP, figures=figures, made_at=now)
    with any_db.read() as session:
        [row] = session.scalars(select(KeptReport))
        assert (row.figures, has_very_many(session)) == ({"totals": 2}, False)

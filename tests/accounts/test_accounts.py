"""Roles, sessions and login links: who has one, how long, and what ends it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.accounts.actions import (
    LINK_LIFE,
    SESSION_LIFE,
    close_sessions,
    grant_role,
    make_login_link,
    open_session,
    revoke_role,
    use_login_link,
)
from app.accounts.errors import LastOwner, NotOwner
from app.accounts.models import AdminSession, LoginLink
from app.accounts.queries import find_role, find_signed_in, list_roles, list_sessions
from app.audit.models import AuditEntry
from app.db import Database
from app.errors import NotFound
from app.members.actions import record_departed
from app.members.models import Member

PEOPLE = ("zhaoyi", "qianer")


@pytest.fixture
def people(any_db: Database) -> Database:
    """Give a database with two members, of whom zhaoyi is an owner."""
    with any_db.write() as session:
        for userid in PEOPLE:
            session.add(
                Member(
                    userid=userid,
                    folded=userid,
                    name=userid.title(),
                    direct_leader=[],
                    seen_at=clock.utcnow(),
                )
            )
    any_db.commit(partial(grant_role, userid="zhaoyi", role="owner"))
    return any_db


def signed_in(db: Database, userid: str = "zhaoyi") -> str:
    """Sign a member in and return the token."""

    def work(session: Session) -> str:
        member = session.get_one(Member, userid)
        return open_session(session, member, origin="10.0.0.1", agent="Firefox", way="wecom")

    return db.commit(work)


def who(db: Database, token: str) -> tuple[str, str] | None:
    with db.read() as session:
        found = find_signed_in(session, token)
    return (found.userid, found.role) if found else None


def test_a_role_is_given_changed_and_taken_and_each_time_recorded(people: Database) -> None:
    people.commit(partial(grant_role, userid="QianEr", role="auditor", by="zhaoyi", origin="::1"))
    people.commit(partial(grant_role, userid="qianer", role="admin", by="zhaoyi"))
    people.commit(partial(revoke_role, userid="qianer", by="zhaoyi"))
    with people.read() as session:
        assert [(row.userid, row.role) for row in list_roles(session)] == [("zhaoyi", "owner")]
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(entry.userid, entry.detail) for entry in entries] == [
        ("", {"member": "zhaoyi", "before": "", "after": "owner"}),
        ("zhaoyi", {"member": "qianer", "before": "", "after": "auditor"}),
        ("zhaoyi", {"member": "qianer", "before": "auditor", "after": "admin"}),
        ("zhaoyi", {"member": "qianer", "before": "admin", "after": ""}),
    ]
    assert entries[1].origin == "::1"


def test_the_same_role_again_is_no_change(people: Database) -> None:
    assert not people.commit(partial(grant_role, userid="zhaoyi", role="owner"))


def test_nobody_but_a_member_gets_a_role(people: Database) -> None:
    with pytest.raises(NotFound):
        people.commit(partial(grant_role, userid="nobody", role="admin"))


def test_the_last_owner_stays_one(people: Database) -> None:
    for work in (
        partial(grant_role, userid="zhaoyi", role="admin"),
        partial(revoke_role, userid="zhaoyi"),
    ):
        with pytest.raises(LastOwner):
            people.commit(work)
    people.commit(partial(grant_role, userid="qianer", role="owner"))
    people.commit(partial(revoke_role, userid="zhaoyi", by="qianer"))
    with people.read() as session:
        assert find_role(session, "zhaoyi") is None


def test_of_two_owners_who_take_each_others_role_at_once_one_stays(people: Database) -> None:
    people.commit(partial(grant_role, userid="qianer", role="owner"))

    def take(userid: str) -> bool:
        try:
            people.commit(partial(revoke_role, userid=userid))
        except LastOwner:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(take, PEOPLE)) == [False, True]


def test_an_owner_who_has_left_is_none_that_others_could_turn_to(people: Database) -> None:
    people.commit(partial(grant_role, userid="qianer", role="owner"))
    with people.write() as session:
        record_departed(session, "qianer", clock.utcnow())
    with pytest.raises(LastOwner):
        people.commit(partial(revoke_role, userid="ZhaoYi"))
    people.commit(partial(revoke_role, userid="qianer"))


def test_a_session_is_good_for_its_token_and_lies_here_as_a_digest_alone(people: Database) -> None:
    token = signed_in(people)
    assert who(people, token) == ("zhaoyi", "owner")
    assert who(people, token[:-1]) is None
    with people.read() as session:
        row = session.scalars(select(AdminSession)).one()
    assert token not in {str(value) for value in vars(row).values()}


def test_a_session_ends_after_its_time(people: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    token, now = signed_in(people), clock.utcnow()
    monkeypatch.setattr(clock, "utcnow", lambda: now + SESSION_LIFE + timedelta(seconds=1))
    assert who(people, token) is None


def test_a_session_ends_with_the_role_and_with_the_member(people: Database) -> None:
    people.commit(partial(grant_role, userid="qianer", role="owner"))
    mine, hers = signed_in(people), signed_in(people, "qianer")
    people.commit(partial(revoke_role, userid="qianer"))
    assert who(people, hers) is None
    with people.write() as session:
        record_departed(session, "zhaoyi", clock.utcnow())
    assert who(people, mine) is None


def test_whoever_has_no_role_is_not_signed_in(people: Database) -> None:
    with pytest.raises(NotFound):
        signed_in(people, "qianer")


def test_all_sessions_but_one_are_ended_at_once(people: Database) -> None:
    tokens = [signed_in(people) for _ in range(3)]
    with people.read() as session:
        found = find_signed_in(session, tokens[0])
        assert len(list_sessions(session, "zhaoyi")) == 3
    assert found
    ended = people.commit(partial(close_sessions, userid="zhaoyi", but=found.session.digest))
    assert ended == 2
    assert [who(people, token) is not None for token in tokens] == [True, False, False]


def test_a_login_link_is_good_once(people: Database) -> None:
    token = people.commit(partial(make_login_link, userid="zhaoyi"))
    assert people.commit(partial(use_login_link, token=token)) == "zhaoyi"
    assert people.commit(partial(use_login_link, token=token)) is None


def test_a_login_link_ends_with_the_role(people: Database) -> None:
    people.commit(partial(grant_role, userid="qianer", role="owner"))
    token = people.commit(partial(make_login_link, userid="QianEr"))
    people.commit(partial(revoke_role, userid="qianer"))
    people.commit(partial(grant_role, userid="qianer", role="owner"))
    assert people.commit(partial(use_login_link, token=token)) is None


def test_a_login_link_is_good_for_a_quarter_of_an_hour(
    people: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, now = people.commit(partial(make_login_link, userid="zhaoyi")), clock.utcnow()
    monkeypatch.setattr(clock, "utcnow", lambda: now + LINK_LIFE + timedelta(seconds=1))
    assert people.commit(partial(use_login_link, token=token)) is None
    with people.read() as session:
        assert session.scalars(select(LoginLink)).all() == []


def test_who_is_no_owner_any_more_gives_and_takes_nothing(people: Database) -> None:
    people.commit(partial(grant_role, userid="qianer", role="owner"))
    people.commit(partial(revoke_role, userid="qianer", by="zhaoyi"))
    with pytest.raises(NotOwner):
        people.commit(partial(grant_role, userid="qianer", role="owner", by="qianer"))
    with pytest.raises(NotOwner):
        people.commit(partial(revoke_role, userid="zhaoyi", by="qianer"))

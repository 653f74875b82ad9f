"""Marketing consent (营销意愿): no is no until the customer himself says yes; who sends asks."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.customers.actions import (
    Answer,
    Change,
    ConsentMove,
    add_to_consent,
    ensure_customer,
    record_change,
    set_consent,
    undo_consent,
)
from app.customers.errors import ConsentConflict, RefusedBefore
from app.customers.models import ConsentChange, Customer, MarketingConsent
from app.customers.queries import (
    get_consent,
    list_timeline,
    marketing_allowed,
    may_market,
    word_entry,
)
from app.db import Database
from app.errors import NotFound, Refused
from app.privacy.actions import erase_person
from app.runtime import Runtime
from app.sections import Marketing

WANG = "wmWang"
OPT_IN, OPT_OUT = Marketing(), Marketing(unasked_allowed=True)


def say(
    db: Database,
    state: str,
    whom: str = WANG,
    *,
    by: str = "zhaoyi",
    way: str = "chat",
    again: bool = False,
    seen: int | None = None,
) -> ConsentMove:
    def work(session: Session) -> ConsentMove:
        ensure_customer(session, whom)
        said = Answer(state=state, way=way, again=again)
        return set_consent(session, whom, said=said, userid=by, seen=seen)

    return db.commit(work)


def state_of(db: Database) -> str:
    with db.read() as session:
        return get_consent(session, WANG).state


def told(db: Database) -> list[str]:
    with db.read() as session:
        return [word_entry(entry) for entry in list_timeline(session, WANG)]


@pytest.mark.parametrize(("rule", "allowed"), [(OPT_IN, {"yes"}), (OPT_OUT, {"yes", "unasked"})])
def test_only_who_agreed_may_be_sent_an_offer_unless_the_corp_says_more(
    any_db: Database, rule: Marketing, allowed: set[str]
) -> None:
    say(any_db, "agreed", "yes")
    say(any_db, "refused", "no")
    any_db.commit(lambda session: ensure_customer(session, "unasked"))
    with any_db.read() as session:
        ids = ["yes", "no", "unasked", "unknown", *(f"wm{n}" for n in range(2500))]
        assert may_market(session, ids, rule=rule) == allowed
        clause = marketing_allowed(Customer.external_userid, rule=rule)
        assert set(session.scalars(select(Customer.external_userid).where(clause))) == allowed


def test_each_answer_is_kept_with_who_when_and_how(any_db: Database) -> None:
    before = clock.utcnow()
    change_id = say(any_db, "agreed", way="form").now.change_id
    say(any_db, "refused", by="lisi", way="own")
    with any_db.read() as session:
        first = session.get_one(ConsentChange, change_id)
        assert (first.from_state, first.to_state, first.way) == ("", "agreed", "form")
        assert first.userid == "zhaoyi"
        assert before <= first.changed_at <= clock.utcnow()
    assert told(any_db) == [
        "营销意愿：同意 → 拒绝 · 客户主动提出",
        "营销意愿：未询问 → 同意 · 客户填写的表单",
    ]


def test_a_refusal_stands_until_he_himself_agrees_again(db: Database) -> None:
    say(db, "refused")
    with pytest.raises(RefusedBefore):
        say(db, "agreed")
    assert state_of(db) == "refused"
    say(db, "agreed", way="own", again=True)
    assert state_of(db) == "agreed"


@pytest.mark.parametrize("again", [True, False])
def test_no_table_agrees_for_him(db: Database, *, again: bool) -> None:
    with pytest.raises(Refused):
        say(db, "agreed", way="import", again=again)
    assert state_of(db) == ""
    say(db, "refused", way="import")
    assert state_of(db) == "refused"


def test_a_refusal_survives_that_he_leaves_and_comes_back(any_db: Database) -> None:
    say(any_db, "refused")
    at = clock.utcnow()
    for n, kind in enumerate(("add", "customer", "add", "reconcile", "seen")):
        fact = Change(
            external_userid=WANG, userid="zhaoyi", kind=kind, at=at + timedelta(minutes=n)
        )
        with any_db.write() as session:
            record_change(session, fact)
    with any_db.read() as session:
        assert may_market(session, [WANG], rule=OPT_OUT) == set()


def test_a_slip_is_taken_back_by_whoever_made_it_and_soon(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_id = say(db, "refused").now.change_id
    with pytest.raises(NotFound):
        db.commit(lambda s: undo_consent(s, WANG, change_id=change_id, userid="lisi"))
    db.commit(lambda s: undo_consent(s, WANG, change_id=change_id, userid="zhaoyi"))
    assert state_of(db) == ""
    assert told(db)[0] == "撤销修改，营销意愿：拒绝 → 未询问"
    later_id, now = say(db, "refused").now.change_id, clock.utcnow()
    monkeypatch.setattr(clock, "utcnow", lambda: now + timedelta(minutes=11))
    with pytest.raises(NotFound):
        db.commit(lambda s: undo_consent(s, WANG, change_id=later_id, userid="zhaoyi"))
    assert state_of(db) == "refused"


def test_nobody_writes_over_what_he_has_not_seen(db: Database) -> None:
    seen = say(db, "agreed", seen=0).now.change_id
    with pytest.raises(ConsentConflict):
        say(db, "refused", by="lisi", seen=0)
    assert say(db, "refused", by="lisi", seen=seen).changed
    with pytest.raises(ConsentConflict):
        db.commit(lambda s: undo_consent(s, WANG, change_id=seen, userid="zhaoyi"))
    assert not say(db, "refused", seen=0).changed


def test_how_it_is_known_is_added_afterwards(db: Database) -> None:
    change_id = say(db, "agreed").now.change_id

    def add(way: str, note: str) -> None:
        with db.write() as session:
            add_to_consent(session, WANG, change_id=change_id, userid="zhaoyi", way=way, note=note)

    add("form", "门店登记表")
    assert told(db) == ["营销意愿：未询问 → 同意 · 客户填写的表单 · 门店登记表"]
    with pytest.raises(Refused):
        add("import", "")


def test_erasing_him_takes_it_along(runtime: Runtime) -> None:
    say(runtime.db, "refused")
    with runtime.db.write() as session:
        erase_person(session, runtime, WANG, userid="qianer", origin="")
    with runtime.db.read() as session:
        assert session.query(MarketingConsent).count() == 0
        assert session.query(ConsentChange).count() == 0

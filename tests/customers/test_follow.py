"""Follow relations are folded from facts: the same facts in any order give the same periods."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from app.churn.actions import record_losses
from app.churn.models import Loss
from app.customers.actions import Change, put_into_first_stage, record_change
from app.customers.actions.follow import ORDER, SLACK, Period, fold
from app.customers.queries import find_stage_name, list_periods
from app.db import Database

START = datetime(2026, 1, 1, tzinfo=UTC)
kinds = st.sampled_from(sorted(ORDER))


def change(kind: str, minute: int, external_userid: str = "wm1") -> Change:
    at = START + timedelta(minutes=minute)
    return Change(userid="zhaoyi", external_userid=external_userid, kind=kind, at=at)


facts = st.lists(st.builds(change, kinds, st.integers(0, 6)), max_size=8)


def spans(*facts: Change) -> list[tuple[int, int | None, str | None]]:
    """Fold, and show each period as (minute it began, minute it ended, who ended it)."""

    def minute(at: datetime | None) -> int | None:
        return None if at is None else int((at - START).total_seconds() // 60)

    return [(minute(p.added_at) or 0, minute(p.removed_at), p.removed_by) for p in fold(facts)]


@given(facts.flatmap(lambda items: st.tuples(st.just(items), st.permutations(items))))
def test_any_order_gives_the_same_periods(orders: tuple[list[Change], list[Change]]) -> None:
    assert fold(orders[0]) == fold(orders[1])


@given(facts)
def test_a_fact_told_twice_is_one(items: list[Change]) -> None:
    assert fold([*items, *items]) == fold(items)


@given(facts)
def test_periods_follow_one_another(items: list[Change]) -> None:
    periods = fold(items)
    for earlier, later in pairwise(periods):
        assert earlier.removed_at is not None
        assert earlier.removed_at <= later.added_at


def test_a_half_add_and_an_add_are_one_period() -> None:
    (period,) = fold([change("half", 0), change("add", 2)])
    assert period == Period(START, START + timedelta(minutes=2))


def test_a_re_add_opens_a_new_period() -> None:
    assert spans(change("add", 0), change("customer", 1), change("add", 2)) == [
        (0, 1, "customer"),
        (2, None, None),
    ]


def test_a_delete_that_comes_first_waits_for_its_add() -> None:
    assert spans(change("member", 3), change("add", 0)) == [(0, 3, "member")]


def test_a_delete_without_any_add_is_kept() -> None:
    assert spans(change("customer", 3)) == [(3, 3, "customer")]


def test_who_left_first_counts_and_the_members_own_delete_is_noted() -> None:
    (period,) = fold([change("add", 0), change("customer", 1), change("member", 2)])
    assert (period.removed_by, period.gave_up_at) == ("customer", START + timedelta(minutes=2))


def test_an_old_look_at_wecom_undoes_no_delete() -> None:
    assert spans(change("add", 0), change("member", 5), change("seen", 0)) == [(0, 5, "member")]


def test_a_newer_look_at_wecom_shows_a_re_add_that_no_event_told() -> None:
    assert spans(change("add", 0), change("member", 1), change("seen", 4)) == [
        (0, 1, "member"),
        (4, None, None),
    ]


def test_a_look_at_wecom_shows_that_a_relation_ended_and_began_again_without_a_word() -> None:
    assert spans(change("add", 0), change("seen", 4)) == [(0, 4, "reconcile"), (4, None, None)]


def test_an_end_that_is_told_afterwards_takes_the_place_of_the_guess() -> None:
    assert spans(change("add", 0), change("seen", 4), change("customer", 3)) == [
        (0, 3, "customer"),
        (4, None, None),
    ]


def test_moments_between_event_and_api_are_the_same_relation() -> None:
    told = change("add", 0)
    assert spans(told, replace(change("seen", 0), at=told.at + SLACK)) == [(0, None, None)]


def test_a_one_sided_relation_that_wecom_counts_from_when_it_became_mutual_is_one() -> None:
    assert spans(change("half", 0), change("add", 4), change("seen", 4)) == [(0, None, None)]


class Relations(RuleBasedStateMachine):
    """Things happen to one pair in time; word of them arrives in any order, some of it twice."""

    db: Database
    numbers = count(1)

    def __init__(self) -> None:
        super().__init__()
        self.customer = f"wm{next(self.numbers)}"
        self.happened: list[Change] = []
        self.on_the_way: list[Change] = []

    @rule(kind=kinds)
    def happens(self, kind: str) -> None:
        told = change(kind, len(self.happened), self.customer)
        self.happened.append(told)
        self.on_the_way.append(told)

    @precondition(lambda self: self.on_the_way)
    @rule(data=st.data(), again=st.booleans())
    def arrives(self, data: st.DataObject, *, again: bool) -> None:
        at = data.draw(st.integers(0, len(self.on_the_way) - 1))
        self.deliver(self.on_the_way[at])
        if not again:
            del self.on_the_way[at]

    def deliver(self, told: Change) -> None:
        with self.db.write() as session:
            record_change(session, told)
            put_into_first_stage(session, told.external_userid)
            record_losses(session, told.userid, told.external_userid)

    def teardown(self) -> None:
        for told in self.on_the_way:
            self.deliver(told)
        self.everything_is_as_if_told_in_order()

    def everything_is_as_if_told_in_order(self) -> None:
        if not self.happened:
            return
        wanted = fold(self.happened)
        with self.db.read() as session:
            rows = list_periods(session, "zhaoyi", self.customer)
            losses = session.scalars(
                select(Loss)
                .where(Loss.external_userid == self.customer)
                .order_by(Loss.lost_at, Loss.follow_id)
            ).all()
            stage = find_stage_name(session, self.customer)
        kept = [
            Period(r.added_at, r.mutual_at, r.state, r.removed_at, r.removed_by, r.gave_up_at)
            for r in rows
        ]
        assert kept == wanted
        ended = [p for p in wanted if p.removed_by]
        assert [(loss.kind, loss.lost_at) for loss in losses] == [
            (p.removed_by, p.removed_at) for p in ended
        ]
        assert stage == "新客户"


@pytest.mark.timeout(240)
def test_events_in_any_order_and_twice_end_in_the_same_state(db: Database) -> None:
    Relations.db = db
    run_state_machine_as_test(
        Relations,
        settings=settings(
            max_examples=50,
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

"""The list of customers: every filter against a plain reading of the same rows, and paging."""

import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from app.customers.queries import (
    CustomerCount,
    CustomerFilter,
    FieldTest,
    count_customers,
    list_customers,
    list_states,
    listing,
    read_relations,
)
from app.db import Database
from app.members.queries import Scope

if TYPE_CHECKING:
    from collections.abc import Callable

from tests.customers.people import DEPARTMENTS, NOW, SEED, STATES, Fact, World, make_world


@pytest.fixture
def world(any_db: Database) -> World:
    return make_world(any_db)


def test_every_filter_that_there_is_is_looked_at(db: Database) -> None:
    plain = vars(CustomerFilter())
    used = {
        name
        for one in every_filter(make_world(db, customers=1))
        for name, told in vars(one).items()
        if told != plain[name]
    }
    # What a number is found by is made under a key: the page's test has it.
    assert plain.keys() - used == {"number"}


def plainly(world: World, wanted: CustomerFilter) -> list[int]:
    """Choose as the words of the filters say, one row after the other, the newest first."""
    found = [fact for fact in world.facts if all(_holds(world, fact, wanted))]
    found.sort(key=lambda fact: (fact.added_at, fact.userid, fact.id), reverse=True)
    return [fact.id for fact in found]


def _holds(world: World, fact: Fact, wanted: CustomerFilter) -> list[bool]:
    department = DEPARTMENTS[fact.userid]
    scope = wanted.scope
    others = [
        one
        for one in world.facts
        if one.external_userid == fact.external_userid
        and one.userid != fact.userid
        and one.removed_at is None
    ]
    return [
        not scope.manager or fact.userid == scope.manager or department in scope.departments,
        {"with": fact.removed_at is None, "lost": fact.removed_at is not None, "all": True}[
            wanted.standing
        ],
        fact.name.startswith(wanted.name) or fact.remark.startswith(wanted.name),
        wanted.userid in {"", fact.userid},
        wanted.departments is None or department in wanted.departments,
        wanted.state in {"", fact.state},
        wanted.stage_id in {0, fact.stage},
        not wanted.tags_any or bool(fact.tags & set(wanted.tags_any)),
        fact.tags >= set(wanted.tags_all),
        not fact.tags & set(wanted.tags_none),
        _between(fact.added_at, wanted.added_since, wanted.added_until),
        _between(fact.removed_at, wanted.lost_since, wanted.lost_until),
        not wanted.quiet_since or not fact.noted_at or fact.noted_at < wanted.quiet_since,
        not wanted.shared or bool(others),
        wanted.consent in {None, fact.consent},
        *(_stands(world, fact, test) for test in wanted.fields),
    ]


def _between(at: datetime | None, since: datetime | None, until: datetime | None) -> bool:
    if since is None and until is None:
        return True
    return at is not None and (since is None or at >= since) and (until is None or at < until)


def _stands(world: World, fact: Fact, test: FieldTest) -> bool:
    value = fact.fields[next(key for key, one in world.fields.items() if one == test.field_id)]
    ways: dict[str, Callable[[], bool]] = {
        "filled": lambda: value is not None,
        "empty": lambda: value is None,
        "option": lambda: value == test.option,
        "yes": lambda: value is True,
        "no": lambda: value is False,
        "least": lambda: value is not None and value >= test.bound,
        "most": lambda: value is not None and value <= test.bound,
    }
    return ways[test.how]()


def every_filter(world: World) -> list[CustomerFilter]:
    """List each filter alone, so that one that is left out shows, and then many at random."""
    alone: list[dict[str, Any]] = [
        {"standing": "all"},
        {"standing": "lost"},
        *({"name": name} for name in ("张", "张三", "li", "Li", "li%", "Li_", "无此人")),
        {"userid": "lisi"},
        {"departments": frozenset({2})},
        *({"state": state} for state in STATES if state),
        {"stage_id": world.stages[1]},
        {"tags_any": ("etA", "etB")},
        {"tags_all": ("etA", "etB")},
        {"tags_none": ("etA",)},
        {"added_since": NOW - timedelta(days=5)},
        {"added_until": NOW - timedelta(days=5)},
        {"standing": "all", "lost_since": NOW - timedelta(days=4)},
        {"standing": "all", "lost_until": NOW - timedelta(days=4)},
        {"quiet_since": NOW - timedelta(days=30)},
        {"shared": True},
        *({"consent": state} for state in ("", "agreed", "refused")),
        {"scope": Scope("zhaoyi", frozenset({1}))},
        *({"fields": (test,)} for test in _field_tests(world)),
    ]
    chooser = random.Random(SEED)
    mixed = [
        {name: value for one in chooser.sample(alone, 3) for name, value in one.items()}
        for _number in range(40)
    ]
    return [replace(CustomerFilter(), **one) for one in (*alone, *mixed)]


def _field_tests(world: World) -> list[FieldTest]:
    fields = world.fields
    return [
        *(
            FieldTest(field_id=one, how=how)
            for one in fields.values()
            for how in ("filled", "empty")
        ),
        FieldTest(field_id=fields["t_way"], how="option", option=world.option),
        FieldTest(field_id=fields["t_vip"], how="yes"),
        FieldTest(field_id=fields["t_vip"], how="no"),
        FieldTest(field_id=fields["t_money"], how="least", bound=Decimal(1000)),
        FieldTest(field_id=fields["t_money"], how="most", bound=Decimal(1000)),
        FieldTest(field_id=fields["t_day"], how="least", bound=date(2001, 1, 31)),
        FieldTest(field_id=fields["t_day"], how="most", bound=date(2000, 12, 31)),
    ]


@pytest.mark.parametrize("few", [listing.FEW, 0], ids=["few are read whole", "all are walked"])
def test_every_filter_chooses_what_its_words_say(
    world: World, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(listing, "FEW", few)
    monkeypatch.setattr(listing, "FIRST_STEP", 5)
    monkeypatch.setattr(listing, "LONGEST_STEP", 20)
    for wanted in every_filter(world):
        assert world.ids(wanted) == plainly(world, wanted), wanted
        with world.db.read() as session:
            pieces = list(read_relations(session, wanted))
        all_ids = [id_ for piece in pieces for id_, _external_userid in piece]
        assert sorted(all_ids) == sorted(plainly(world, wanted)), wanted


def test_a_walk_that_takes_too_long_says_how_far_it_got(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "WALK_SECONDS", 0)
    monkeypatch.setattr(listing, "FIRST_STEP", 10)
    wanted = CustomerFilter(standing="lost")
    with world.db.read() as session:
        page = list_customers(session, wanted)
    assert not page.is_whole
    assert page.next
    assert world.ids(wanted) == plainly(world, wanted)


def test_a_row_knows_its_tags_its_last_note_and_how_many_others_follow(world: World) -> None:
    with world.db.read() as session:
        rows = list_customers(session, CustomerFilter(standing="all"), limit=500).rows
    facts = {fact.id: fact for fact in world.facts}
    for row in rows:
        fact = facts[row.follow.id]
        assert {f"et{name}" for _group, name in row.tags} == fact.tags
        assert row.noted_at == fact.noted_at
        living = [
            one
            for one in world.facts
            if one.external_userid == fact.external_userid and one.removed_at is None
        ]
        assert row.others == len({one.userid for one in living} - {fact.userid})
    assert len(rows) == len(facts)


def test_relations_and_customers_are_counted_apart(world: World) -> None:
    with world.db.read() as session:
        counted = count_customers(session, CustomerFilter(standing="all"))
    people = {fact.external_userid for fact in world.facts}
    assert counted == CustomerCount(len(world.facts), len(people))
    assert len(people) < len(world.facts)


def test_the_channels_are_listed_once_each(world: World) -> None:
    with world.db.read() as session:
        assert sorted(list_states(session)) == sorted(state for state in STATES if state)


def test_a_count_that_takes_too_long_says_that_there_may_be_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "LONGEST_STEP", 10)
    with world.db.read() as session:
        counted = count_customers(session, CustomerFilter(standing="all"), seconds=0)
    assert counted.relations == 10
    assert not counted.is_whole

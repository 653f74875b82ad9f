"""Every rule that is stored is obeyed: the resolver against the plainest reading of the rules."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.db import Database
from app.members.models import Member, MemberDepartment
from app.welcome.actions import Draft, Rule, Window, save_script
from app.welcome.models import WelcomeScript
from app.welcome.queries import choose_script
from app.welcome.queries.choosing import Trial
from app.welcome.queries.windows import DAYS
from tests.settings import new_file
from tests.welcome.world import ZONE, add_departments, add_member

# A tree of departments by id: 1 over 2 and 3, 2 over 4 and 5, 4 over 6.
PARENTS = {1: 0, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4}
MEMBERS = ("ZhaoYi", "lisi", "sunsan")
STATES = ("", "store", "poster")
MONDAY = datetime(2026, 1, 5, tzinfo=ZONE)
WEEK = 7 * 24 * 60


@dataclass(frozen=True)
class World:
    """Scripts in the order in which they were saved, who is where, and what is asked."""

    scripts: Sequence[tuple[Rule, ...]]
    places: dict[str, tuple[int, ...]]
    asked: Sequence[tuple[str, str, int]]


times = st.builds(
    lambda hour, minute: f"{hour:02d}:{minute:02d}", st.integers(0, 23), st.sampled_from([0, 30])
)
windows = st.builds(
    lambda days, start, end: Window(days=tuple(days), start=start, end=end),
    st.lists(st.sampled_from(DAYS), min_size=1, max_size=7, unique=True),
    times,
    times | st.just("24:00"),
).filter(lambda window: window.start != window.end)
targets = st.one_of(
    st.tuples(st.just("state"), st.sampled_from(STATES[1:])),
    st.tuples(st.just("member"), st.sampled_from(["zhaoyi", "LISI", "sunsan"])),
    st.tuples(st.just("department"), st.sampled_from([str(one) for one in PARENTS])),
    st.tuples(st.just("default"), st.just("")),
)
rules = st.builds(
    lambda target, when: Rule(scope=target[0], target=target[1], windows=tuple(when)),
    targets,
    st.lists(windows, max_size=2),
)
worlds = st.builds(
    World,
    st.lists(st.lists(rules, min_size=1, max_size=3).map(tuple), min_size=1, max_size=5),
    st.fixed_dictionaries(
        {one: st.lists(st.sampled_from(list(PARENTS)), max_size=1).map(tuple) for one in MEMBERS}
    ),
    st.lists(
        st.tuples(st.sampled_from(MEMBERS), st.sampled_from(STATES), st.integers(0, WEEK - 1)),
        min_size=1,
        max_size=6,
    ),
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Give one database for every example."""
    with closing(new_file(tmp_path_factory.mktemp("obedience") / "banke.db")) as db:
        with db.write() as session:
            add_departments(session, [(one, f"部门{one}", over) for one, over in PARENTS.items()])
        yield db


def expected(world: World, userid: str, state: str, at: datetime) -> int | None:
    """Return which script greets, by the rules as people are told them; None: none does."""
    up: dict[str, list[str]] = {
        "state": [state],
        "member": [userid],
        "department": [],
        "default": [""],
    }
    place = next(iter(world.places[userid]), 0)
    while place:
        up["department"].append(str(place))
        place = PARENTS[place]
    for scope, wanted in up.items():
        for target in wanted:
            found = [
                (bool(rule.windows), number)
                for number, script in enumerate(world.scripts)
                for rule in script
                if (rule.scope, rule.target.casefold()) == (scope, target.casefold())
                if not rule.windows or any(is_in(window, at) for window in rule.windows)
            ]
            if found:
                return max(found)[1]
    return None


def is_in(window: Window, at: datetime) -> bool:
    """Tell whether a moment is in a window, by walking through each of its days."""
    for day in window.days:
        begin = MONDAY + timedelta(days=DAYS.index(day) - 7)
        for _week in range(3):
            start = begin + length(window.start)
            end = begin + length(window.end)
            if end <= start:
                end += timedelta(days=1)
            if start <= at < end:
                return True
            begin += timedelta(days=7)
    return False


def length(time: str) -> timedelta:
    return timedelta(hours=int(time[:2]), minutes=int(time[3:]))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(world=worlds)
def test_the_script_that_greets_is_the_one_that_the_rules_name(
    shared: Database, world: World
) -> None:
    with shared.write() as session:
        for table in (WelcomeScript, MemberDepartment, Member):
            session.execute(delete(table))
        for userid, places in world.places.items():
            add_member(session, userid, *places, main=next(iter(places), None))
        for number, script in enumerate(world.scripts):
            save_script(session, Draft(name=str(number), content="您好", rules=script))
    last = len(world.scripts) - 1
    for userid, state, minute in world.asked:
        at = MONDAY + timedelta(minutes=minute)
        wanted = expected(world, userid, state, at)
        with shared.read() as session:
            choice = choose_script(session, userid=userid, state=state, at=at, zone=ZONE)
            assert choice.script_name == ("" if wanted is None else str(wanted)), choice.steps
            # As if the last one were only about to be published: the same is chosen.
            tried = choose_script(
                session,
                userid=userid,
                state=state,
                at=at,
                zone=ZONE,
                trial=Trial(
                    script_id=_id_of(session, last), name=str(last), rules=world.scripts[last]
                ),
            )
            assert tried.script_name == choice.script_name, tried.steps


def _id_of(session: Session, number: int) -> int:
    return session.scalars(select(WelcomeScript.id).where(WelcomeScript.name == str(number))).one()

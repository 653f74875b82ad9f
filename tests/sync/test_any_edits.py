"""Any edits on both sides, events lost, doubled and reordered: in the end both sides say the same.

A sequence is the life of one pair. Eighteen of them are lived side by side in a corp, with common
customers, members and tags, and end in one comparison, which costs as much as a dozen edits do.
"""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from tests.settings import new_file
from tests.soak import soak_seed
from tests.sync.corp import Corp
from tests.sync.lives import Lives
from tests.sync.oracle import check

SEQUENCES = 2000
STEPS = 6
MEMBERS, CUSTOMERS = 3, 6

numbers = count()
Acts = list[tuple[int, int]]


# Which pair, and what it does: see `Lives.act`.
ACTS = st.lists(
    st.tuples(st.integers(0, MEMBERS * CUSTOMERS - 1), st.integers(0, 99)), min_size=8, max_size=16
)


class BothSides(RuleBasedStateMachine):
    """Lives on both sides of one corp. With every rule people act first."""

    corp: Corp
    lives: Lives | None = None

    @initialize(lists_one_way=st.booleans())
    def begin(self, lists_one_way: bool) -> None:  # noqa: FBT001 -- hypothesis hands it over
        self.corp.forget()
        self.corp.box.world.lists_one_way = lists_one_way
        self.lives = Lives(self.corp, next(numbers), MEMBERS, CUSTOMERS, note)

    @rule(
        acts=ACTS,
        chance=st.randoms(use_true_random=False),
        lost=st.sampled_from([0.0, 0.1, 0.5]),
        copies=st.sampled_from([1, 1, 2]),
    )
    def events_come(self, acts: Acts, chance: Random, lost: float, copies: int) -> None:
        self._live(acts)
        letters = [one for one in self.corp.letters if chance.random() >= lost] * copies
        chance.shuffle(letters)
        self.corp.letters.clear()
        self.corp.deliver(letters)

    @rule(acts=ACTS)
    def events_are_worked(self, acts: Acts) -> None:
        self._live(acts)
        self._all_come()
        self.corp.work("urgent", "events")

    @rule(acts=ACTS)
    def wecom_is_told(self, acts: Acts) -> None:
        self._live(acts)
        self.corp.work("pushes")

    @rule(acts=ACTS)
    def all_is_worked(self, acts: Acts) -> None:
        self._live(acts)
        self._all_come()
        self.corp.settle()

    @rule(acts=ACTS, lane=st.sampled_from(["urgent", "events", "pushes"]))
    def a_worker_dies(self, acts: Acts, lane: str) -> None:
        self._live(acts)
        self.corp.lose_worker(lane)

    @rule(acts=ACTS, seconds=st.sampled_from([2, 70, 4000, 90000]))
    def time_passes(self, acts: Acts, seconds: int) -> None:
        self._live(acts)
        self.corp.pass_time(seconds)

    @rule(acts=ACTS)
    def tokens_are_void(self, acts: Acts) -> None:
        self._live(acts)
        self.corp.box.revoke_tokens()

    @rule(acts=ACTS)
    def both_are_compared(self, acts: Acts) -> None:
        self._live(acts)
        self.corp.compare()

    def teardown(self) -> None:
        """Lose what has not come by now, and compare."""
        if self.lives is None:
            return
        self.corp.letters.clear()
        self.corp.settle()
        self.corp.compare()
        check(self.lives)

    def _all_come(self) -> None:
        self.corp.deliver(self.corp.letters)
        self.corp.letters.clear()

    def _live(self, acts: Acts) -> None:
        assert self.lives
        for who, what in acts:
            self.lives.act(who, what)


@pytest.fixture
def corp(tmp_path: Path) -> Iterator[Corp]:
    made = Corp(tmp_path, new_file(tmp_path / "banke.db"))
    yield made
    made.close()


@pytest.mark.timeout(900)
def test_both_sides_say_the_same_in_the_end(corp: Corp) -> None:
    machine = type("BothSidesOfOneCorp", (BothSides,), {"corp": corp})
    run_state_machine_as_test(machine, settings=_settings())


def _settings() -> settings:
    """Return CI's: the same sequences every time. Every round of a soak has others."""
    return settings(
        max_examples=SEQUENCES // (MEMBERS * CUSTOMERS) + 1,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=soak_seed() is None,
        database=None,
        # A sequence as it was found says enough, and to shorten it takes many times as long.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

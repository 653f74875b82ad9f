"""Whatever is asked, by whomever: an answer that we know, and nothing of others in it."""

import pytest

from tests.attack.town import Town
from tests.attack.web import Web
from tests.soak import seeds

# Of so many fields one; the trial takes all.
COUNT, EVERY = 150, 10
(SEED,) = seeds([1])


@pytest.fixture(scope="module")
def web(shared_town: Town) -> Web:
    return Web(shared_town)


def test_a_text_longer_than_any_is_no_fault_in_any_field(web: Web) -> None:
    found = web.send_everywhere("x" * 9000, every=EVERY)
    assert found.faults == []
    assert found.answers.total() > 50


def test_no_request_drawn_by_lot_is_answered_with_a_fault_or_gives_others_away(web: Web) -> None:
    found = web.send_all(range(COUNT), seed=SEED)
    assert found.faults == []
    # Refused, led on, not found, shown: the lots come to all of it.
    assert {"200", "303", "403", "404", "405", "422"} <= found.answers.keys()

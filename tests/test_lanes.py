"""The lanes: who goes first, and that nobody waits for ever."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from app import clock
from app.claims import Later
from app.inbox.actions import record_received
from app.lanes import PATIENT_SECONDS, SPOILS_AFTER, TURN_SECONDS, Manners, build_lanes
from app.runtime import Runtime
from tests.callbacks.letters import received_of
from tests.callbacks.test_jobs import receive

Come = Callable[[float], None]


@pytest.fixture
def come(runtime: Runtime) -> Come:
    """Let an event with a welcome_code have waited for so many seconds."""

    def come(seconds: float) -> None:
        one = received_of(runtime, lane="urgent", WelcomeCode=f"code{seconds}")
        one = replace(one, received_at=clock.later(-seconds))
        runtime.db.commit(partial(record_received, callbacks=[one]))

    return come


def claim(runtime: Runtime, lane: str) -> int:
    """Claim everything there is in a lane; return how much it was."""
    [wanted] = [one for one in build_lanes(runtime) if one.name == lane]
    return len(wanted.claim(100, 0.0))


def test_other_lanes_give_way_to_who_can_still_be_greeted(runtime: Runtime, come: Come) -> None:
    receive(runtime, lane="events")
    come(1)
    with pytest.raises(Later):
        claim(runtime, "events")
    assert claim(runtime, "urgent") == 1
    assert claim(runtime, "events") == 1


def test_nobody_gives_way_to_who_waited_too_long_to_be_greeted(
    runtime: Runtime, come: Come
) -> None:
    receive(runtime, lane="events")
    come(SPOILS_AFTER + 1)
    assert claim(runtime, "events") == 1


def test_who_can_still_be_greeted_goes_before_who_waited_too_long(
    runtime: Runtime, come: Come
) -> None:
    come(SPOILS_AFTER + 1)
    come(1)
    [urgent] = [one for one in build_lanes(runtime) if one.name == "urgent"]
    [first] = urgent.claim(1, 0.0)
    assert first.id == 2


def test_where_customers_never_cease_to_come_the_other_lanes_have_their_turns(
    runtime: Runtime, come: Come
) -> None:
    come(1)
    manners = Manners()
    with runtime.db.read() as session:
        given = [manners.give_way(session, now) for now in (0.0, PATIENT_SECONDS - 1)]
        turn = [manners.give_way(session, PATIENT_SECONDS + now) for now in (0.0, TURN_SECONDS - 1)]
        again = manners.give_way(session, PATIENT_SECONDS + TURN_SECONDS)
    assert (given, turn, again) == ([True, True], [False, False], True)

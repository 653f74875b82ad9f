"""Turns: so many at a time; some wait for theirs, a while and no longer."""

import pytest

from app import clock
from app.locks import is_busy
from app.turns import NoTurn, Turns


def test_who_waits_for_a_turn_in_vain_is_told_so_in_time() -> None:
    turns = Turns(1)
    with turns.awaited(clock.monotonic()):
        began = clock.monotonic()
        with pytest.raises(NoTurn) as told, turns.awaited(began + 0.05):
            pass
        assert 0.05 <= clock.monotonic() - began < 2
    assert is_busy(told.value)


def test_a_turn_is_given_back_however_its_work_ends() -> None:
    turns = Turns(1)
    with pytest.raises(ZeroDivisionError), turns.awaited(clock.monotonic()):
        raise ZeroDivisionError
    assert turns.take()

"""Draining a lane: everything due is worked, several at once, and what is left is given back."""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from app import clock
from app.claims import Claim, Later
from app.drain import Drainer, Lane
from app.queue import Doorbell

PATIENCE = 10.0


class Board:
    """A lane over a list: what is due, what was worked, what was renewed and given back."""

    def __init__(self, *ids: int, lease: float = 60.0) -> None:
        self.due = [Claim(n, "t") for n in ids]
        self.worked: list[int] = []
        self.renewed = threading.Event()
        self.kept: list[int] = []
        self.released: list[Claim] = []
        self.at_once = self.most_at_once = 0
        self.changed = threading.Condition()
        self.gate = threading.Event()
        self.gate.set()
        self.again: dict[int, datetime] = {}
        self.gives_way = 0
        self.looks = 0
        self.lane = Lane(
            name="events",
            pool=4,
            lease=lease,
            claim=self._claim,
            work=self._work,
            renew=self._renew,
            release=self._release,
        )

    def wait_for(self, count: int) -> None:
        """Wait until so many pieces have been worked."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.worked) >= count, PATIENCE)

    def look(self) -> None:
        """Wait until the lane has been looked at once more."""
        with self.changed:
            seen = self.looks
            assert self.changed.wait_for(lambda: self.looks > seen, PATIENCE)

    def _claim(self, limit: int, _overdue: float) -> list[Claim]:
        with self.changed:
            self.looks += 1
            self.changed.notify_all()
            if self.gives_way:
                self.gives_way -= 1
                raise Later(clock.later(0.05))
            taken, self.due = self.due[:limit], self.due[limit:]
        return taken

    def _work(self, claim: Claim) -> datetime | None:
        with self.changed:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            self.changed.notify_all()
        self.gate.wait(PATIENCE)
        with self.changed:
            self.at_once -= 1
            self.worked.append(claim.id)
            self.changed.notify_all()
        if claim.id < 0:
            raise RuntimeError
        return self.again.pop(claim.id, None)

    def _renew(self, claims: Sequence[Claim]) -> None:
        self.kept = [claim.id for claim in claims]
        self.renewed.set()

    def _release(self, claims: Sequence[Claim]) -> None:
        self.released += claims


@pytest.fixture
def drainers() -> Iterator[list[Drainer]]:
    started: list[Drainer] = []
    yield started
    for drainer in started:
        drainer.stop()


def drain(board: Board, drainers: list[Drainer], *, look_every: float = 60.0) -> Drainer:
    drainer = Drainer(board.lane, bell=Doorbell(None), look_every=look_every, overdue=0)
    drainers.append(drainer)
    drainer.start()
    return drainer


def test_everything_that_is_due_at_the_start_is_worked(drainers: list[Drainer]) -> None:
    board = Board(*range(20))
    drain(board, drainers)
    board.wait_for(20)
    assert sorted(board.worked) == list(range(20))


def test_several_are_worked_at_once_and_no_more_than_the_pool(drainers: list[Drainer]) -> None:
    board = Board(*range(12))
    board.gate.clear()
    drain(board, drainers)
    with board.changed:
        assert board.changed.wait_for(lambda: board.at_once == 4, PATIENCE)
    board.gate.set()
    board.wait_for(12)
    assert board.most_at_once == 4


def test_a_ring_is_answered_at_once(drainers: list[Drainer]) -> None:
    board = Board(1)
    drainer = drain(board, drainers)
    board.wait_for(1)
    board.due = [Claim(2, "t")]
    drainer.wake()
    board.wait_for(2)


def test_without_a_ring_it_looks_by_itself(drainers: list[Drainer]) -> None:
    board = Board(1)
    drain(board, drainers, look_every=0.05)
    board.wait_for(1)
    board.due = [Claim(2, "t")]
    board.wait_for(2)


def test_what_wants_another_look_gets_it_at_its_time(drainers: list[Drainer]) -> None:
    board = Board(1)
    board.again[1] = clock.utcnow() + timedelta(milliseconds=300)
    drain(board, drainers)
    board.wait_for(1)
    board.due = [Claim(1, "t")]
    board.wait_for(2)


def test_a_ring_before_that_time_does_not_make_it_forgotten(drainers: list[Drainer]) -> None:
    board = Board(1)
    board.again[1] = clock.later(0.5)
    drainer = drain(board, drainers)
    board.wait_for(1)
    drainer.wake()
    board.look()
    board.due = [Claim(1, "t")]
    board.wait_for(2)


def test_two_that_were_put_off_are_each_looked_for(drainers: list[Drainer]) -> None:
    board = Board(1, 2)
    board.again = {1: clock.later(0.3), 2: clock.later(0.6)}
    drain(board, drainers)
    board.wait_for(2)
    board.look()
    board.due = [Claim(3, "t")]
    board.wait_for(3)


def test_a_lane_that_gives_way_looks_again_soon(drainers: list[Drainer]) -> None:
    board = Board(1)
    board.gives_way = 2
    drain(board, drainers)
    board.wait_for(1)


def test_one_that_fails_does_not_stop_the_others(drainers: list[Drainer]) -> None:
    board = Board(-1, 1, 2)
    drain(board, drainers)
    board.wait_for(3)


def test_the_lease_of_what_takes_long_is_renewed(drainers: list[Drainer]) -> None:
    board = Board(1, lease=0.3)
    board.gate.clear()
    drain(board, drainers)
    assert board.renewed.wait(PATIENCE)
    board.gate.set()


def test_the_lease_of_what_never_ends_is_not_renewed_for_ever(
    drainers: list[Drainer], monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = [0.0]
    monkeypatch.setattr(clock, "monotonic", lambda: time.monotonic() + ahead[0])
    board = Board(1, lease=0.3)
    board.lane = replace(board.lane, longest=300.0)
    board.gate.clear()
    drainer = drain(board, drainers)
    with board.changed:
        assert board.changed.wait_for(lambda: board.at_once == 1, PATIENCE)
        board.due = [Claim(2, "t")]
    ahead[0] = 301.0
    board.renewed.clear()
    drainer.wake()
    assert board.renewed.wait(PATIENCE)
    board.gate.set()
    assert board.kept == [2]


def test_stopping_lets_what_runs_come_to_its_end() -> None:
    board = Board(1)
    board.gate.clear()
    drainer = Drainer(board.lane, bell=Doorbell(None), look_every=60, overdue=0)
    drainer.start()
    with board.changed:
        assert board.changed.wait_for(lambda: board.at_once == 1, PATIENCE)
    threading.Timer(0.1, board.gate.set).start()
    drainer.stop()
    assert (board.worked, board.released) == ([1], [])


def test_stopping_gives_back_what_does_not_end() -> None:
    board = Board(1)
    board.gate.clear()
    drainer = Drainer(board.lane, bell=Doorbell(None), look_every=60, overdue=0)
    drainer.start()
    with board.changed:
        assert board.changed.wait_for(lambda: board.at_once == 1, PATIENCE)
    drainer.stop(within=0.1)
    board.gate.set()
    assert [claim.id for claim in board.released] == [1]


def test_a_claim_under_way_when_it_stops_is_given_back() -> None:
    board = Board(1)
    claiming, go_on = threading.Event(), threading.Event()

    def slowly(_limit: int, _overdue: float) -> list[Claim]:
        claiming.set()
        go_on.wait(PATIENCE)
        return [Claim(1, "t")]

    lane = replace(board.lane, claim=slowly)
    drainer = Drainer(lane, bell=Doorbell(None), look_every=60, overdue=0)
    drainer.start()
    claiming.wait(PATIENCE)
    threading.Timer(0.1, go_on.set).start()
    drainer.stop()
    assert ([claim.id for claim in board.released], board.worked) == ([1], [])


def test_however_long_a_claim_takes_stopping_takes_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    board = Board(1)
    board.gate.clear()
    claiming, go_on, ahead = threading.Event(), threading.Event(), [0.0]
    monkeypatch.setattr(clock, "monotonic", lambda: time.monotonic() + ahead[0])

    def slowly(limit: int, overdue: float) -> list[Claim]:
        if board.due:
            return board.lane.claim(limit, overdue)
        claiming.set()
        go_on.wait(PATIENCE)
        return []

    def end() -> None:
        ahead[0] = PATIENCE  # all the time that there was went by with this claim
        go_on.set()

    drainer = Drainer(
        replace(board.lane, claim=slowly), bell=Doorbell(None), look_every=60, overdue=0
    )
    drainer.start()
    claiming.wait(PATIENCE)
    threading.Timer(0.1, end).start()
    late = threading.Timer(PATIENCE / 2, board.gate.set)
    late.start()
    drainer.stop(within=PATIENCE)
    late.cancel()
    board.gate.set()
    assert [claim.id for claim in board.released] == [1]

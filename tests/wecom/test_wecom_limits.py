"""Limits: never more in flight or a minute than WeCom lets us, and no waiting beyond a budget."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from app.wecom.errors import TryAgainLater
from app.wecom.limits import Limits, cap_of

API = "externalcontact/get"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.seconds


@pytest.fixture
def now() -> Clock:
    return Clock()


@pytest.fixture
def limits(now: Clock) -> Limits:
    return Limits(now)


@contextmanager
def held(limits: Limits, calls: int, api: str = API) -> Iterator[None]:
    with ExitStack() as stack:
        for _ in range(calls):
            stack.enter_context(limits.slot(api, within=0))
        yield


def use(limits: Limits, calls: int, api: str = API, *, bulk: bool = False) -> int:
    """Call one after another, and return how many calls were let out."""
    for made in range(calls):
        try:
            with limits.slot(api, within=0, bulk=bulk):
                pass
        except TryAgainLater:
            return made
    return calls


@pytest.mark.parametrize(
    ("api", "cap"),
    [("externalcontact/send_welcome_msg", 32), ("message/send", 10), ("media/upload", 2), (API, 5)],
)
def test_no_more_than_the_cap_are_in_flight(limits: Limits, api: str, cap: int) -> None:
    assert cap_of(api) == cap
    with held(limits, cap, api):
        assert use(limits, 1, api) == 0
    assert use(limits, 1, api) == 1


def test_apis_do_not_wait_for_each_other(limits: Limits) -> None:
    with held(limits, 5):
        assert use(limits, 1, "user/get") == 1


def test_bulk_work_gets_half_the_places(limits: Limits) -> None:
    with limits.slot(API, within=0, bulk=True), limits.slot(API, within=0, bulk=True):
        assert use(limits, 1, bulk=True) == 0
        assert use(limits, 1) == 1


def test_a_minute_lets_out_fewer_calls_than_wecom_allows(limits: Limits, now: Clock) -> None:
    made = 0
    for _ in range(61):
        made += use(limits, 10_000)
        now.seconds += 1
    assert 8_000 <= made < 10_000


def test_bulk_work_gets_half_of_a_minute(limits: Limits, now: Clock) -> None:
    made = 0
    for _ in range(61):
        made += use(limits, 10_000, bulk=True)
        now.seconds += 1
    assert 4_000 <= made < 5_000


def test_an_hour_lets_out_fewer_calls_than_wecom_allows(limits: Limits, now: Clock) -> None:
    made = 0
    for _ in range(361):
        made += use(limits, 10_000)
        now.seconds += 10
    assert 100_000 < made < 150_000


def test_an_empty_bucket_says_when_to_come_back(limits: Limits) -> None:
    use(limits, 10_000)
    with pytest.raises(TryAgainLater) as caught, limits.slot(API, within=0):
        pass
    assert 0 < caught.value.retry_after < 0.1


def test_a_shut_api_refuses_at_once_until_its_window_ends(limits: Limits, now: Clock) -> None:
    limits.shut(API)
    began = time.monotonic()
    with pytest.raises(TryAgainLater) as caught, limits.slot(API, within=100):
        pass
    assert time.monotonic() - began < 1
    assert caught.value.retry_after == 60
    now.seconds += 60
    assert use(limits, 1) == 1


def test_a_crowded_api_gets_half_its_places_for_a_while(limits: Limits, now: Clock) -> None:
    limits.crowded(API)
    with held(limits, 2):
        assert use(limits, 1) == 0
        now.seconds += 31
        assert use(limits, 1) == 1


def test_nobody_waits_for_a_place_beyond_his_budget() -> None:
    limits = Limits()
    with held(limits, 5):
        began = time.monotonic()
        with pytest.raises(TryAgainLater), limits.slot(API, within=0.2):
            pass
    assert 0.2 <= time.monotonic() - began < 0.6


def test_a_place_that_comes_free_is_taken_at_once() -> None:
    limits = Limits()
    waited: list[float] = []

    def wait() -> None:
        began = time.monotonic()
        with limits.slot(API, within=10):
            waited.append(time.monotonic() - began)

    thread = threading.Thread(target=wait)
    with held(limits, 5):
        thread.start()
        thread.join(0.05)
    thread.join()
    assert waited[0] < 0.4


def test_whoever_comes_again_at_once_does_not_keep_out_those_who_wait() -> None:
    limits = Limits()
    served: set[int] = set()
    everybody = threading.Event()

    def call_again_and_again(number: int) -> None:
        while not everybody.is_set():
            with limits.slot(API, within=10):
                time.sleep(0.02)
            served.add(number)
            if len(served) == 3 * cap_of(API):
                everybody.set()

    threads = [
        threading.Thread(target=call_again_and_again, args=[number])
        for number in range(3 * cap_of(API))
    ]
    for thread in threads:
        thread.start()
    came_to_all = everybody.wait(1)
    everybody.set()
    for thread in threads:
        thread.join()
    assert came_to_all

"""The doorbell: at most one ring a lane, never in anybody's way, heard on the other side."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from rq import Queue
from rq.serializers import JSONSerializer

from app.queue import ANSWER, Doorbell, Ringer, connect_redis, listen
from tests.servers import OwnRedis

PATIENCE = 10.0
Listening = Callable[[OwnRedis, str], threading.Event]


@pytest.fixture
def listening() -> Iterator[Listening]:
    """Give what listens on a lane, and says so with an event; it ends with its Redis."""
    over = threading.Event()

    def start(own: OwnRedis, lane: str) -> threading.Event:
        heard = threading.Event()
        threading.Thread(
            target=listen,
            args=[own.url, {lane: heard.set}],
            kwargs={"until": over},
            daemon=True,
        ).start()
        return heard

    yield start
    over.set()


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnRedis]:
    server = OwnRedis(tmp_path_factory.mktemp("r"))
    yield server
    server.end()


def pending(own: OwnRedis, lane: str) -> int:
    return int(redis.Redis.from_url(own.url).llen(f"rq:queue:{lane}"))


def test_many_rings_are_one_until_somebody_looks(own: OwnRedis) -> None:
    bell = Doorbell(connect_redis(own.url))
    for _ in range(50):
        bell.ring("urgent")
    assert pending(own, "urgent") == 1
    bell.clear("urgent")
    bell.ring("urgent")
    assert pending(own, "urgent") == 2


def test_lanes_ring_apart(own: OwnRedis) -> None:
    bell = Doorbell(connect_redis(own.url))
    bell.ring("urgent")
    bell.ring("events")
    assert (pending(own, "urgent"), pending(own, "events")) == (1, 1)


def test_a_ring_carries_the_lane_and_nothing_else(own: OwnRedis) -> None:
    Doorbell(connect_redis(own.url)).ring("urgent")
    (job,) = Queue(
        "urgent", connection=redis.Redis.from_url(own.url), serializer=JSONSerializer
    ).jobs
    assert (job.func_name, list(job.args), job.kwargs) == (ANSWER, ["urgent"], {})


def test_a_ring_wakes_who_listens(own: OwnRedis, listening: Listening) -> None:
    heard = listening(own, "urgent")
    Doorbell(connect_redis(own.url)).ring("urgent")
    assert heard.wait(PATIENCE)


def test_a_job_of_a_stranger_is_never_run(
    own: OwnRedis, listening: Listening, tmp_path: Path
) -> None:
    heard = listening(own, "urgent")
    queue = Queue("urgent", connection=redis.Redis.from_url(own.url), serializer=JSONSerializer)
    queue.enqueue("os.mkdir", str(tmp_path / "made by a stranger"))
    assert heard.wait(PATIENCE)
    assert list(tmp_path.iterdir()) == []


def test_a_dead_redis_raises_nothing_and_is_left_alone_for_a_while(own: OwnRedis) -> None:
    bell = Doorbell(connect_redis(own.url))
    own.end()
    for _ in range(1000):
        bell.ring("urgent")
    assert (bell.failures, bell.works) == (1, False)


def test_without_any_redis_a_ring_does_nothing() -> None:
    bell = Doorbell(connect_redis("embedded"))
    bell.ring("urgent")
    assert (bell.works, bell.failures) == (False, 0)


def test_the_ringer_holds_nobody_up_and_rings_all_the_same(
    own: OwnRedis, listening: Listening
) -> None:
    ringer = Ringer(Doorbell(connect_redis(own.url)))
    heard = listening(own, "events")
    ringer.ring("urgent")
    ringer.ring("events")
    assert heard.wait(PATIENCE)

"""The doorbell: RQ on Redis, which wakes whoever works a lane.

The queue of record is the database (`app.claims`). A job here carries the name of a lane and means
"look there now"; it is never run, but answered by waking a thread, so no job is ever long. At most
one ring a lane is pending. Redis may be gone, flushed or frozen: rings are lost then, and the relay
looks by itself.
"""

import threading
from collections.abc import Callable

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue, SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty

from app import clock
from app.log import get_logger

LANES = ("urgent", "events", "deliveries", "pushes", "batches", "sync", "bulk")
ANSWER = "app.queue.answer"
TIMEOUT_SECONDS = 0.3
PENDING_MS = 2000
SILENT_SECONDS = 5.0
REST_SECONDS = 0.02
WORKER_TTL = 30
JOB_TTL = 60

log = get_logger(__name__)


def connect_redis(url: str) -> redis.Redis | None:
    """Make a client that gives up in 0.3 s and never retries; None when there is no Redis at all.

    redis-py's defaults hold a caller for 3.6 s when Redis is down and for ever when it is frozen.
    """
    if url == "embedded":
        return None
    return redis.Redis.from_url(
        url,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


class Doorbell:
    """Rings lanes. Never raises, never holds its caller up for long, counts what went wrong."""

    def __init__(self, connection: redis.Redis | None) -> None:
        self._redis = connection
        self._silent_until = 0.0
        self.failures = 0
        self._queues = {
            lane: Queue(lane, connection=connection, serializer=JSONSerializer)
            for lane in LANES
            if connection is not None
        }

    @property
    def connection(self) -> redis.Redis | None:
        """What it rings through, for whoever else has a short question to Redis."""
        return self._redis

    @property
    def works(self) -> bool:
        """Tell whether the last ring went through."""
        return self._redis is not None and clock.monotonic() >= self._silent_until

    def answers(self) -> bool:
        """Ask Redis now."""
        try:
            return self._redis is not None and bool(self._redis.ping())
        except redis.RedisError:
            return False

    def ring(self, lane: str) -> None:
        """Wake whoever works `lane`, unless a ring is pending already."""
        if self._redis is None or not self.works:
            return
        try:
            if self._redis.set(_flag(lane), 1, nx=True, px=PENDING_MS):
                self._queues[lane].enqueue(
                    ANSWER,
                    lane,
                    job_timeout=JOB_TTL,
                    ttl=JOB_TTL,
                    result_ttl=0,
                    failure_ttl=JOB_TTL,
                )
        except redis.RedisError as error:
            self._failed(error)

    def clear(self, lane: str) -> None:
        """Take the pending ring away; do this before looking, so that a later ring is not lost."""
        if self._redis is None or not self.works:
            return
        try:
            self._redis.delete(_flag(lane))
        except redis.RedisError as error:
            self._failed(error)

    def _failed(self, error: redis.RedisError) -> None:
        self.failures += 1
        self._silent_until = clock.monotonic() + SILENT_SECONDS
        log.warning("doorbell_failed", error_name=type(error).__name__)


class Ringer:
    """Rings from a thread of its own, so that a slow Redis never holds anybody up.

    The first ring goes out at once. After it the thread rests for a moment, in which one ring
    gathers for all who come: under load Redis hears of fifty groups a second, not of thousands.
    """

    def __init__(self, bell: Doorbell) -> None:
        self._bell = bell
        self._wanted: set[str] = set()
        self._changed = threading.Condition()
        self._rest = threading.Event()
        self._thread: threading.Thread | None = None

    def ring(self, lane: str) -> None:
        """Have this lane rung soon; several calls may become one ring."""
        with self._changed:
            self._wanted.add(lane)
            self._changed.notify()
            # Not before, so that it may be made before a fork.
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="ringer", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted)
                lanes, self._wanted = self._wanted, set()
            for lane in sorted(lanes, key=LANES.index):
                self._bell.ring(lane)
            self._rest.wait(REST_SECONDS)


_listeners: dict[str, Callable[[], None]] = {}


def answer(lane: str) -> None:
    """Wake the thread that works `lane` here: the one job there is."""
    listener = _listeners.get(lane)
    if listener is not None:
        listener()


def listen(url: str, listeners: dict[str, Callable[[], None]], *, until: threading.Event) -> None:
    """Answer rings, calling the lane's listener; start it in a daemon thread of its own.

    It goes on until `until` is set and Redis is away: while it waits for a ring, nothing ends it.
    """
    _listeners.update(listeners)
    connection = redis.Redis.from_url(url)
    while not until.is_set():
        try:
            lanes = [lane for lane in LANES if lane in listeners]
            _Listener(
                lanes, connection=connection, serializer=JSONSerializer, worker_ttl=WORKER_TTL
            ).work(logging_level="CRITICAL")
        except (redis.RedisError, OSError, ValueError) as error:
            log.warning("doorbell_unheard", error_name=type(error).__name__)
        until.wait(1.0)


class _Listener(SimpleWorker):
    """RQ's worker, in a thread: signals belong to the process.

    It waits a second for a Redis that is away, where RQ's own back-off grows to a minute.
    """

    death_penalty_class = TimerDeathPenalty
    max_connection_wait_time = 1.0

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Answer for the lane of the queue, and run nothing.

        RQ would import and call whatever name a job carries: whoever can write to Redis would run
        code here. A ring means its lane, whatever it says.
        """
        answer(queue.name)
        job.delete()

    def subscribe(self) -> None:
        """Take no commands from Redis: who can write there shall not end this process."""

    def procline(self, message: str) -> None:
        """Leave the process's title alone: it is not this thread's."""

    def _install_signal_handlers(self) -> None:
        """Leave the process's signals alone."""


def _flag(lane: str) -> str:
    return f"banke:ring:{lane}"

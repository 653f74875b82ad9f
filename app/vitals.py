"""Signs of life: what each process tells of itself, every few seconds, for the page 队列与额度.

It lies in Redis and is gone when the process is. WeCom's limits are kept by every process for
itself, so this is the one place where they are seen together. Without Redis nobody tells anything.
"""

import os
import socket
import threading
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter, ValidationError
from redis import RedisError

from app import clock
from app.runtime import Runtime
from app.wecom.limits import GateState

PARTS = ("web", "worker", "relay")
PREFIX = "banke:vitals:"
EVERY_SECONDS = 5.0
# Two that did not come, and it counts as gone.
TTL_MS = 15_000
MOST = 100
LONGEST = 64


@dataclass(frozen=True, kw_only=True)
class Vitals:
    """What one process told. `part`: web, worker or relay; `gates`: the APIs that it called."""

    part: str
    host: str
    pid: int
    started_at: datetime
    told_at: datetime
    gates: tuple[GateState, ...]


_READ = TypeAdapter(Vitals)


def keep_telling(runtime: Runtime, part: str) -> None:
    """Tell how this process is, from now on until it ends."""
    if runtime.bell.connection is not None:
        started_at = clock.utcnow()
        threading.Thread(
            target=_tell_for_ever, args=[runtime, part, started_at], name="vitals", daemon=True
        ).start()


def build_vitals(runtime: Runtime, part: str, started_at: datetime) -> Vitals:
    """Take down how this process is now."""
    return Vitals(
        part=part,
        host=socket.gethostname()[:LONGEST],
        pid=os.getpid(),
        started_at=started_at,
        told_at=clock.utcnow(),
        gates=tuple(runtime.wecom.limits.states()),
    )


def tell(runtime: Runtime, vitals: Vitals) -> None:
    """Put it where the others find it; a Redis that is away misses it."""
    if runtime.bell.connection is None:
        return
    key = f"{PREFIX}{vitals.host}:{vitals.pid}"
    try:
        runtime.bell.connection.set(key, _READ.dump_json(vitals), px=TTL_MS)
    except RedisError:
        return


def list_vitals(runtime: Runtime) -> list[Vitals] | None:
    """List the processes that told of themselves lately; None: Redis does not answer."""
    redis = runtime.bell.connection
    if redis is None:
        return None
    try:
        keys = [
            key for key, _number in zip(redis.scan_iter(f"{PREFIX}*"), range(MOST), strict=False)
        ]
        told = redis.mget(sorted(keys)) if keys else []
    except RedisError:
        return None
    return [vitals for text in told if text and (vitals := _read(text))]


def _read(text: bytes | str) -> Vitals | None:
    """Whatever else lies there, in another form or of another version, is left alone."""
    try:
        return _READ.validate_json(text)
    except ValidationError:
        return None


def _tell_for_ever(runtime: Runtime, part: str, started_at: datetime) -> None:
    pause = threading.Event()
    while True:
        tell(runtime, build_vitals(runtime, part, started_at))
        pause.wait(EVERY_SECONDS)

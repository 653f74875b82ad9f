"""Tokens and tickets: one for all processes, fetched once, sealed wherever they lie.

Each is kept in this process and, sealed, in Redis. One process at a time fetches a new one, and
looks again before it does. Without Redis every process keeps its own. How a token is fetched, and
what tells that it is no longer valid, is the client's business.
"""

import base64
import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock
from typing import Any, TypeGuard

from redis import Redis, RedisError

from app import clock
from app.log import get_logger
from app.seal import SealBroken, Sealer
from app.wecom.errors import TryAgainLater, WeComError, too_busy

# A new one is fetched when this much of its life is over; the old one serves on meanwhile.
RENEW_AT = 0.85
# Longer than a fetch can take; a process that dies holding the lock is forgotten after it.
LOCK_MS = 10_000
PATIENCE_SECONDS = 12.0
POLL_SECONDS = 0.05
# After a Redis error Redis is left alone for this long, so that a frozen one costs one wait only.
BREAKER_SECONDS = 5.0
# About 2000 refused gettoken calls an hour lock us out for an hour: a refusal stands for a while.
REFUSED_SECONDS = 15.0
FAILED_SECONDS = 1.0
EARLY_AGAIN_SECONDS = 30.0

PURPOSE = "wecom.token"
RELEASE = """
if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) end
return 0
"""

log = get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Issued:
    """What WeCom gave: the token or ticket, and the seconds that it lives."""

    value: str
    expires_in: float

    def __repr__(self) -> str:
        return f"Issued(expires_in={self.expires_in})"


@dataclass(frozen=True, kw_only=True)
class Secret:
    """A token or ticket in use. `version` stands for it where it may not appear itself."""

    value: str
    issued_at: datetime
    expires_at: datetime

    @property
    def version(self) -> str:
        """A hash of the value."""
        return sha256(self.value.encode()).hexdigest()[:16]

    @property
    def renew_at(self) -> datetime:
        """When a new one should be fetched, before this one ends."""
        return self.issued_at + (self.expires_at - self.issued_at) * RENEW_AT

    def __repr__(self) -> str:
        return f"Secret(version={self.version}, expires_at={self.expires_at.isoformat()})"


@dataclass(frozen=True, kw_only=True)
class SecretState:
    """How a token or ticket stands, without it. `is_shared`: all processes have it from Redis."""

    version: str
    issued_at: datetime
    expires_at: datetime
    is_shared: bool


class SharedSecrets:
    """Makes the caches of one deployment, which share one Redis and one seal."""

    def __init__(self, sealer: Sealer, redis: "Redis | None") -> None:
        self._sealer = sealer
        self._shelf = _Shelf(redis)

    def cache(self, *identity: str, fetch: Callable[[float], Issued]) -> "SharedSecretCache":
        """Return the cache of the token that `identity` names, such as (kind, corp_id, secret).

        `fetch` is given the seconds that it may take.
        """
        fingerprint = self._sealer.fingerprint("\0".join(identity), purpose=PURPOSE)
        return SharedSecretCache(fingerprint, fetch, self._sealer, shelf=self._shelf)


class SharedSecretCache:
    """One token, shared by the threads of this process and by all processes."""

    def __init__(
        self,
        fingerprint: str,
        fetch: Callable[[float], Issued],
        sealer: Sealer,
        *,
        shelf: "_Shelf",
    ) -> None:
        self._key = f"banke:token:{fingerprint}"
        self._fetch = fetch
        self._sealer = sealer
        self._shelf = shelf
        self._lock = Lock()
        self._local: Secret | None = None
        self._failure: WeComError | None = None
        self._failed_until = 0.0
        self._no_early_before = 0.0

    def get(self, *, within: float | None = None) -> Secret:
        """Return a valid token, fetching one if there is none, in at most `within` seconds.

        Raises:
            WeComError: WeCom gives none, or not in time.
        """
        current, now = self._local, clock.utcnow()
        if current is None or now >= current.expires_at:
            return self._renewed(None, _deadline(within))
        if now >= current.renew_at:
            return self._renewed_early(current, _deadline(within))
        return current

    def invalidate(self, version_used: str, *, within: float | None = None) -> Secret:
        """Return another token than the one that WeCom rejected.

        Many may bring the same rejected version at once: the first fetches, the rest get what it
        fetched.

        Raises:
            WeComError: WeCom gives none, or not in time.
        """
        return self._renewed(version_used, _deadline(within))

    def state(self) -> SecretState | None:
        """Tell how it stands, fetching nothing; None: nobody has one."""
        shared = self._shared()
        secret = shared or self._local
        if secret is None:
            return None
        return SecretState(
            version=secret.version,
            issued_at=secret.issued_at,
            expires_at=secret.expires_at,
            is_shared=shared is not None,
        )

    def _renewed_early(self, current: Secret, deadline: float) -> Secret:
        """Let one thread renew; for the others, and if that fails, the old one is good yet."""
        if clock.monotonic() < self._no_early_before or not self._lock.acquire(blocking=False):
            return current
        self._no_early_before = clock.monotonic() + EARLY_AGAIN_SECONDS
        try:
            return self._renew(None, deadline)
        except WeComError:
            return current
        finally:
            self._lock.release()

    def _renewed(self, rejected: str | None, deadline: float) -> Secret:
        if not self._lock.acquire(timeout=max(0.0, deadline - clock.monotonic())):
            raise too_busy("gettoken", 1.0)
        try:
            return self._renew(rejected, deadline)
        finally:
            self._lock.release()

    def _renew(self, rejected: str | None, deadline: float) -> Secret:
        """With this process's lock held: look again, here and in Redis, before fetching."""
        if _serves(self._local, rejected):
            return self._local
        while clock.monotonic() < deadline:
            if _serves(shared := self._shared(), rejected):
                self._local = shared
                return shared
            self._raise_if_failed_just_now()
            with self._shelf.lock(f"{self._key}:lock") as ours:
                if ours:
                    return self._looked_again_and_fetched(rejected, deadline)
            # Another process is fetching it: what it gets will do for us.
            time.sleep(POLL_SECONDS)
        raise too_busy("gettoken", 1.0)

    def _looked_again_and_fetched(self, rejected: str | None, deadline: float) -> Secret:
        shared = self._shared()
        if not _serves(shared, rejected):
            shared = self._fetched(deadline)
        self._local = shared
        return shared

    def _fetched(self, deadline: float) -> Secret:
        try:
            issued = self._fetch(deadline - clock.monotonic())
        except WeComError as error:
            self._remember(error)
            raise
        now = clock.utcnow()
        secret = Secret(
            value=issued.value,
            issued_at=now,
            expires_at=now + timedelta(seconds=issued.expires_in),
        )
        self._shelf.put(self._key, self._sealed(secret), seconds=issued.expires_in)
        log.info("token_fetched", version=secret.version)
        return secret

    def _remember(self, failure: WeComError) -> None:
        log.warning("token_not_fetched", errcode=failure.errcode, error_name=type(failure).__name__)
        self._failure = failure
        seconds = FAILED_SECONDS if isinstance(failure, TryAgainLater) else REFUSED_SECONDS
        self._failed_until = clock.monotonic() + seconds

    def _raise_if_failed_just_now(self) -> None:
        if self._failure is not None and clock.monotonic() < self._failed_until:
            raise self._failure.with_traceback(None)

    def _shared(self) -> Secret | None:
        box = self._shelf.get(self._key)
        if box is None:
            return None
        try:
            return _read(self._sealer.open(base64.b64decode(box), purpose=PURPOSE))
        except (SealBroken, ValueError, KeyError, TypeError):
            # Under another key, or not ours: as if there were none; the next is written over it.
            return None

    def _sealed(self, secret: Secret) -> str:
        plain = json.dumps(
            {
                "value": secret.value,
                "issued_at": secret.issued_at.isoformat(),
                "expires_at": secret.expires_at.isoformat(),
            }
        )
        return base64.b64encode(self._sealer.seal(plain.encode(), purpose=PURPOSE)).decode()


class _Shelf:
    """Where the processes share: Redis, or nothing while Redis is away."""

    def __init__(self, redis: "Redis | None") -> None:
        self._redis = redis
        self._away_until = 0.0

    def get(self, key: str) -> Any:
        try:
            return self._ask(lambda redis: redis.get(key))
        except _AwayError:
            return None

    def put(self, key: str, value: str, *, seconds: float) -> None:
        with suppress(_AwayError):
            self._ask(lambda redis: redis.set(key, value, px=max(1, int(seconds * 1000))))

    @contextmanager
    def lock(self, key: str) -> Iterator[bool]:
        """Tell whether this process may fetch: it holds the lock, or there is no Redis to ask."""
        owner = secrets.token_hex(16)
        try:
            ours = bool(self._ask(lambda redis: redis.set(key, owner, nx=True, px=LOCK_MS)))
        except _AwayError:
            ours = True
        try:
            yield ours
        finally:
            if ours:
                self._release(key, owner)

    def _release(self, key: str, owner: str) -> None:
        with suppress(_AwayError):
            self._ask(lambda redis: redis.eval(RELEASE, 1, key, owner))

    def _ask(self, question: Callable[[Redis], Any]) -> Any:
        if self._redis is None or clock.monotonic() < self._away_until:
            raise _AwayError
        try:
            return question(self._redis)
        except (RedisError, OSError) as error:
            self._away_until = clock.monotonic() + BREAKER_SECONDS
            log.warning("redis_away", error_name=type(error).__name__)
            raise _AwayError from None


class _AwayError(Exception):
    """Redis did not answer, or did not a moment ago."""


def _serves(secret: Secret | None, rejected: str | None) -> TypeGuard[Secret]:
    return secret is not None and secret.version != rejected and clock.utcnow() < secret.renew_at


def _read(plain: bytes) -> Secret:
    fields = json.loads(plain)
    return Secret(
        value=str(fields["value"]),
        issued_at=datetime.fromisoformat(fields["issued_at"]),
        expires_at=datetime.fromisoformat(fields["expires_at"]),
    )


def _deadline(within: float | None) -> float:
    seconds = PATIENCE_SECONDS if within is None else min(within, PATIENCE_SECONDS)
    return clock.monotonic() + seconds

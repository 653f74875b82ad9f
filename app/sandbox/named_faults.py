"""Faults as a person at the page knows them: one button each, with words for what will be seen.

Made from `faults.py`, from the tokens and from the server's Redis. Each is on or off; some end by
themselves. The words stand in Chinese and English, since the pages are in both.
"""

import dataclasses
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .api.tokens import revoke
from .clock import Clock, monotonic
from .faults import Fault, Faults
from .frozen_redis import FrozenRedis, Unavailable
from .ledger import Ledger
from .named_fault_words import WORDS, Words
from .world import World

Json = dict[str, Any]

SLOW_SECONDS = 3.0
REORDER_SECONDS = 4.0
BUSY, LIMIT, FORBIDDEN = -1, 45009, 48002

# What the sidebar and the welcome call. Messages to members are left out: alerts still come.
APIS = ("externalcontact/*", "auth/*", "user/*", "ticket/*", "get_jsapi_ticket", "media/*")
CUSTOMER_APIS = ("externalcontact/*",)


@dataclass(slots=True)
class _Switch:
    """How a fault is put on and off. `is_on`: for those that end by themselves."""

    put_on: Callable[[], None]
    put_off: Callable[[], None]
    is_on: Callable[[], bool] | None = None
    seconds: float | None = None


class NamedFaults:
    """The faults by name, and which are on."""

    def __init__(
        self, world: World, clock: Clock, *, ledger: Ledger, faults: Faults, redis: FrozenRedis
    ) -> None:
        self._world = world
        self._clock = clock
        self._ledger = ledger
        self._faults = faults
        self._redis = redis
        # The world's lock is not held: Redis may take its time.
        self._lock = threading.RLock()
        self._since: dict[str, tuple[float, float]] = {}
        self._injected: dict[str, list[Fault]] = {}
        self._switches = {
            "slow": self._injecting("slow", lambda api: faults.latency(api, SLOW_SECONDS), APIS),
            "busy": self._refusing("busy", BUSY, APIS),
            "limit": self._refusing("limit", LIMIT, CUSTOMER_APIS),
            "token_revoked": _Switch(lambda: revoke(world), _nothing, self._are_tokens_void),
            "doubled": self._callbacks(copies=2),
            "reordered": self._callbacks(reorder_seconds=REORDER_SECONDS),
            "redis_frozen": _Switch(
                redis.freeze, redis.thaw, lambda: redis.is_frozen, redis.seconds
            ),
            "signature_refused": _Switch(_nothing, _nothing),
            "no_permission": self._refusing("no_permission", FORBIDDEN, CUSTOMER_APIS),
            "network_gone": _Switch(_nothing, _nothing),
        }

    def is_on(self, name: str) -> bool:
        """Tell whether a fault is on now."""
        if name not in self._since:
            return False
        asks = self._switches[name].is_on
        return asks() if asks else True

    def turn(self, name: str, *, on: bool) -> Json:
        """Put a fault on or off. Raises: LookupError, Unavailable."""
        if name not in self._switches:
            raise LookupError(f"no fault {name}")
        with self._lock:
            if on != self.is_on(name):
                self._turn(name, on=on)
            return self._row(name, WORDS[name])

    def rows(self) -> list[Json]:
        """Return all faults in the order of the buttons."""
        with self._lock:
            return [self._row(name, words) for name, words in WORDS.items()]

    def clear(self) -> None:
        """Put everything off."""
        for name in self._switches:
            if self.is_on(name):
                self.turn(name, on=False)

    def _turn(self, name: str, *, on: bool) -> None:
        switch = self._switches[name]
        if on:
            switch.put_on()
            self._since[name] = self._clock.time(), monotonic()
        else:
            switch.put_off()
            del self._since[name]
        self._ledger.act("named_fault", fault=name, on=on)

    def _row(self, name: str, words: Words) -> Json:
        on = self.is_on(name)
        since, began = self._since[name] if on else (None, 0.0)
        seconds = self._switches[name].seconds
        left = None if since is None or seconds is None else began + seconds - monotonic()
        return {
            "name": name,
            "on": on,
            "since": since,
            "once": words.once,
            "ends_in": None if left is None else max(left, 0.0),
            **self._availability(name),
            "title": words.title,
            "title_en": words.title_en,
            "effect": words.effect,
            "effect_en": words.effect_en,
        }

    def _availability(self, name: str) -> Json:
        reason = english = ""
        if name == "redis_frozen":
            try:
                self._redis.check()
            except Unavailable as problem:
                reason, english = str(problem), problem.english
        return {"available": not reason, "reason": reason, "reason_en": english}

    def _are_tokens_void(self) -> bool:
        """The fault ends when the server has fetched a new token."""
        with self._world.lock:
            return all(token.revoked for token in self._world.tokens.values())

    def _refusing(self, name: str, errcode: int, apis: tuple[str, ...]) -> _Switch:
        return self._injecting(
            name, lambda api: self._faults.errcode(api, errcode, times=None), apis
        )

    def _injecting(
        self, name: str, inject: Callable[[str], Fault], apis: tuple[str, ...]
    ) -> _Switch:
        def put_on() -> None:
            self._injected[name] = [inject(api) for api in apis]

        def put_off() -> None:
            for fault in self._injected.pop(name):
                self._faults.clear(fault)

        return _Switch(put_on, put_off)

    def _callbacks(self, **values: Any) -> _Switch:
        def put(**changed: Any) -> None:
            self._faults.callbacks = dataclasses.replace(self._faults.callbacks, **changed)

        plain = {
            field.name: field.default
            for field in dataclasses.fields(self._faults.callbacks)
            if field.name in values
        }
        return _Switch(lambda: put(**values), lambda: put(**plain))


def _nothing() -> None:
    """These faults are looked up where they strike."""

"""Faults that can be injected: into API calls here, into callbacks with `CallbackFaults`.

A fault belongs to an API by pattern (`externalcontact/*`, `*`) and lasts for a number of calls or
until it is cleared. It says what goes wrong; `api/gate.py` and `delivery.py` carry it out.
"""

import itertools
import threading
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

from .records import CallRecord

FaultKind = Literal["latency", "errcode", "http", "html", "empty", "drop_reply", "hold"]
Point = Literal["before", "after"]

# Of these one call meets one; latency and holds add to them.
REFUSING = ("errcode", "http", "html", "empty")

# mark_tag allows five calls at a time for the whole corp.
LIMITS = {"externalcontact/mark_tag": 5}


@dataclass(eq=False)
class Fault:
    """Something that goes wrong with calls of `api`. `times` None: until it is cleared.

    `value` is seconds for latency, the errcode, or the HTTP status.
    """

    kind: FaultKind
    api: str = "*"
    value: float = 0
    times: int | None = None
    fault_id: int = 0
    hits: int = 0

    @property
    def spent(self) -> bool:
        """Tell whether the fault has met all the calls it was meant for."""
        return self.times is not None and self.hits >= self.times

    def matches(self, api: str) -> bool:
        """Tell whether a call of this API meets the fault."""
        return not self.spent and fnmatchcase(api, self.api)


@dataclass(eq=False)
class Hold(Fault):
    """Calls wait here, before WeCom acts or after it acted and before it answers."""

    point: Point = "before"
    abandoned: bool = False
    _held: list[CallRecord] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _open: threading.Event = field(default_factory=threading.Event)

    def wait_reached(self, timeout: float = 10.0, *, calls: int = 1) -> list[CallRecord]:
        """Wait until so many calls stand here and return them. Raises: TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._held) >= calls, timeout):
                raise TimeoutError(f"no {calls} calls of {self.api} were held")
            return list(self._held)

    def release(self) -> None:
        """Let the calls go on; later ones are not held."""
        self.times = self.hits
        self._open.set()

    def abandon(self) -> None:
        """Let the calls end without an answer; those held before acting never act."""
        self.abandoned = True
        self.release()

    def stand(self, call: CallRecord) -> bool:
        """Keep a call waiting here; return False if it was abandoned."""
        with self._changed:
            self._held.append(call)
            self._changed.notify_all()
        self._open.wait()
        return not self.abandoned


@dataclass(slots=True)
class CallbackFaults:
    """What goes wrong with callbacks made from now on.

    copies: each event is sent so often. lost: the fraction never sent. reorder_seconds: each is
    delayed by up to so much. identical_retry: a retry repeats body and query instead of encrypting
    anew. flat_member_list: MemChangeList as one text instead of Items. unknown_change: the
    ChangeType is replaced by one that nobody knows.
    """

    copies: int = 1
    lost: float = 0.0
    reorder_seconds: float = 0.0
    seed: int = 1
    bad_signature: bool = False
    wrong_receiveid: bool = False
    truncated: bool = False
    identical_retry: bool = False
    flat_member_list: bool = False
    unknown_change: bool = False


@dataclass(slots=True)
class Met:
    """The faults that one call meets."""

    latency: float = 0.0
    refusal: Fault | None = None
    drop_reply: bool = False
    before: Hold | None = None
    after: Hold | None = None


class Faults:
    """The faults in force."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._faults: list[Fault] = []
        self.callbacks = CallbackFaults()
        self.limits = dict(LIMITS)
        self.calls_per_minute: dict[str, int] = {}

    def latency(self, api: str, seconds: float, *, times: int | None = None) -> Fault:
        """Make calls of `api` take `seconds` longer, before WeCom acts."""
        return self._add(Fault("latency", api, seconds, times))

    def errcode(self, api: str, errcode: int, *, times: int | None = 1) -> Fault:
        """Answer with an errcode instead of acting: -1, 45009, 45033, 48002 and so on."""
        return self._add(Fault("errcode", api, errcode, times))

    def http(self, api: str, status: int = 500, *, times: int | None = 1) -> Fault:
        """Answer with an HTTP status and no JSON instead of acting."""
        return self._add(Fault("http", api, status, times))

    def html(self, api: str, *, times: int | None = 1) -> Fault:
        """Answer 200 with a page instead of acting, as a gateway in between does."""
        return self._add(Fault("html", api, 200, times))

    def empty(self, api: str, *, times: int | None = 1) -> Fault:
        """Answer 200 with nothing instead of acting."""
        return self._add(Fault("empty", api, 200, times))

    def drop_reply(self, api: str, *, times: int | None = 1) -> Fault:
        """Act, then close the connection without an answer."""
        return self._add(Fault("drop_reply", api, 0, times))

    def hold(self, api: str, point: Point = "before", *, times: int | None = 1) -> Hold:
        """Keep calls waiting at a point until `release()` or `abandon()`."""
        hold = Hold("hold", api, 0, times, point=point)
        self._add(hold)
        return hold

    def limit_concurrency(self, api: str, calls: int | None) -> None:
        """Answer 45033 to calls of `api` beyond so many at a time; None: no limit."""
        self.limits.pop(api, None)
        if calls is not None:
            self.limits[api] = calls

    def limit_rate(self, api: str, calls_per_minute: int | None) -> None:
        """Answer 45009 to calls of `api` beyond so many in a minute; None: no limit."""
        self.calls_per_minute.pop(api, None)
        if calls_per_minute is not None:
            self.calls_per_minute[api] = calls_per_minute

    def reset_callbacks(self) -> None:
        """Send callbacks properly again."""
        self.callbacks = CallbackFaults()

    def clear(self, fault: Fault | None = None) -> None:
        """End one fault, or all of them; calls that are held go on."""
        with self._lock:
            ended = [fault] if fault else list(self._faults)
            self._faults = [f for f in self._faults if f not in ended]
        for one in ended:
            if isinstance(one, Hold):
                one.release()
        if fault is None:
            self.reset_callbacks()

    def abandon_all(self) -> None:
        """End every hold without an answer: the sandbox stops."""
        for fault in self.active():
            if isinstance(fault, Hold):
                fault.abandon()

    def active(self) -> list[Fault]:
        """Return the faults that are not cleared, spent ones included."""
        with self._lock:
            return list(self._faults)

    def find(self, fault_id: int) -> Fault | None:
        """Find a fault by its number."""
        return next((f for f in self.active() if f.fault_id == fault_id), None)

    def meet(self, api: str) -> Met:
        """Tell what goes wrong with this call, and count it."""
        met = Met()
        with self._lock:
            for fault in self._faults:
                if fault.matches(api):
                    self._meet_one(fault, met)
        return met

    def _add(self, fault: Fault) -> Fault:
        with self._lock:
            fault.fault_id = next(self._numbers)
            self._faults.append(fault)
        return fault

    def _meet_one(self, fault: Fault, met: Met) -> None:
        if fault.kind in REFUSING:
            if met.refusal is not None:
                return
            met.refusal = fault
        elif isinstance(fault, Hold):
            if getattr(met, fault.point) is not None:
                return
            setattr(met, fault.point, fault)
        elif fault.kind == "latency":
            met.latency += fault.value
        else:
            met.drop_reply = True
        fault.hits += 1

"""The control API under /sandbox/api/: another process moves the clock, acts, injects, reads.

What only the pages use stands in `pages_api.py`.
"""

import dataclasses
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from .faults import Fault, Hold
from .json_api import answer, json_routes, read_body
from .people import People
from .records import Record

if TYPE_CHECKING:
    from .server import Sandbox

Json = dict[str, Any]

# What may be called from outside, by name; arguments are those of the methods.
PEOPLE_ACTS = tuple(name for name in dir(People) if not name.startswith("_"))
FAULT_KINDS = ("latency", "errcode", "http", "html", "empty", "drop_reply", "hold")
SETTINGS = ("limit_concurrency", "limit_rate")
PAGE_MOST = 1000
WAIT_MOST = 25.0
WAITING_MOST = 64


def control_routes(box: "Sandbox") -> Blueprint:
    """Return the routes."""
    return json_routes("control", _Control(box).table())


class _Control:
    """One method per route."""

    def __init__(self, box: "Sandbox") -> None:
        self._box = box
        self._waiting = threading.BoundedSemaphore(WAITING_MOST)

    def table(self) -> list[tuple[str, str, Callable[..., Response]]]:
        return [
            ("/state", "GET", self.state),
            ("/ready", "GET", self.readiness),
            ("/ready", "POST", self.say_ready),
            ("/clock", "GET", self.clock),
            ("/clock", "POST", self.move_clock),
            ("/connect", "POST", self.connect),
            ("/verify", "POST", self.verify),
            ("/people/<act>", "POST", self.people),
            ("/ledger", "GET", self.ledger),
            ("/faults", "GET", self.faults),
            ("/faults", "POST", self.add_fault),
            ("/faults", "DELETE", self.clear_faults),
            ("/faults/callbacks", "POST", self.callback_faults),
            ("/faults/<int:fault_id>", "DELETE", self.clear_fault),
            ("/faults/<int:fault_id>/release", "POST", self.release),
            ("/faults/<int:fault_id>/abandon", "POST", self.abandon),
            ("/tokens/revoke", "POST", self.revoke_tokens),
            ("/delivery", "POST", self.delivery),
            ("/apps/<int:agentid>", "POST", self.change_app),
        ]

    def state(self) -> Response:
        box, world = self._box, self._box.world
        with world.lock:
            return answer(
                {
                    "corp_id": world.corp_id,
                    "agent_id": box.agent_id,
                    # Invented ones, for whoever writes the configuration of a server to try.
                    "secret": box.app.secret,
                    "token": box.app.token,
                    "aes_key": box.app.aes_key,
                    "callback_url": box.app.callback_url,
                    "server_url": box.server_url,
                    "clock_offset": box.clock.offset,
                    "members": len(world.members),
                    "customers": len(world.customers),
                    "crowd": world.crowd.size if world.crowd else 0,
                    "groups": len(world.groups),
                    "revision": box.ledger.revision,
                    **self._readiness(),
                    "events": {
                        outcome: len(box.ledger.event_ids(outcome))
                        for outcome in ("waiting", "acked", "given_up", "lost", "unsent")
                    },
                    "welcomes": box.ledger.count("welcome"),
                    "messages": box.ledger.count("message"),
                    "calls": box.ledger.count("call"),
                }
            )

    def readiness(self) -> Response:
        return answer(self._readiness())

    def say_ready(self) -> Response:
        self._box.ready = True
        return answer(self._readiness())

    def _readiness(self) -> Json:
        """Return whether people may play, and a word that is another one after every start."""
        return {"ready": self._box.ready, "instance": self._box.instance}

    def clock(self) -> Response:
        return answer({"offset": self._box.clock.offset, "time": self._box.clock.time()})

    def move_clock(self) -> Response:
        asked = read_body()
        if "offset" in asked:
            self._box.clock.set_offset(float(asked["offset"]))
        self._box.clock.move(float(asked.get("move", 0)))
        self._box.ledger.act("clock", offset=self._box.clock.offset)
        return self.clock()

    def connect(self) -> Response:
        self._box.connect(**read_body())
        return self.state()

    def verify(self) -> Response:
        return answer({"faults": self._box.verify_callback_url()})

    def people(self, act: str) -> Response:
        if act not in PEOPLE_ACTS:
            raise LookupError(f"people do not {act}")
        return answer({"result": _plain(getattr(self._box.people, act)(**read_body()))})

    def ledger(self) -> Response:
        after = int(request.args.get("after", 0))
        limit = min(int(request.args.get("limit", 100)), PAGE_MOST)
        kind = request.args.get("kind", "")
        if "latest" in request.args:
            limit = max(1, min(int(request.args["latest"]), PAGE_MOST))
            after = max(self._box.ledger.revision - limit, 0)
        if "latest" in request.args and kind:
            rows, following = self._box.ledger.newest(limit, kind=kind)
        else:
            self._wait_for_rows(after, kind)
            rows, following = self._box.ledger.page(after, limit=limit, kind=kind)
        page = {"rows": _plain(rows), "next": following, "instance": self._box.instance}
        return answer(page)

    def _wait_for_rows(self, after: int, kind: str) -> None:
        """Keep the caller waiting for as long as he asked; one too many looks once a second."""
        seconds = min(float(request.args.get("wait", 0)), WAIT_MOST)
        if seconds <= 0:
            return
        if not self._waiting.acquire(blocking=False):
            time.sleep(min(seconds, 1))
            return
        try:
            self._box.ledger.await_rows(after, kind=kind, timeout=seconds)
        finally:
            self._waiting.release()

    def faults(self) -> Response:
        box = self._box
        return answer(
            {
                "faults": [_fault(fault) for fault in box.faults.active()],
                "callbacks": dataclasses.asdict(box.faults.callbacks),
                "limits": box.faults.limits,
                "calls_per_minute": box.faults.calls_per_minute,
            }
        )

    def add_fault(self) -> Response:
        asked = read_body()
        kind = asked.pop("kind", "")
        if kind in SETTINGS:
            getattr(self._box.faults, kind)(**asked)
            return self.faults()
        if kind not in FAULT_KINDS:
            raise LookupError(f"no fault {kind}")
        self._box.ledger.act("fault", fault=kind, **asked)
        return answer({"fault": _fault(getattr(self._box.faults, kind)(**asked))})

    def clear_faults(self) -> Response:
        self._box.named_faults.clear()
        self._box.faults.clear()
        return self.faults()

    def clear_fault(self, fault_id: int) -> Response:
        self._box.faults.clear(self._fault(fault_id))
        return self.faults()

    def callback_faults(self) -> Response:
        faults = self._box.faults
        faults.callbacks = dataclasses.replace(faults.callbacks, **read_body())
        return self.faults()

    def release(self, fault_id: int) -> Response:
        self._hold(fault_id).release()
        return self.faults()

    def abandon(self, fault_id: int) -> Response:
        self._hold(fault_id).abandon()
        return self.faults()

    def revoke_tokens(self) -> Response:
        self._box.revoke_tokens()
        return self.state()

    def delivery(self) -> Response:
        asked, delivery = read_body(), self._box.delivery
        delivery.timeout = float(asked.get("timeout", delivery.timeout))
        delivery.retry_seconds = float(asked.get("retry_seconds", delivery.retry_seconds))
        if "paused" in asked:
            if asked["paused"]:
                delivery.pause()
            else:
                delivery.resume(asked.get("shuffle_seed"))
        return self.state()

    def change_app(self, agentid: int) -> Response:
        asked, app = read_body(), self._box.world.apps[agentid]
        app.callable_external = bool(asked.get("callable_external", app.callable_external))
        app.redirect_domain = str(asked.get("redirect_domain", app.redirect_domain))
        if "trusted_ips" in asked:
            ips = asked["trusted_ips"]
            app.trusted_ips = None if ips is None else set(ips)
        return self.state()

    def _fault(self, fault_id: int) -> Fault:
        fault = self._box.faults.find(fault_id)
        if fault is None:
            raise LookupError(f"no fault {fault_id}")
        return fault

    def _hold(self, fault_id: int) -> Hold:
        fault = self._fault(fault_id)
        if isinstance(fault, Hold):
            return fault
        raise LookupError(f"fault {fault_id} holds nothing")


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.as_dict()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value


def _fault(fault: Fault) -> Json:
    row = {
        "fault_id": fault.fault_id,
        "kind": fault.kind,
        "api": fault.api,
        "value": fault.value,
        "times": fault.times,
        "hits": fault.hits,
    }
    return row | ({"point": fault.point} if isinstance(fault, Hold) else {})

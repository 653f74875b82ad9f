"""Callbacks on their way: encrypted, signed, posted, tried again, and every attempt written down.

WeCom waits 5 seconds, takes 200 as received and anything else as failed, and tries up to 3 more
times. A pool of threads delivers; spacing of retries is real time, whatever the sandbox's clock.
"""

import heapq
import itertools
import random
import secrets
import threading
from dataclasses import dataclass
from typing import Any

import requests

from .clock import Clock, monotonic
from .events import Envelope, event_xml, seal
from .faults import Faults
from .ledger import Ledger
from .letters import Letters
from .records import AttemptRecord, EventRecord
from .world import App, World

OK = 200
REPLY_CHARS = 200
WRONG_RECEIVEID = "wwsandboxsomeoneelse"


@dataclass(slots=True, eq=False)
class Letter:
    """One copy of one event for one app."""

    number: int
    event: EventRecord
    app: App
    fields: dict[str, Any]
    attempts: int = 0
    envelope: Envelope | None = None


class Delivery:
    """The pool that posts callbacks. `timeout` and `retry_seconds` are real seconds."""

    def __init__(
        self, world: World, clock: Clock, *, ledger: Ledger, faults: Faults, threads: int = 32
    ) -> None:
        self.timeout = 5.0
        self.retries = 3
        self.retry_seconds = 5.0
        self._world = world
        self._clock = clock
        self._ledger = ledger
        self._faults = faults
        self._size = threads
        self.letters = Letters(ledger)
        self._numbers = itertools.count(1)
        self._threads: list[threading.Thread] = []
        self._due: list[tuple[float, int, Letter]] = []
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._idle = threading.Condition(self._lock)
        self._places = itertools.count(1)
        self._working = 0
        self._paused = False
        self._closed = False
        self._random = random.Random(1)  # noqa: S311 -- seeded: which letters go astray
        self._seed = 1

    def send(self, event: EventRecord, fields: dict[int, dict[str, Any]]) -> None:
        """Send an event to the apps named by agentid, each with fields of its own."""
        faults = self._faults.callbacks
        apps = [app for app in self._world.apps.values() if app.agentid in fields]
        wanted = [app for app in apps if app.callback_url]
        if not wanted:
            self._ledger.change(event, outcome="unsent")
            return
        if self._draw() < faults.lost:
            self._ledger.change(event, outcome="lost")
            return
        letters = [
            Letter(next(self._numbers), event, app, fields[app.agentid])
            for app in wanted
            for _ in range(faults.copies)
        ]
        event.open_letters = len(letters)
        for letter in letters:
            self._post(letter, self._draw() * faults.reorder_seconds)

    def pause(self) -> None:
        """Keep events made from now on."""
        with self._changed:
            self._paused = True

    def resume(self, shuffle_seed: int | None = None) -> None:
        """Send what was kept: in order, or shuffled the same way for the same seed."""
        with self._changed:
            self._paused = False
            if shuffle_seed is not None:
                self._shuffle(shuffle_seed)
            self._changed.notify_all()

    def wait_idle(self, timeout: float = 30.0) -> None:
        """Wait until every letter is acknowledged or given up. Raises: TimeoutError."""
        with self._changed:
            if not self._idle.wait_for(lambda: not self._due and not self._working, timeout):
                raise TimeoutError("callbacks are still on their way")

    def close(self) -> None:
        """Stop; what is still on its way stays waiting in the ledger."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(self.timeout + 1)

    def _draw(self) -> float:
        if self._seed != self._faults.callbacks.seed:
            self._seed = self._faults.callbacks.seed
            self._random.seed(self._seed)
        return self._random.random()

    def _post(self, letter: Letter, seconds: float) -> None:
        with self._changed:
            if self._closed:
                return
            self._start_thread()
            heapq.heappush(self._due, (monotonic() + seconds, next(self._places), letter))
            self._changed.notify()

    def _start_thread(self) -> None:
        if len(self._threads) < min(self._size, len(self._due) + self._working + 1):
            thread = threading.Thread(target=self._run, name="sandbox-delivery", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _shuffle(self, seed: int) -> None:
        letters = [letter for _, _, letter in sorted(self._due)]
        random.Random(seed).shuffle(letters)  # noqa: S311 -- the same order for the same seed
        now = monotonic()
        self._due = [(now, next(self._places), letter) for letter in letters]

    def _run(self) -> None:
        session = requests.Session()
        session.trust_env = False
        with session:
            while letter := self._next():
                try:
                    self._attempt(letter, session)
                finally:
                    self._done()

    def _next(self) -> Letter | None:
        with self._changed:
            while not self._closed:
                wait = self._due[0][0] - monotonic() if self._due else None
                if not self._paused and wait is not None and wait <= 0:
                    self._working += 1
                    return heapq.heappop(self._due)[2]
                self._changed.wait(None if self._paused else wait)
        return None

    def _done(self) -> None:
        with self._changed:
            self._working -= 1
            if not self._due and not self._working:
                self._idle.notify_all()

    def _attempt(self, letter: Letter, session: requests.Session) -> None:
        letter.attempts += 1
        envelope = self._envelope(letter)
        began = monotonic()
        if letter.event.first_sent is None:
            letter.event.first_sent = began
        status, error, reply = self._exchange(letter.app.callback_url, envelope, session)
        acked = status == OK
        last = letter.attempts > self.retries
        self._ledger.add(
            AttemptRecord(
                event_id=letter.event.event_id,
                agentid=letter.app.agentid,
                letter=letter.number,
                number=letter.attempts,
                status=status,
                ms=(monotonic() - began) * 1000,
                outcome="acked" if acked else "given_up" if last else "failed",
                error=error,
                reply=reply,
            )
        )
        if acked or last:
            self._settle(letter.event, acked=acked)
        else:
            self._post(letter, self.retry_seconds)

    def _envelope(self, letter: Letter) -> Envelope:
        faults = self._faults.callbacks
        if letter.envelope and faults.identical_retry:
            return letter.envelope
        xml = event_xml(letter.fields, faults)
        envelope = seal(
            xml,
            letter.app,
            receiveid=WRONG_RECEIVEID if faults.wrong_receiveid else self._world.corp_id,
            timestamp=str(self._clock.unix()),
            nonce=str(secrets.randbelow(10**10)),
            corp_id=self._world.corp_id,
        )
        if faults.bad_signature:
            envelope.query["msg_signature"] = secrets.token_hex(20)
        if faults.truncated:
            envelope = Envelope(envelope.query, envelope.body[: len(envelope.body) // 2])
        letter.envelope = envelope
        self.letters.keep(letter.event.event_id, xml, envelope)
        return envelope

    def _exchange(
        self, url: str, envelope: Envelope, session: requests.Session
    ) -> tuple[int | None, str, str]:
        try:
            answer = session.post(
                url,
                params=envelope.query,
                data=envelope.body,
                headers={"Content-Type": "text/xml; charset=utf-8", "User-Agent": "Mozilla/4.0"},
                timeout=self.timeout,
                allow_redirects=False,
            )
        except requests.RequestException as problem:
            return None, type(problem).__name__, ""
        return answer.status_code, "", answer.text[:REPLY_CHARS]

    def _settle(self, event: EventRecord, *, acked: bool) -> None:
        with self._changed:
            event.open_letters -= 1
            open_letters = event.open_letters
        if acked:
            first = event.acked_monotonic or monotonic()
            self._ledger.change(event, outcome="acked", acks=event.acks + 1, acked_monotonic=first)
        elif not open_letters and event.outcome == "waiting":
            self._ledger.change(event, outcome="given_up")

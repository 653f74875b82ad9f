"""The ledger: an append-only list of all that happened, the oracle of the tests.

Verdicts are comparisons of sets: what was sent, acknowledged, accepted, delivered. Rows are filled
in as things end, and every such change moves `revision`, so that a reader in another process can
page through the changes.
"""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from .clock import Clock, monotonic
from .records import (
    ActRecord,
    AttemptRecord,
    CallRecord,
    EventRecord,
    MessageRecord,
    Record,
    WelcomeRecord,
)

WELCOME_API = "externalcontact/send_welcome_msg"

COSTLY_SECONDS = 0.001
GATHER_SECONDS = 0.05
PAGE_ROWS = 1000

R = TypeVar("R", bound=Record)


class Ledger:
    """Everything that happened, in order. Every query returns a list of its own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition(threading.Lock())
        self._followers: list[Callable[[Record], None]] = []
        self._closed = False
        self._start()

    def _start(self) -> None:
        self._records: list[Record] = []
        self._changes: list[Record] = []
        self._by_kind: dict[str, list[Any]] = defaultdict(list)
        self._calls_by_api: dict[str, list[CallRecord]] = defaultdict(list)
        self._attempts_by_event: dict[int, list[AttemptRecord]] = defaultdict(list)
        self._welcomes_by_customer: dict[str, list[WelcomeRecord]] = defaultdict(list)
        self._messages_by_member: dict[str, list[MessageRecord]] = defaultdict(list)
        self._in_flight: Counter[str] = Counter()
        self._most_in_flight: Counter[str] = Counter()

    # Writing: for the rest of the sandbox.

    def add(self, record: R) -> R:
        """Append a row: number it, stamp it unless it has a time, wake those who wait."""
        with self._changed:
            record.seq = len(self._records) + 1
            record.at = record.at or self._clock.time()
            record.monotonic = record.monotonic or monotonic()
            self._records.append(record)
            self._by_kind[record.kind].append(record)
            self._index(record)
            self._note(record)
        for follower in self._followers:
            follower(record)
        return record

    def change(self, record: Record, **values: Any) -> None:
        """Fill in a row and wake those who wait."""
        with self._changed:
            for name, value in values.items():
                setattr(record, name, value)
            self._note(record)

    def enter(self, call: CallRecord) -> int:
        """Count a call as being worked; return how many of its API are."""
        with self._changed:
            self._in_flight[call.api] += 1
            call.in_flight = self._in_flight[call.api]
            self._most_in_flight[call.api] = max(self._most_in_flight[call.api], call.in_flight)
            return call.in_flight

    def leave(self, call: CallRecord) -> None:
        """Count a call as worked."""
        with self._changed:
            self._in_flight[call.api] -= 1

    def act(self, name: str, **details: Any) -> ActRecord:
        """Write down what the sandbox was told to do."""
        return self.add(ActRecord(name, details))

    def follow(self, follower: Callable[[Record], None]) -> None:
        """Tell every new row to `follower`, in the thread that adds it."""
        self._followers.append(follower)

    def clear(self) -> None:
        """Forget everything; only between two runs, when nothing is under way."""
        with self._changed:
            self._start()
            self._changed.notify_all()

    # Waiting and paging.

    def wait_for(self, predicate: Callable[["Ledger"], Any], timeout: float = 10.0) -> Any:
        """Wait until `predicate(ledger)` is truthy and return that value.

        It is asked again after changes only. Raises: TimeoutError after `timeout` seconds.
        """
        end = monotonic() + timeout
        while True:
            revision = self.revision
            began = monotonic()
            value = predicate(self)
            if value:
                return value
            # A costly question is asked less often: the sandbox has other work to do.
            if (cost := monotonic() - began) > COSTLY_SECONDS:
                time.sleep(min(9 * cost, max(end - monotonic(), 0)))
            if not self._await_change(revision, end - monotonic()):
                raise TimeoutError("the ledger did not come to say what was awaited")

    @property
    def revision(self) -> int:
        """The number of changes so far: pass it as `after` to `page`."""
        return len(self._changes)

    def page(self, after: int = 0, *, limit: int = 100, kind: str = "") -> tuple[list[Record], int]:
        """Return rows changed after a revision, and the revision to ask from next.

        A row that changed twice comes twice; it is known by its `seq`.
        """
        with self._changed:
            stop = min(after + limit, len(self._changes))
            rows = self._changes[after:stop]
        return [row for row in rows if kind in ("", row.kind)], stop

    def newest(self, limit: int, *, kind: str) -> tuple[list[Record], int]:
        """Return the newest rows of a kind, oldest first, and the revision to ask from next."""
        with self._changed:
            return self._by_kind[kind][-limit:], len(self._changes)

    def await_rows(self, after: int, *, kind: str, timeout: float) -> None:
        """Wait until a row of a kind has changed after a revision, or the time is over, or `close`.

        Returns a moment after the change: many rows change at once in a storm, and many pages wait.
        """
        end = monotonic() + timeout
        rows, seen = self.page(after, limit=PAGE_ROWS, kind=kind)
        while not rows and not self._closed and monotonic() < end:
            with self._changed:
                if len(self._changes) == seen and not self._closed:
                    self._changed.wait(max(end - monotonic(), 0))
            time.sleep(GATHER_SECONDS)
            rows, seen = self.page(seen, limit=PAGE_ROWS, kind=kind)

    def close(self) -> None:
        """Let those go who wait in `await_rows`."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    # Questions.

    def events(
        self,
        *,
        change_type: str | None = None,
        userid: str | None = None,
        external_userid: str | None = None,
        outcome: str | None = None,
    ) -> list[EventRecord]:
        """Return the events made, narrowed by what is given."""
        return self._matching(
            self._by_kind["event"],
            change_type=change_type,
            userid=userid,
            external_userid=external_userid,
            outcome=outcome,
        )

    def event(self, event_id: int) -> EventRecord | None:
        """Find an event by its number."""
        with self._changed:
            known = 0 < event_id <= len(self._records)
            record = self._records[event_id - 1] if known else None
        return record if isinstance(record, EventRecord) else None

    def event_ids(self, outcome: str | None = None) -> set[int]:
        """Return ids of events by outcome: acked, given_up, waiting, lost, unsent; None: all."""
        return {event.event_id for event in self.events(outcome=outcome)}

    def attempts(self, event_id: int | None = None) -> list[AttemptRecord]:
        """Return the delivery attempts, of one event or all."""
        rows = (
            self._by_kind["attempt"]
            if event_id is None
            else self._attempts_by_event.get(event_id, [])
        )
        return self._matching(rows)

    def calls(
        self,
        api: str | None = None,
        *,
        errcode: int | None = None,
        state: str | None = None,
        acted: bool | None = None,
    ) -> list[CallRecord]:
        """Return the API calls received, narrowed by what is given."""
        rows = self._by_kind["call"] if api is None else self._calls_by_api.get(api, [])
        return self._matching(rows, errcode=errcode, state=state, acted=acted)

    def unanswered(self) -> list[CallRecord]:
        """Return the calls of APIs that the sandbox does not know."""
        return self._matching(self._by_kind["call"], answered=False)

    def accepted_welcomes(
        self,
        *,
        userid: str | None = None,
        external_userid: str | None = None,
        code: str | None = None,
    ) -> list[WelcomeRecord]:
        """Return the welcomes that reached customers, narrowed by what is given."""
        if external_userid is None:
            rows = self._by_kind["welcome"]
        else:
            rows = self._welcomes_by_customer.get(external_userid, [])
        return self._matching(rows, userid=userid, code=code)

    def welcome_counts(self) -> Counter[tuple[str, str]]:
        """Return how many welcomes each (userid, external_userid) got."""
        return Counter((w.userid, w.external_userid) for w in self.accepted_welcomes())

    def welcome_posts(self, code: str | None = None) -> list[CallRecord]:
        """Return the calls of send_welcome_msg, whatever their answer, of one code or all."""
        posts = self.calls(WELCOME_API)
        return [p for p in posts if code in (None, p.params.get("body", {}).get("welcome_code"))]

    def messages(
        self, userid: str | None = None, *, outcome: str | None = "delivered"
    ) -> list[MessageRecord]:
        """Return the app messages of one member or all; `outcome=None`: undelivered ones too."""
        rows = self._by_kind["message"]
        if userid is not None:
            rows = self._messages_by_member.get(userid, [])
        return self._matching(rows, outcome=outcome)

    def acts(self) -> list[ActRecord]:
        """Return what the sandbox was told to do."""
        return self._matching(self._by_kind["act"])

    def in_flight(self, api: str) -> int:
        """Return how many calls of this API are being worked now."""
        return self._in_flight[api]

    def most_in_flight(self, api: str) -> int:
        """Return how many calls of this API were ever worked at the same time."""
        return self._most_in_flight[api]

    def count(self, kind: str) -> int:
        """Return how many rows of a kind there are: event, attempt, call, welcome, message, act."""
        return len(self._by_kind[kind])

    # Helpers.

    def _index(self, record: Record) -> None:
        if isinstance(record, CallRecord):
            self._calls_by_api[record.api].append(record)
        elif isinstance(record, AttemptRecord):
            self._attempts_by_event[record.event_id].append(record)
        elif isinstance(record, WelcomeRecord):
            self._welcomes_by_customer[record.external_userid].append(record)
        elif isinstance(record, MessageRecord):
            self._messages_by_member[record.userid].append(record)

    def _note(self, record: Record) -> None:
        self._changes.append(record)
        self._changed.notify_all()

    def _await_change(self, revision: int, timeout: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: len(self._changes) != revision, max(timeout, 0))

    def _matching(self, rows: Sequence[R], **wanted: Any) -> list[R]:
        wishes = [(name, value) for name, value in wanted.items() if value is not None]
        with self._changed:
            found = list(rows)
        for name, value in wishes:
            found = [row for row in found if getattr(row, name) == value]
        return found

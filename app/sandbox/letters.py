"""The callbacks as they were posted, plain and sealed, for whoever wants to read them: the newest.

Only so many events are kept; the ledger keeps what became of all of them.
"""

import threading
from collections import OrderedDict
from typing import Any

from .events import Envelope, event_xml
from .faults import CallbackFaults
from .ledger import Ledger

EVENTS_KEPT = 300


class Letters:
    """The newest callbacks by the number of their event."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, tuple[str, Envelope]] = OrderedDict()

    def keep(self, event_id: int, plaintext: str, envelope: Envelope) -> None:
        """Keep what is posted; of several attempts the last."""
        with self._lock:
            self._kept[event_id] = plaintext, envelope
            if len(self._kept) > EVENTS_KEPT:
                self._kept.popitem(last=False)

    def find(self, event_id: int) -> dict[str, Any] | None:
        """Return a callback and its attempts; None if there was no such event."""
        event = self._ledger.event(event_id)
        if event is None:
            return None
        with self._lock:
            kept = self._kept.get(event_id)
        plaintext, envelope = kept or (event_xml(event.fields, CallbackFaults()), None)
        return {
            "event": event.as_dict(),
            "kept": kept is not None,
            "plaintext": plaintext,
            "ciphertext": envelope.body.decode(errors="replace") if envelope else "",
            "query": envelope.query if envelope else {},
            "attempts": [attempt.as_dict() for attempt in self._ledger.attempts(event_id)],
        }

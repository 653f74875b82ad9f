"""The sandbox from outside: its control API, as the demo uses it."""

import threading
from collections.abc import Callable
from typing import Any

import requests

from app import clock

SECONDS = 10.0
LOOK_SECONDS = 0.1
PAGE = 1000
# Who follows the clock looks this often where it stands, and a moment later has seen it.
CLOCK_SECONDS = clock.REREAD_SECONDS + 0.002

Row = dict[str, Any]


class SandboxClient:
    """One connection to the control API. `stop`: whoever waits here gives up when it is set."""

    def __init__(self, address: str, stop: threading.Event) -> None:
        self.address = address
        self.stop = stop
        self._api = f"{address}/sandbox/api"
        self._http = requests.Session()
        # Nobody's proxy leads to this machine.
        self._http.trust_env = False

    def state(self) -> Row:
        """Return figures about the world, and what its app's settings are."""
        return self._answer(self._http.get(f"{self._api}/state", timeout=SECONDS))

    def say_ready(self) -> None:
        """Let people play: its pages have waited for this."""
        self._post("ready", {})

    def set_offset(self, seconds: float) -> None:
        """Put the clock so far from the real time, in the sandbox."""
        self._post("clock", {"offset": seconds})

    def await_followers(self) -> None:
        """Wait until the server's processes, too, must have looked at the clock."""
        self.stop.wait(CLOCK_SECONDS)

    def act(self, verb: str, **details: Any) -> Any:
        """Let people do something; return the event that came of it, or the events."""
        return self._post(f"people/{verb}", details)["result"]

    def wait_row(
        self, after: int, *, kind: str, wanted: Callable[[Row], bool], within: float
    ) -> Row | None:
        """Return the first wanted row of the ledger after a revision, None if none comes."""
        end = clock.monotonic() + within
        while clock.monotonic() < end and not self.stop.wait(LOOK_SECONDS):
            asked = {"after": str(after), "kind": kind, "limit": str(PAGE)}
            answer = self._http.get(f"{self._api}/ledger", params=asked, timeout=SECONDS)
            page = self._answer(answer)
            after = int(page["next"])
            for row in page["rows"]:
                if wanted(row):
                    return dict(row)
        return None

    def _post(self, path: str, body: Row) -> Row:
        return self._answer(self._http.post(f"{self._api}/{path}", json=body, timeout=SECONDS))

    def _answer(self, response: requests.Response) -> Row:
        response.raise_for_status()
        answer: Row = response.json()
        return answer

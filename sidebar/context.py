"""Who looks at whom: the signed-in member, and the customer whose card he has open.

A customer whom we do not know yet, or not with this viewer, is read from WeCom before we say no;
what is said then does not tell whether the customer exists.
"""

import re
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import timedelta

from app import clock
from app.customers.jobs import read_customer
from app.customers.models import Customer
from app.customers.queries import Viewpoint, find_viewpoint
from app.runtime import Runtime
from app.wecom.errors import too_busy

EXTERNAL_USERID = re.compile(r"[A-Za-z0-9_-]{1,64}")
READ_SECONDS = 4.0
# So often at most WeCom is asked for the same customer whom a viewer may not see.
AGAIN_SECONDS = 60.0
MOST_REMEMBERED = 2000


@dataclass(frozen=True)
class Viewer:
    """The member who is signed in."""

    userid: str
    name: str


@dataclass(frozen=True)
class CardContext:
    """A viewer before a customer's card, which he may see."""

    viewer: Viewer
    viewpoint: Viewpoint

    @property
    def external_userid(self) -> str:
        """The customer."""
        return self.viewpoint.follow.external_userid


@dataclass(eq=False)
class _Asked:
    lock: threading.Lock = field(default_factory=threading.Lock)
    at: float = float("-inf")


class Cards:
    """Finds out what a viewer may see, and asks WeCom where we may merely not know it yet."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._asked: OrderedDict[str, _Asked] = OrderedDict()
        self._asked_lock = threading.Lock()

    def find(self, viewer: Viewer, external_userid: str) -> CardContext | None:
        """Return the card's context; None: not his customer, or nobody at all.

        Raises:
            WeComError: WeCom could not be asked.
        """
        if not EXTERNAL_USERID.fullmatch(external_userid):
            return None
        viewpoint = self._seen_by(viewer, external_userid)
        if viewpoint is None:
            self._read(external_userid)
            viewpoint = self._seen_by(viewer, external_userid)
        return CardContext(viewer, viewpoint) if viewpoint else None

    def _seen_by(self, viewer: Viewer, external_userid: str) -> Viewpoint | None:
        with self._runtime.db.read() as session:
            return find_viewpoint(session, viewer.userid, external_userid)

    def _read(self, external_userid: str) -> None:
        """Ask WeCom, one at a time for a customer; who waited finds what the first has read."""
        asked = self._entry(external_userid)
        if not asked.lock.acquire(timeout=READ_SECONDS):
            raise too_busy("externalcontact/get", 1.0)
        try:
            self._read_once_a_minute(asked, external_userid)
        finally:
            asked.lock.release()

    def _read_once_a_minute(self, asked: _Asked, external_userid: str) -> None:
        too_soon = clock.monotonic() - asked.at < AGAIN_SECONDS
        if too_soon or self._is_fresh(external_userid):
            return
        record = read_customer(self._runtime, external_userid, within=READ_SECONDS)
        # A failure above is no answer: the next one asks again.
        asked.at = clock.monotonic()
        if record is not None:
            self._runtime.db.commit(record)

    def _is_fresh(self, external_userid: str) -> bool:
        with self._runtime.db.read() as session:
            customer = session.get(Customer, external_userid)
        fetched_at = customer.fetched_at if customer else None
        long_ago = clock.utcnow() - timedelta(seconds=AGAIN_SECONDS)
        return fetched_at is not None and fetched_at > long_ago

    def _entry(self, external_userid: str) -> _Asked:
        with self._asked_lock:
            asked = self._asked.setdefault(external_userid, _Asked())
            self._asked.move_to_end(external_userid)
            while len(self._asked) > MOST_REMEMBERED:
                self._asked.popitem(last=False)
        return asked

"""Who looks at whom: the signed-in member, and the customer whose card he has open.

A customer whom we do not know yet, or not with this viewer, is read from WeCom before we say no;
what is said then does not tell whether the customer exists: WeCom is asked for one whom we know as
for any other, so that its being busy says nothing either.
"""

import re
import threading
from dataclasses import dataclass, field

from app import clock
from app.customers.jobs import read_customer
from app.customers.queries import Viewpoint, find_viewpoint
from app.runtime import Runtime
from app.wecom.errors import too_busy
from sidebar.problems import Problem
from sidebar.turns import RETRY_SECONDS, Pace, Recent, Turns

EXTERNAL_USERID = re.compile(r"[A-Za-z0-9_-]{1,64}")
READ_SECONDS = 4.0
READS_AT_ONCE = 8
# Whoever opens a page again while it reads waits so long for what it finds.
SAME_SECONDS = 1.0
# So often at most WeCom is asked for the same customer whom a viewer may not see, and so many looks
# at such customers he has in that time.
AGAIN_SECONDS = 60.0
STRANGERS = 20
MOST_REMEMBERED = 2000
GET_CUSTOMER = "externalcontact/get"


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


def _strangers() -> Pace:
    return Pace(STRANGERS / AGAIN_SECONDS, burst=STRANGERS)


class Cards:
    """Finds out what a viewer may see, and asks WeCom where we may merely not know it yet."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._turns = Turns(READS_AT_ONCE)
        # By viewer and customer: what one has asked for shows in no answer to another.
        self._asked: Recent[tuple[str, str], _Asked] = Recent(_Asked, most=MOST_REMEMBERED)
        self._paces: Recent[str, Pace] = Recent(_strangers, most=MOST_REMEMBERED)

    def find(self, viewer: Viewer, external_userid: str) -> CardContext | None:
        """Return the card's context; None: not his customer, or nobody at all.

        Raises:
            WeComError: WeCom could not be asked.
            Problem: too_many, the viewer has looked for too many who are not his.
        """
        if not EXTERNAL_USERID.fullmatch(external_userid):
            return None
        viewpoint = self._seen_by(viewer, external_userid)
        if viewpoint is None:
            self._read(viewer, external_userid)
            viewpoint = self._seen_by(viewer, external_userid)
        return CardContext(viewer, viewpoint) if viewpoint else None

    def _seen_by(self, viewer: Viewer, external_userid: str) -> Viewpoint | None:
        with self._runtime.db.read() as session:
            return find_viewpoint(session, viewer.userid, external_userid)

    def _read(self, viewer: Viewer, external_userid: str) -> None:
        """Ask WeCom, one at a time for a card; who waited finds what the first has read."""
        if not self._paces.of(viewer.userid).take():
            raise Problem("too_many", reason="strangers")
        asked = self._asked.of((viewer.userid, external_userid))
        if not asked.lock.acquire(timeout=SAME_SECONDS):
            raise too_busy(GET_CUSTOMER, RETRY_SECONDS)
        try:
            if clock.monotonic() - asked.at >= AGAIN_SECONDS:
                self._ask(external_userid)
                # A failure above is no answer: the next one asks again.
                asked.at = clock.monotonic()
        finally:
            asked.lock.release()

    def _ask(self, external_userid: str) -> None:
        with self._turns.taken(GET_CUSTOMER):
            record = read_customer(self._runtime, external_userid, within=READ_SECONDS)
        if record is not None:
            self._runtime.db.commit(record)

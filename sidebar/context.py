"""Who looks at whom: the signed-in member, and the customer or group whose chat he has open.

One whom we do not know yet, or not with this viewer, is read from WeCom before we say no; what is
said then does not tell whether he exists: WeCom is asked for one whom we know as for any other, so
that its being busy says nothing either.
"""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import quote

from app import clock
from app.customers.jobs import read_customer
from app.customers.queries import Viewpoint, find_viewpoint
from app.groups.jobs import read_group
from app.groups.models import GroupChat
from app.groups.queries import find_group
from app.runtime import Runtime
from app.turns import RETRY_SECONDS, Pace, Recent, Turns
from app.wecom.errors import too_busy
from sidebar.problems import Problem

WIRE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
READ_SECONDS = 4.0
READS_AT_ONCE = 8
# Whoever opens a page again while it reads waits so long for what it finds.
SAME_SECONDS = 1.0
# So often at most WeCom is asked for the same one whom a viewer may not see, and so many looks
# at such ones he has in that time.
AGAIN_SECONDS = 60.0
STRANGERS = 20
MOST_REMEMBERED = 2000
GET_CUSTOMER = "externalcontact/get"
GET_GROUP = "externalcontact/groupchat/get"


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

    @property
    def path(self) -> str:
        """The address of the card; its panels lie below."""
        return f"/sidebar/customers/{quote(self.external_userid, safe='')}"


@dataclass(frozen=True)
class GroupContext:
    """A viewer before a group's card, which he may see."""

    viewer: Viewer
    chat: GroupChat

    @property
    def path(self) -> str:
        """The address of the card; its panels lie below."""
        return f"/sidebar/groups/{quote(self.chat.chat_id, safe='')}"


class Cards:
    """Finds out what a viewer may see, and asks WeCom where we may merely not know it yet."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._asks = _Asks()

    def find(self, viewer: Viewer, external_userid: str) -> CardContext | None:
        """Return the context of a customer's card; None: not his customer, or nobody at all.

        Raises:
            WeComError: WeCom could not be asked.
            Problem: too_many, the viewer has looked for too many who are not his.
        """
        if not WIRE_ID.fullmatch(external_userid):
            return None
        viewpoint = self._seen_by(viewer, external_userid)
        if viewpoint is None:
            self._asks.ask(
                viewer, external_userid, GET_CUSTOMER, partial(self._ask_customer, external_userid)
            )
            viewpoint = self._seen_by(viewer, external_userid)
        return CardContext(viewer, viewpoint) if viewpoint else None

    def find_group(self, viewer: Viewer, chat_id: str) -> GroupContext | None:
        """Return the context of a group's card; None: not his group, or none at all.

        Raises:
            WeComError, Problem: as `find`.
        """
        if not WIRE_ID.fullmatch(chat_id):
            return None
        chat = self._group_of(viewer, chat_id)
        if chat is None:
            self._asks.ask(viewer, chat_id, GET_GROUP, partial(self._ask_group, chat_id))
            chat = self._group_of(viewer, chat_id)
        return GroupContext(viewer, chat) if chat else None

    def _seen_by(self, viewer: Viewer, external_userid: str) -> Viewpoint | None:
        with self._runtime.db.read() as session:
            return find_viewpoint(session, viewer.userid, external_userid)

    def _group_of(self, viewer: Viewer, chat_id: str) -> GroupChat | None:
        with self._runtime.db.read() as session:
            return find_group(session, viewer.userid, chat_id)

    def _ask_customer(self, external_userid: str) -> None:
        record = read_customer(self._runtime, external_userid, within=READ_SECONDS)
        if record is not None:
            self._runtime.db.commit(record)

    def _ask_group(self, chat_id: str) -> None:
        read_group(self._runtime, chat_id, within=READ_SECONDS)


@dataclass(eq=False)
class _Asked:
    lock: threading.Lock = field(default_factory=threading.Lock)
    at: float = float("-inf")


def _strangers() -> Pace:
    return Pace(STRANGERS / AGAIN_SECONDS, burst=STRANGERS)


class _Asks:
    """Asks WeCom about those whom a viewer may not see: seldom, and few at a time."""

    def __init__(self) -> None:
        self._turns = Turns(READS_AT_ONCE)
        # By viewer and what he looks at: what one has asked for shows in no answer to another.
        self._asked: Recent[tuple[str, str], _Asked] = Recent(_Asked, most=MOST_REMEMBERED)
        self._paces: Recent[str, Pace] = Recent(_strangers, most=MOST_REMEMBERED)

    def ask(self, viewer: Viewer, wanted: str, api: str, read: Callable[[], None]) -> None:
        """Ask, one at a time for the same; who waited finds what the first has read."""
        asked = self._asked.of((viewer.userid, wanted))
        if not asked.lock.acquire(timeout=SAME_SECONDS):
            raise too_busy(api, RETRY_SECONDS)
        try:
            if clock.monotonic() - asked.at >= AGAIN_SECONDS:
                if not self._paces.of(viewer.userid).take():
                    raise Problem("too_many", reason="strangers")
                with self._turns.taken(api):
                    read()
                # A failure above is no answer: the next one asks again.
                asked.at = clock.monotonic()
        finally:
            asked.lock.release()

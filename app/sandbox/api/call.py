"""One call of the API, as an endpoint sees it, and the checks that endpoints share."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.sandbox.errors import Refused
from app.sandbox.ledger import Ledger
from app.sandbox.world import App, Customer, Member, Relation, World

from ..clock import Clock  # noqa: TID252 -- the sandbox is one package

Answer = dict[str, Any]

CURSOR_MARK = "sandbox"


@dataclass(slots=True)
class Upload:
    """A file in a multipart body."""

    filename: str
    content: bytes


@dataclass(slots=True)
class Call:
    """What the caller asked, and the corp it asked about. `app` is the token's."""

    api: str
    query: dict[str, str]
    body: dict[str, Any]
    world: World
    clock: Clock
    ledger: Ledger
    ip: str
    app: App
    upload: Upload | None = None
    notes: dict[str, Any] = field(default_factory=dict)

    def member(self, userid: Any) -> Member:
        """Return the member. Raises: Refused 40058, 60111, or 60011 outside the visible range."""
        if not isinstance(userid, str) or not userid:
            raise Refused(40058, "userid missing")
        member = self.world.find_member(userid)
        if member is None:
            raise Refused(60111)
        if not self.app.sees(member.userid):
            raise Refused(60011)
        return member

    def customer(self, external_userid: Any) -> Customer:
        """Return the customer. Raises: Refused 40096."""
        customer = self.world.find_customer(str(external_userid or ""))
        if customer is None:
            raise Refused(40096)
        return customer

    def relation(self) -> Relation:
        """Return the relation that the body names. Raises: Refused 60111, 40096, 84061."""
        member = self.member(self.body.get("userid"))
        customer = self.customer(self.body.get("external_userid"))
        relation = self.world.find_relation(member.userid, customer.external_userid)
        if relation is None or not relation.usable:
            raise Refused(84061)
        return relation


@dataclass(slots=True, frozen=True)
class Endpoint:
    """How one API is answered.

    begin: runs when the call arrives, before any latency; act: runs after it. Both hold the
    world's lock. customers: the app must be ticked as callable (48002 if not).
    """

    act: Callable[[Call], Answer]
    method: str = "GET"
    customers: bool = False
    token: bool = True
    begin: Callable[[Call], None] | None = None


def limit_of(body: Answer, *, default: int, most: int) -> int:
    """Return the page size asked for, cut to what WeCom allows. Raises: Refused 40058."""
    limit = body.get("limit", default)
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
        raise Refused(40058, "limit")
    return min(limit or default, most)


def write_cursor(*places: int) -> str:
    """Return an opaque cursor that points at places in lists."""
    text = ":".join([CURSOR_MARK, *map(str, places)])
    return base64.urlsafe_b64encode(text.encode()).decode()


def read_cursor(cursor: Any, length: int) -> list[int]:
    """Return the places a cursor points at; zeros for none. Raises: Refused 40058."""
    if not cursor:
        return [0] * length
    try:
        mark, *places = base64.urlsafe_b64decode(str(cursor)).decode().split(":")
        numbers = [int(place) for place in places]
    except ValueError as problem:
        raise Refused(40058, "cursor") from problem
    if mark != CURSOR_MARK or len(numbers) != length:
        raise Refused(40058, "cursor")
    return numbers


def texts(value: Any, errcode: int = 40058) -> list[str]:
    """Return a list of texts, empty for none. Raises: Refused for anything else."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Refused(errcode)
    return value

"""Callbacks for the load: distinct, encrypted, signed; whole requests before any clock starts.

They tell of new friends (`ADDS`) or of edits of a crowd's customers (`EDITS`), who are some of
those that the sandbox has.
"""

import time
from collections.abc import Iterator
from functools import cache
from urllib.parse import urlencode

from app.sandbox.crowd import Crowd
from app.sandbox.events import event_xml, seal
from app.sandbox.faults import Faults
from app.sandbox.server import AES_KEY, AGENT_ID, CORP_ID, SECRET, TOKEN
from app.sandbox.world import App

PATH = "/callbacks/app"
ADDS, EDITS = "adds", "edits"
# Of so many customers each is edited in turn: never twice in a second, which would be one event.
EDITED, EDITED_MEMBERS = 20_000, 20


def build_requests(first: int, count: int, what: str = ADDS) -> Iterator[bytes]:
    """Yield callbacks number `first` and on, each as the bytes of one POST."""
    app = App(AGENT_ID, SECRET, "", token=TOKEN, aes_key=AES_KEY)
    faults = Faults().callbacks
    now = int(time.time())
    fields = _added if what == ADDS else _edited
    for number in range(first, first + count):
        envelope = seal(
            event_xml(fields(number, now), faults),
            app,
            receiveid=CORP_ID,
            timestamp=str(now),
            nonce=str(10**9 + number),
            corp_id=CORP_ID,
        )
        yield _post(urlencode(envelope.query), envelope.body)


def _added(number: int, now: int) -> dict[str, str | int]:
    return _change("add_external_contact", now) | {
        "UserID": "zhaoyi",
        "ExternalUserID": f"wmBench{number:025d}",
        "State": "s12",
        "WelcomeCode": f"WC_{number:020d}",
    }


def _edited(number: int, now: int) -> dict[str, str | int]:
    turn, place = divmod(number, EDITED)
    relation = _crowd().relation_at(f"crowd{place % EDITED_MEMBERS:04d}", place // EDITED_MEMBERS)
    return _change("edit_external_contact", now + turn) | {
        "UserID": relation.userid,
        "ExternalUserID": relation.external_userid,
    }


@cache
def _crowd() -> Crowd:
    """The crowd of `Sandbox.add_crowd(EDITED, EDITED_MEMBERS)`, as far as ids go."""
    return Crowd(EDITED, [f"crowd{number:04d}" for number in range(EDITED_MEMBERS)], now=0)


def _change(change_type: str, now: int) -> dict[str, str | int]:
    return {
        "ToUserName": CORP_ID,
        "FromUserName": "sys",
        "CreateTime": now,
        "MsgType": "event",
        "Event": "change_external_contact",
        "ChangeType": change_type,
    }


def _post(query: str, body: bytes) -> bytes:
    head = (
        f"POST {PATH}?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Mozilla/4.0\r\n"
        f"Content-Type: text/xml; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body

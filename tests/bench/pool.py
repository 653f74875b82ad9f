"""Callbacks for the load: distinct, encrypted, signed; whole requests before any clock starts."""

import time
from collections.abc import Iterator
from urllib.parse import urlencode

from app.sandbox.events import event_xml, seal
from app.sandbox.faults import Faults
from app.sandbox.server import AES_KEY, AGENT_ID, CORP_ID, SECRET, TOKEN
from app.sandbox.world import App

PATH = "/callbacks/app"


def build_requests(first: int, count: int) -> Iterator[bytes]:
    """Yield new friends number `first` and on, each as the bytes of one POST."""
    app = App(AGENT_ID, SECRET, "", token=TOKEN, aes_key=AES_KEY)
    faults = Faults().callbacks
    now = int(time.time())
    for number in range(first, first + count):
        envelope = seal(
            event_xml(_fields(number, now), faults),
            app,
            receiveid=CORP_ID,
            timestamp=str(now),
            nonce=str(10**9 + number),
            corp_id=CORP_ID,
        )
        yield _post(urlencode(envelope.query), envelope.body)


def _fields(number: int, now: int) -> dict[str, str | int]:
    return {
        "ToUserName": CORP_ID,
        "FromUserName": "sys",
        "CreateTime": now,
        "MsgType": "event",
        "Event": "change_external_contact",
        "ChangeType": "add_external_contact",
        "UserID": "zhaoyi",
        "ExternalUserID": f"wmBench{number:025d}",
        "State": "s12",
        "WelcomeCode": f"WC_{number:020d}",
    }


def _post(query: str, body: bytes) -> bytes:
    head = (
        f"POST {PATH}?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Mozilla/4.0\r\n"
        f"Content-Type: text/xml; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body

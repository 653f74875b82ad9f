"""Requests as WeCom makes them, encrypted here a second time and independently of the server."""

import base64
import secrets
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape

from Crypto.Cipher import AES

from app import clock
from app.inbox.actions import Received
from app.inbox.models import BODY_PURPOSE
from app.runtime import Runtime
from app.wecom.crypto import sign
from app.wecom.envelope import event_key, read_event
from tests import settings

ADD = {
    "ToUserName": settings.CORP_ID,
    "FromUserName": "sys",
    "MsgType": "event",
    "Event": "change_external_contact",
    "ChangeType": "add_external_contact",
    "UserID": "zhaoyi",
    "ExternalUserID": "wmAAAA0000000000000000000000000A",
    "WelcomeCode": "WC_x1",
}


@dataclass(frozen=True)
class Letter:
    """One POST: three query parameters and a body."""

    msg_signature: str
    timestamp: str
    nonce: str
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        return {
            "msg_signature": self.msg_signature,
            "timestamp": self.timestamp,
            "nonce": self.nonce,
        }


def xml(**fields: str) -> bytes:
    """Return the plaintext of an event; CreateTime is now unless it is given."""
    wanted = {"CreateTime": str(int(clock.utcnow().timestamp()))} | ADD | fields
    inner = "".join(f"<{tag}>{escape(text)}</{tag}>" for tag, text in wanted.items())
    return f"<xml>{inner}</xml>".encode()


def received_of(runtime: Runtime, *, lane: str = "events", **fields: str) -> Received:
    """Make of an event what the door stores of it."""
    plaintext = xml(**fields)
    event = read_event(plaintext)
    return Received(
        corp_id=runtime.corp_id,
        dedupe_key=event_key(event),
        receiver="app",
        lane=lane,
        event=event.event,
        change_type=event.change_type,
        userid=event.userid,
        external_userid=event.external_userid,
        chat_id="",
        create_time=event.create_time,
        body=runtime.sealer.seal(plaintext, purpose=BODY_PURPOSE),
        msg_signature="0" * 40,
        received_at=clock.utcnow(),
    )


def seal(
    plaintext: bytes,
    *,
    receiveid: str = settings.CORP_ID,
    token: str = settings.TOKEN,
    aes_key: str = settings.AES_KEY,
) -> Letter:
    """Encrypt, sign and wrap."""
    encrypted = encrypt(plaintext, receiveid=receiveid, aes_key=aes_key)
    timestamp, nonce = "1700000000", "1234567890"
    body = (
        f"<xml><ToUserName>x</ToUserName><Encrypt>{encrypted}</Encrypt><AgentID>1</AgentID></xml>"
    )
    return Letter(sign(token, timestamp, nonce, encrypted), timestamp, nonce, body.encode())


def encrypt(
    plaintext: bytes, *, receiveid: str = settings.CORP_ID, aes_key: str = settings.AES_KEY
) -> str:
    """Encrypt as WeCom does."""
    key = base64.b64decode(aes_key + "=")
    plain = secrets.token_bytes(16) + len(plaintext).to_bytes(4, "big") + plaintext
    plain += receiveid.encode()
    count = 32 - len(plain) % 32
    padded = plain + bytes([count]) * count
    return base64.b64encode(AES.new(key, AES.MODE_CBC, key[:16]).encrypt(padded)).decode()


def altered(letter: Letter, **changes: str | bytes) -> Letter:
    """Return the letter with these parts replaced."""
    return replace(letter, **changes)  # type: ignore[arg-type]  # the caller names the parts

"""The XML of an event, as WeCom writes it, and the sealed envelope around it.

Encrypted with wechatpy: the server under test decrypts with its own code, so each checks the other.
"""

import base64
from dataclasses import dataclass
from typing import Any

from wechatpy.utils import WeChatSigner
from wechatpy.work.crypto import PrpCrypto

from .faults import CallbackFaults
from .world import App

# A list of member ids in an event: nested Items today, one flat text in older deliveries.
MEMBER_LIST = "MemChangeList"
UNKNOWN_CHANGE = "change_that_nobody_knows"


@dataclass(slots=True, frozen=True)
class Envelope:
    """A callback ready to be posted."""

    query: dict[str, str]
    body: bytes


def event_xml(fields: dict[str, Any], faults: CallbackFaults) -> str:
    """Write an event: numbers bare, text in CDATA, dicts nested, absent what is None."""
    if faults.unknown_change and "ChangeType" in fields:
        fields = {**fields, "ChangeType": UNKNOWN_CHANGE}
    parts = [
        _element(name, value, flat=faults.flat_member_list)
        for name, value in fields.items()
        if value is not None
    ]
    return f"<xml>{''.join(parts)}</xml>"


def seal(
    xml: str, app: App, *, receiveid: str, timestamp: str, nonce: str, corp_id: str
) -> Envelope:
    """Encrypt and sign an event for an app's receiver."""
    encrypted = PrpCrypto(aes_key(app)).encrypt(xml, receiveid).decode()
    body = (
        f"<xml><ToUserName><![CDATA[{corp_id}]]></ToUserName>"
        f"<AgentID><![CDATA[{app.agentid}]]></AgentID>"
        f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    )
    query = {
        "msg_signature": signature(app.token, timestamp, nonce, encrypted),
        "timestamp": timestamp,
        "nonce": nonce,
    }
    return Envelope(query, body.encode())


def seal_echo(text: str, app: App, *, receiveid: str, timestamp: str, nonce: str) -> dict[str, str]:
    """Return the query of a URL verification whose answer must be `text`."""
    encrypted = PrpCrypto(aes_key(app)).encrypt(text, receiveid).decode()
    return {
        "msg_signature": signature(app.token, timestamp, nonce, encrypted),
        "timestamp": timestamp,
        "nonce": nonce,
        "echostr": encrypted,
    }


def signature(token: str, timestamp: str, nonce: str, encrypted: str) -> str:
    """Return msg_signature."""
    signer = WeChatSigner()
    signer.add_data(token, timestamp, nonce, encrypted)
    return str(signer.signature)


def aes_key(app: App) -> bytes:
    """Return the 32 bytes behind an EncodingAESKey."""
    return base64.b64decode(app.aes_key + "=")


def _element(name: str, value: Any, *, flat: bool) -> str:
    if name == MEMBER_LIST and flat:
        value = ",".join(value)
    return f"<{name}>{_content(value, flat=flat)}</{name}>"


def _content(value: Any, *, flat: bool) -> str:
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dict):
        return "".join(_element(name, inner, flat=flat) for name, inner in value.items())
    if isinstance(value, list):
        return "".join(_element("Item", inner, flat=flat) for inner in value)
    # "]]>" inside a text would end the CDATA section, so it is split over two.
    return f"<![CDATA[{str(value).replace(']]>', ']]]]><![CDATA[>')}]]>"

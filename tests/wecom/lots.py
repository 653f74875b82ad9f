"""Callbacks as nobody would send them, drawn by lot: a seed and a number make one, again and again.

Three layers are bent: the event's XML, then sealed and signed as WeCom does it; what the cipher
holds (lengths, padding, receiveid), likewise signed; and what comes over the wire.
"""

import base64
import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from app.wecom.crypto import CallbackCipher, CallbackError, Proof, find_encrypt, sign
from app.wecom.envelope import Unreadable, event_key, plaintext_key, read_event

if TYPE_CHECKING:
    from collections.abc import Callable

TOKEN, KEY, RECEIVEID = (
    "SandboxToken0001",
    "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    "wwlots001",
)
CIPHER = CallbackCipher(token=TOKEN, aes_key=KEY, receiveid=RECEIVEID)
BLOCK = 32
# What parsers stumble over, put in anywhere.
STONES = (
    *(b"<!DOCTYPE x>", b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]>', b"&a;", b"&lt;", b"&#0;"),
    *(b"&#x110000;", b"<?xml version='1.0' encoding='utf-16'?>", b"<?php ?>", b"<![CDATA["),
    *(
        b"]]>",
        b"<xml>",
        b"</xml>",
        b"<Encrypt>",
        b"</Encrypt>",
        b"<!--",
        b"-->",
        b"\0",
        b"\xff\xfe",
    ),
    *(b"\xed\xa0\x80", b"\xef\xbb\xbf", b"<a>" * 40, b"<a/>" * 400, b"xmlns:x='y'", b"<x:a/>"),
    *("\u202e".encode(), "𝟙𝟚".encode(), b"-1", b"9" * 40, b"1e999", b"NaN", b" ", b"\r\n"),
)
TAGS = ("ToUserName", "FromUserName", "CreateTime", "MsgType", "Event", "ChangeType", "UserID")
MORE_TAGS = ("ExternalUserID", "State", "WelcomeCode", "ChatId", "UpdateDetail", "MemChangeList")
EVENTS = (
    "change_external_contact",
    "change_external_chat",
    "change_contact",
    "template_card_event",
)


@dataclass(frozen=True)
class Lot:
    """One callback: its parameters and its body. `is_ours`: sealed and signed with our secrets."""

    signature: str
    timestamp: str
    nonce: str
    body: bytes
    is_ours: bool


def draw(seed: int, number: int) -> Lot:
    """Draw the callback of this number."""
    chance = random.Random(f"{seed}:{number}")
    bend = chance.choice(
        (_as_it_is, _bend_event, _bend_event, _bend_cipher, _bend_wire, _bend_wire)
    )
    return bend(chance)


def wrap(framed: bytes) -> Lot:
    """Return the callback that holds this in its cipher, whatever it is, sealed and signed."""
    return _signed(random.Random(0), _seal(framed + bytes(-len(framed) % 16)))


def knock(lot: Lot) -> str:
    """Take it as the door does; return read, unreadable or why it was refused.

    Raises:
        Exception: any, and then the door has a fault.
    """
    try:
        proof = Proof(lot.signature, lot.timestamp, lot.nonce)
        plaintext = CIPHER.open(find_encrypt(lot.body), proof)
    except CallbackError as error:
        return error.reason
    try:
        event_key(read_event(plaintext))
    except Unreadable:
        plaintext_key(plaintext)
        return "unreadable"
    return "read"


def _as_it_is(chance: random.Random) -> Lot:
    return _signed(chance, _seal(frame(_event(chance))))


def _bend_event(chance: random.Random) -> Lot:
    return _signed(chance, _seal(frame(_bent(chance, _event(chance)))))


def _bend_cipher(chance: random.Random) -> Lot:
    framed = frame(_event(chance))
    ways: tuple[Callable[[], bytes], ...] = (
        lambda: framed[:16] + chance.randbytes(4) + framed[20:],
        lambda: framed[: chance.randrange(len(framed))],
        lambda: framed[:-1] + chance.randbytes(1),
        lambda: _bent(chance, framed),
    )
    if chance.randrange(5) == 0:
        return _signed(chance, base64.b64encode(chance.randbytes(chance.randrange(1, 99))).decode())
    bent = chance.choice(ways)()
    return _signed(chance, _seal(bent + bytes(-len(bent) % 16)))


def _bend_wire(chance: random.Random) -> Lot:
    """Bend what was signed, or put something else in its place: nobody has signed that."""
    lot = replace(_as_it_is(chance), is_ours=False)
    ways: tuple[Callable[[], Lot], ...] = (
        lambda: _bend_body(chance, lot),
        lambda: replace(lot, body=chance.randbytes(chance.randrange(300))),
        lambda: replace(lot, signature=_changed(chance, lot.signature)),
        lambda: replace(lot, nonce=_changed(chance, lot.nonce)),
        lambda: replace(lot, timestamp=_changed(chance, lot.timestamp)),
        lambda: replace(lot, signature=lot.signature.upper(), nonce=lot.nonce + "\n"),
    )
    return chance.choice(ways)()


def _bend_body(chance: random.Random, lot: Lot) -> Lot:
    """Bend the envelope; the signature is over what is in it, and over nothing else of it."""
    body = _bent(chance, lot.body)
    try:
        is_ours = find_encrypt(body) == find_encrypt(lot.body)
    except CallbackError:
        is_ours = False
    return replace(lot, body=body, is_ours=is_ours)


def _event(chance: random.Random) -> bytes:
    tags = [*TAGS, *chance.sample(MORE_TAGS, chance.randrange(len(MORE_TAGS)))]
    values = {
        "Event": chance.choice(EVENTS),
        "CreateTime": str(1_700_000_000 + chance.randrange(10**6)),
    }
    parts = []
    for tag in tags:
        text = values.get(tag, f"{tag[:2].lower()}{chance.randrange(10**9)}")
        parts.append(
            f"<{tag}><![CDATA[{text}]]></{tag}>"
            if chance.random() < 0.5
            else f"<{tag}>{text}</{tag}>"
        )
    return f"<xml>{''.join(parts)}</xml>".encode()


def _bent(chance: random.Random, data: bytes) -> bytes:
    """Flip, cut, double, and strew noise and stones, some times over."""
    bent = bytearray(data)
    for _time in range(chance.randrange(1, 6)):
        at = chance.randrange(len(bent) + 1)
        to = min(len(bent), at + chance.randrange(1, 40))
        put = {
            "flip": bytes(one ^ 1 << chance.randrange(8) for one in bent[at : at + 1]),
            "cut": b"",
            "double": bytes(bent[at:to]) * chance.randrange(1, 20),
            "noise": bytes(bent[at:to]) + chance.randbytes(chance.randrange(20)),
            "stone": chance.choice(STONES) + bytes(bent[at:to]),
        }
        how = chance.choice(list(put))
        bent[at : at + 1 if how == "flip" else to] = put[how]
    return bytes(bent)


def _changed(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text))
    digits = [one for one in "0123456789abcdef" if one != text[at]]
    return text[:at] + chance.choice(digits) + text[at + 1 :]


def frame(message: bytes) -> bytes:
    """Return what the cipher holds: sixteen bytes, the length, the message, the receiveid."""
    framed = b"0123456789abcdef" + len(message).to_bytes(4, "big") + message + RECEIVEID.encode()
    count = BLOCK - len(framed) % BLOCK
    return framed + bytes([count]) * count


def _seal(framed: bytes) -> str:
    key = base64.b64decode(KEY + "=")
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(framed) + encryptor.finalize()).decode()


def _signed(chance: random.Random, encrypted: str) -> Lot:
    timestamp, nonce = str(1_700_000_000 + chance.randrange(10**6)), f"n{chance.randrange(10**12)}"
    body = f"<xml><ToUserName>{RECEIVEID}</ToUserName><Encrypt>{encrypted}</Encrypt></xml>".encode()
    return Lot(sign(TOKEN, timestamp, nonce, encrypted), timestamp, nonce, body, is_ours=True)

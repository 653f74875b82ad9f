"""Callback cryptography (加解密方案): envelope, signature, AES. Pure; one exception for all faults.

WeCom's signature covers token, timestamp, nonce and ciphertext; it is checked in constant time and
before anything is decrypted. wechatpy parses the XML first, compares with `!=` and leaks eight
kinds of exception on garbage, so its crypto is not used on this side. The cipher is that of
`cryptography`: pycryptodome's, which wechatpy and so the sandbox use, gives up the interpreter lock
on every call into C, and with many threads that was a sixth of a callback's cost.

Source: developer.work.weixin.qq.com/document/path/91144 and /96238.
"""

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from xml.parsers import expat

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

MAX_DEPTH = 4
MAX_ELEMENTS = 64
BLOCK = 16
MAX_PADDING = 32
RANDOM_BYTES = 16
HEAD_BYTES = RANDOM_BYTES + 4

_SIGNATURE = re.compile(r"[0-9a-f]{40}")
_TIMESTAMP = re.compile(r"\d{10}")
_NONCE = re.compile(r"[A-Za-z0-9]{1,64}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


# Every reason for which a request may be refused.
REFUSALS = (
    "parameters",
    "size",
    "envelope",
    "signature",
    "ciphertext",
    "padding",
    "length",
    "receiveid",
)


class CallbackError(Exception):
    """The request is not one of WeCom's, or not for us. Says no more than `reason`.

    `status` is the HTTP answer: 400 where the form is wrong, 403 where the proof is.
    """

    def __init__(self, reason: str, *, status: int = 403) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


@dataclass(frozen=True)
class Proof:
    """The three query parameters that come with every callback."""

    msg_signature: str
    timestamp: str
    nonce: str

    def __post_init__(self) -> None:
        # The signature is over an undelimited concatenation: only strict forms keep a captured
        # request from being cut at other places.
        for value, form in (
            (self.msg_signature, _SIGNATURE),
            (self.timestamp, _TIMESTAMP),
            (self.nonce, _NONCE),
        ):
            if not value.isascii() or not form.fullmatch(value):
                raise CallbackError("parameters", status=400)


class CallbackCipher:
    """Opens what WeCom sends to one receiver: its token, its AES key, its receiveid."""

    def __init__(self, *, token: str, aes_key: str, receiveid: str) -> None:
        self._token = token
        key = base64.b64decode(aes_key + "=")
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:BLOCK]))
        self._receiveid = receiveid.encode()

    def open(self, encrypted: str, proof: Proof) -> bytes:
        """Check the signature and return the plaintext message, XML or the echo string.

        Raises:
            CallbackError: whatever is wrong with it.
        """
        expected = sign(self._token, proof.timestamp, proof.nonce, encrypted)
        if not hmac.compare_digest(expected, proof.msg_signature):
            raise CallbackError("signature")
        return self._checked(self._decrypted(encrypted))

    def _decrypted(self, encrypted: str) -> bytes:
        try:
            ciphertext = base64.b64decode(encrypted, validate=True)
        except (binascii.Error, ValueError):
            raise CallbackError("ciphertext") from None
        if not ciphertext or len(ciphertext) % BLOCK:
            raise CallbackError("ciphertext")
        decryptor = self._cipher.decryptor()
        padded = decryptor.update(ciphertext) + decryptor.finalize()
        count = padded[-1]
        if not 1 <= count <= MAX_PADDING or not padded.endswith(bytes([count]) * count):
            raise CallbackError("padding")
        return padded[:-count]

    def _checked(self, plain: bytes) -> bytes:
        end = HEAD_BYTES + int.from_bytes(plain[RANDOM_BYTES:HEAD_BYTES], "big")
        if len(plain) < HEAD_BYTES or end > len(plain):
            raise CallbackError("length")
        if not hmac.compare_digest(plain[end:], self._receiveid):
            raise CallbackError("receiveid")
        return plain[HEAD_BYTES:end]


def sign(token: str, timestamp: str, nonce: str, encrypted: str) -> str:
    """Return WeCom's signature: sha1 over the four strings, sorted and joined, in hex."""
    joined = "".join(sorted([token, timestamp, nonce, encrypted]))
    # The protocol prescribes SHA-1; its strength rests on the secret token inside.
    return hashlib.sha1(joined.encode(), usedforsecurity=False).hexdigest()


def sign_jsapi(ticket: str, *, noncestr: str, timestamp: int, url: str) -> str:
    """Return the JS-SDK signature of a page address (without its fragment).

    Source: developer.work.weixin.qq.com/document/path/96909.
    """
    joined = f"jsapi_ticket={ticket}&noncestr={noncestr}&timestamp={timestamp}&url={url}"
    return hashlib.sha1(joined.encode(), usedforsecurity=False).hexdigest()


def find_encrypt(body: bytes) -> str:
    """Return the text of the one `<Encrypt>` in the envelope.

    Nothing is trusted yet, so the parser refuses whatever WeCom never sends: a DOCTYPE, entities,
    processing instructions, depth, many elements.

    Raises:
        CallbackError: 400.
    """
    reader = _EnvelopeReader()
    try:
        encrypted = reader.read(body)
    except (expat.ExpatError, ValueError, LookupError):
        raise CallbackError("envelope", status=400) from None
    if not encrypted.isascii() or not _BASE64.fullmatch(encrypted):
        raise CallbackError("envelope", status=400)
    return encrypted


class _EnvelopeReader:
    def __init__(self) -> None:
        self._path: list[str] = []
        self._elements = 0
        self._found: list[str] = []

    def read(self, body: bytes) -> str:
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = _refuse
        parser.EntityDeclHandler = _refuse
        parser.ProcessingInstructionHandler = _refuse
        parser.Parse(body, True)  # noqa: FBT003 -- expat takes it by position
        if len(self._found) != 1:
            raise ValueError("not exactly one Encrypt")
        return self._found[0]

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        self._path.append(name)
        self._elements += 1
        if len(self._path) > MAX_DEPTH or self._elements > MAX_ELEMENTS:
            raise ValueError("too deep or too many")
        if self._path == ["xml", "Encrypt"]:
            self._found.append("")

    def _end(self, _name: str) -> None:
        self._path.pop()

    def _text(self, text: str) -> None:
        if self._path == ["xml", "Encrypt"]:
            self._found[-1] += text


def _refuse(*_: object) -> None:
    raise ValueError("WeCom sends no such thing")

"""Sealing of what must not lie about readable: tokens in Redis, event bodies in the database.

AES-256-GCM under a key derived from `server.secret_key`. What is sealed is bound to its place
(`purpose`, for instance "inbox.body"), so that a box cannot be moved somewhere else and opened.

`cryptography` does this in one call, where pycryptodome crosses into C dozens of times and gives
the interpreter lock away each time: with many threads that was a third of a callback's cost.
"""

import os
from hashlib import sha256
from hmac import new as hmac_new

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.errors import BankeError

VERSION = b"\x01"
NONCE_BYTES = 12
TAG_BYTES = 16


class SealBroken(BankeError):
    """The box was made under another key or for another purpose, or it is damaged."""


class Sealer:
    """Seals and opens bytes under one secret key."""

    def __init__(self, secret_key: str) -> None:
        self._key = hmac_new(secret_key.encode(), b"banke seal 1", sha256).digest()
        self._cipher = AESGCM(self._key)

    def seal(self, plain: bytes, *, purpose: str) -> bytes:
        """Return version, nonce, ciphertext and tag: 29 bytes more than `plain`."""
        nonce = os.urandom(NONCE_BYTES)
        return VERSION + nonce + self._cipher.encrypt(nonce, plain, purpose.encode())

    def open(self, box: bytes, *, purpose: str) -> bytes:
        """Return what was sealed.

        Raises:
            SealBroken: wrong key, wrong purpose, or damage.
        """
        if box[:1] != VERSION or len(box) < 1 + NONCE_BYTES + TAG_BYTES:
            raise SealBroken("not a sealed box of this version")
        nonce, sealed = box[1 : 1 + NONCE_BYTES], box[1 + NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, sealed, purpose.encode())
        except InvalidTag:
            raise SealBroken("the seal does not fit: has server.secret_key changed?") from None

    def fingerprint(self, text: str, *, purpose: str) -> str:
        """Return 32 hex digits that stand for `text` where the text itself may not appear."""
        message = f"{purpose}\0{text}".encode()
        return hmac_new(self._key, message, sha256).hexdigest()[:32]

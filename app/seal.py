"""Sealing of what must not lie about readable: tokens in Redis, event bodies in the database.

AES-256-GCM under a key derived from `server.secret_key`. What is sealed is bound to its place
(`purpose`, for instance "inbox.body"), so that a box cannot be moved somewhere else and opened.
"""

from hashlib import sha256
from hmac import new as hmac_new

from Crypto.Cipher import AES
from Crypto.Random import get_random_bytes

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

    def seal(self, plain: bytes, *, purpose: str) -> bytes:
        """Return version, nonce, tag and ciphertext: 29 bytes more than `plain`."""
        nonce = get_random_bytes(NONCE_BYTES)
        cipher = AES.new(self._key, AES.MODE_GCM, nonce=nonce)
        cipher.update(purpose.encode())
        sealed, tag = cipher.encrypt_and_digest(plain)
        return VERSION + nonce + tag + sealed

    def open(self, box: bytes, *, purpose: str) -> bytes:
        """Return what was sealed.

        Raises:
            SealBroken: wrong key, wrong purpose, or damage.
        """
        if box[:1] != VERSION or len(box) < 1 + NONCE_BYTES + TAG_BYTES:
            raise SealBroken("not a sealed box of this version")
        nonce, rest = box[1 : 1 + NONCE_BYTES], box[1 + NONCE_BYTES :]
        cipher = AES.new(self._key, AES.MODE_GCM, nonce=nonce)
        cipher.update(purpose.encode())
        try:
            return cipher.decrypt_and_verify(rest[TAG_BYTES:], rest[:TAG_BYTES])
        except ValueError:
            raise SealBroken("the seal does not fit: has server.secret_key changed?") from None

    def fingerprint(self, text: str, *, purpose: str) -> str:
        """Return 32 hex digits that stand for `text` where the text itself may not appear."""
        message = f"{purpose}\0{text}".encode()
        return hmac_new(self._key, message, sha256).hexdigest()[:32]

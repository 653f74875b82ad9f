"""Data keys: under them lies what is sensitive about customers, such as phone numbers.

A box is text: the id of its key, a colon, and in base64 the nonce and what AES-256-GCM made of the
plain text. It is bound to its place, table|column|row, and opens nowhere else. Where a column of
JSON may hold a box, text is a box; anything else is what stood there before there were any.

What is looked for by its exact words has a digest beside it (a blind index), made under a key that
does not change when data keys do: under another one, nobody would be found any more.
"""

import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from hmac import new as hmac_new
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.orm import Session

from app.config import Config
from app.db import DATA_KEYS, Database
from app.errors import BankeError
from app.sections import SERVER_KEY

NONCE_BYTES = 12
DIGEST_LENGTH = 32


class BoxShut(BankeError):
    """The box is of a key that is not here or of another place, or it is damaged."""


class KeyMissing(BoxShut):
    """The box is of a key that is not here."""


class KeysMissing(BankeError):
    """Something is to be sealed or opened by a session that belongs to no runtime."""


class DataKeys:
    """The keys of a deployment. `current`: the id of the one that new boxes are made under."""

    def __init__(self, secrets: Mapping[str, str], *, current: str, index: str) -> None:
        self.current = current
        self._ciphers = {
            name: AESGCM(_derive(secret, b"banke data 1")) for name, secret in secrets.items()
        }
        self._index = _derive(index, b"banke index 1")

    @property
    def names(self) -> set[str]:
        """The ids of all keys that boxes can be opened with."""
        return set(self._ciphers)

    def seal(self, text: str, *, place: str) -> str:
        """Return the box of a text."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._ciphers[self.current].encrypt(nonce, text.encode(), place.encode())
        return f"{self.current}:{urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, box: str, *, place: str) -> str:
        """Return what was sealed.

        Raises:
            KeyMissing: no such key.
            BoxShut: another place, another secret under the key's id, or damage.
        """
        name, inside = key_id_of(box), box.partition(":")[2]
        cipher = self._ciphers.get(name)
        if cipher is None:
            raise KeyMissing(f"the data key {name[:32]!r} is missing: see [privacy.keys]")
        try:
            raw = urlsafe_b64decode(inside)
            return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], place.encode()).decode()
        except (InvalidTag, ValueError):
            raise BoxShut(f"a box of the data key {name!r} does not open in its place") from None

    def is_current(self, box: str) -> bool:
        """Tell whether a box is of the current key."""
        return box.startswith(f"{self.current}:")

    def digest(self, text: str, *, purpose: str) -> str:
        """Return 32 hex digits by which this text, and no other, is found again."""
        message = f"{purpose}\0{text}".encode()
        return hmac_new(self._index, message, sha256).hexdigest()[:DIGEST_LENGTH]


def build_keys(config: Config) -> DataKeys:
    """Return the keys that a configuration names; the server's own one is always among them."""
    server = config.server.secret_key.get_secret_value()
    named = {name: key.get_secret_value() for name, key in config.privacy.keys.items()}
    return DataKeys(
        {SERVER_KEY: server} | named, current=config.privacy.current, index=config.index_key
    )


def key_id_of(box: str) -> str:
    """Return the id of the key that a box is of."""
    return box.partition(":")[0]


def keys_of(session: Session | Database) -> DataKeys:
    """Return the keys that the deployment of a session or database has.

    Raises:
        KeysMissing: it belongs to no runtime.
    """
    keys = session.info.get(DATA_KEYS)
    if not isinstance(keys, DataKeys):
        raise KeysMissing("this session has no data keys")
    return keys


def place_of(table: str, column: str, *row: object) -> str:
    """Name the place that a box is bound to."""
    return "|".join((table, column, *map(str, row)))


def seal_json(session: Session, value: Any, *, place: str) -> Any:
    """Return the box of a value, or what is empty as it is: most rows have nothing to hide."""
    if not value:
        return value
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return keys_of(session).seal(text, place=place)


def open_json(session: Session, kept: Any, *, place: str) -> Any:
    """Return the value that stands in a column, sealed or as it stood there before.

    Raises:
        BoxShut: see `DataKeys.open`.
    """
    if not isinstance(kept, str):
        return kept
    return json.loads(keys_of(session).open(kept, place=place))


def reseal_json(session: Session, kept: Any, *, place: str) -> Any:
    """Return what is to stand in a column: a box of the current key, or something empty."""
    if not is_off(session, kept):
        return kept
    return seal_json(session, open_json(session, kept, place=place), place=place)


def is_off(session: Session, kept: Any) -> bool:
    """Tell whether something lies there in clear, or under a key that is not the current one."""
    if isinstance(kept, str):
        return not keys_of(session).is_current(kept)
    return bool(kept)


def _derive(secret: str, label: bytes) -> bytes:
    return hmac_new(secret.encode(), label, sha256).digest()

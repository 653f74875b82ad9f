"""Reading WeCom's answers: what must be there is there, in its type; the rest is let pass.

Used by the endpoint modules only, which turn every answer into frozen dataclasses at once.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app import clock
from app.wecom.errors import garbled

MOST_CODE = 2**31 - 1


class Answer:
    """One JSON object of an answer. Null counts as absent, as WeCom leaves absent fields out."""

    def __init__(self, api: str, fields: Any) -> None:
        if not isinstance(fields, Mapping):
            raise garbled(api, "an object was expected")
        self._api = api
        self._fields = fields

    def text(self, key: str) -> str:
        """Return a text that must be there.

        Raises:
            TryAgainLater: it is not; the answer cannot be WeCom's.
        """
        value = self.optional(key)
        if value is None:
            raise garbled(self._api, f"{key} is missing")
        return value

    def optional(self, key: str) -> str | None:
        """Return a text, or None where there is none."""
        value = self._fields.get(key)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, (int, float)):
            return str(value)
        raise garbled(self._api, f"{key} is no text")

    def filled(self, key: str) -> str | None:
        """Return a text, or None where it is absent or empty."""
        return self.optional(key) or None

    def integer(self, key: str, default: int | None = None) -> int:
        """Return a whole number; WeCom sends some as text.

        Raises:
            TryAgainLater: it is missing and has no `default`, or it is no number.
        """
        value = self._fields.get(key)
        if value is None or value == "":
            value = default
        try:
            return int(str(value))
        except ValueError:
            raise garbled(self._api, f"{key} is no number") from None

    def code(self, key: str, default: int | None = None) -> int:
        """Return WeCom's number for a kind of thing; one that no column here can hold is 0.

        Raises:
            TryAgainLater: as `integer`.
        """
        value = self.integer(key, default)
        return value if 0 <= value <= MOST_CODE else 0

    def moment(self, key: str) -> datetime:
        """Return WeCom's unix seconds as an aware datetime."""
        try:
            return clock.from_unix(self.integer(key))
        except (OverflowError, OSError, ValueError):
            raise garbled(self._api, f"{key} is no time") from None

    def part(self, key: str) -> "Answer":
        """Return an object inside this one; an absent one reads as empty."""
        return Answer(self._api, self._fields.get(key) or {})

    def parts(self, key: str) -> "tuple[Answer, ...]":
        """Return a list of objects; an absent one reads as empty."""
        return tuple(Answer(self._api, item) for item in self._list(key))

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; an absent one reads as empty."""
        return tuple(str(item) for item in self._list(key))

    def integers(self, key: str) -> tuple[int, ...]:
        """Return a list of whole numbers; an absent one reads as empty."""
        try:
            return tuple(int(item) for item in self._list(key))
        except (TypeError, ValueError):
            raise garbled(self._api, f"{key} holds what is no number") from None

    def names(self, key: str) -> tuple[str, ...]:
        """Return what WeCom joins with `|`."""
        return tuple(name for name in (self.optional(key) or "").split("|") if name)

    def _list(self, key: str) -> list[Any]:
        value = self._fields.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise garbled(self._api, f"{key} is no list")
        return value

"""Marks of what somebody saw before he changed it, so that nobody's change is lost unawares."""

import json
from collections.abc import Iterable
from hashlib import sha256

LENGTH = 16


def mark_of(*seen: object) -> str:
    """Return the same few letters for the same things seen, and others for others."""
    text = json.dumps(seen, ensure_ascii=False, sort_keys=True, default=str)
    return sha256(text.encode(errors="replace")).hexdigest()[:LENGTH]


def mark_order(ids: Iterable[int]) -> str:
    """Return the mark of an order."""
    return mark_of(*ids)

"""The timeline (动态): the one function through which every room writes it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.customers.actions.profile import ensure_customer
from app.customers.models import TimelineEntry
from app.customers.queries.timeline import ENTRY_WORDS
from app.db import upsert


def record_timeline(
    session: Session,
    *,
    external_userid: str,
    kind: str,
    at: datetime,
    key: str,
    userid: str = "",
    data: Mapping[str, Any] | None = None,
) -> None:
    """Append an entry; the same `key` again changes nothing.

    Raises:
        ValueError: a `kind` that `ENTRY_WORDS` cannot word.
    """
    if kind not in ENTRY_WORDS:
        raise ValueError(f"the timeline has no words for {kind!r}")
    ensure_customer(session, external_userid)
    entry = {
        "dedupe_key": key,
        "external_userid": external_userid,
        "userid": userid,
        "kind": kind,
        "at": at,
        "data": dict(data or {}),
    }
    upsert(session, TimelineEntry, [entry], key=["dedupe_key"])

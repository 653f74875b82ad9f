"""The timeline (动态): the one function through which every room writes it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
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


def add_to_timeline(session: Session, key: str, data: Mapping[str, Any]) -> None:
    """Put what its maker says later into the data of the entry that was recorded under `key`."""
    entry = session.scalars(select(TimelineEntry).where(TimelineEntry.dedupe_key == key)).one()
    entry.data = {**entry.data, **data}

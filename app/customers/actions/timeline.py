"""The timeline (动态): the one way by which every room writes it, one entry or many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, String, cast, insert, literal, select
from sqlalchemy.orm import Session

from app.customers.actions.profile import ensure_customer
from app.customers.models import FollowUser, TimelineEntry
from app.customers.queries.timeline import ENTRY_WORDS
from app.db import UtcDateTime
from app.rows import upsert


@dataclass(frozen=True, kw_only=True)
class Happening:
    """Something that happened with a customer whom we know. `key`: what makes it one and no other.

    `kind` is one of `ENTRY_WORDS`; `userid`: who did it, "" for Banke or the customer himself.
    """

    external_userid: str
    kind: str
    at: datetime
    key: str
    userid: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


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
    ensure_customer(session, external_userid)
    happening = Happening(
        external_userid=external_userid,
        userid=userid,
        kind=kind,
        at=at,
        key=key,
        data=data or {},
    )
    record_happenings(session, [happening])


def record_happenings(session: Session, happenings: Sequence[Happening]) -> None:
    """Append many entries at once, as `record_timeline` does one, of customers who are known."""
    for one in happenings:
        if one.kind not in ENTRY_WORDS:
            raise ValueError(f"the timeline has no words for {one.kind!r}")
    entries = [
        {
            "dedupe_key": one.key,
            "external_userid": one.external_userid,
            "userid": one.userid,
            "kind": one.kind,
            "at": one.at,
            "data": dict(one.data),
        }
        for one in happenings
    ]
    upsert(session, TimelineEntry, entries, key=["dedupe_key"])


def record_timelines(
    session: Session,
    relations: ColumnElement[bool],
    *,
    kind: str,
    at: datetime,
    key: str,
    userid: str,
    data: Mapping[str, Any],
) -> None:
    """Append the same entry to the customers of many relations (a test of `FollowUser`).

    Each under `key` and the relation's id. Raises: ValueError as above.
    """
    if kind not in ENTRY_WORDS:
        raise ValueError(f"the timeline has no words for {kind!r}")
    entries = select(
        literal(f"{key}:") + cast(FollowUser.id, String),
        FollowUser.external_userid,
        literal(userid),
        literal(kind),
        literal(at, UtcDateTime()),
        literal(dict(data), JSON()),
    ).where(relations)
    names = ["dedupe_key", "external_userid", "userid", "kind", "at", "data"]
    session.execute(insert(TimelineEntry).from_select(names, entries))


def add_to_timeline(session: Session, key: str, data: Mapping[str, Any]) -> None:
    """Put what its maker says later into the data of the entry that was recorded under `key`.

    There is none: the change came out of a table, whose entry tells of many, and nothing is done.
    """
    found = session.scalars(select(TimelineEntry).where(TimelineEntry.dedupe_key == key))
    if entry := found.one_or_none():
        entry.data = {**entry.data, **data}

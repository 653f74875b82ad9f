"""Everything that happened with a customer, by people and by the system, merged (全部动态).

What people did stands in the timeline, what the system sent in the record of deliveries; nothing is
copied. Both are read newest first from one place on, which a cursor names: time, source and id, so
that nothing is missed or shown twice where two things happened in the same microsecond.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from heapq import merge
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Executable, bindparam, or_, select
from sqlalchemy.orm import Session

from app.customers.models import TimelineEntry
from app.customers.queries.timeline import TimelineLine, join_notes
from app.deliveries.models import Delivery
from app.deliveries.queries import MESSAGES
from app.i18n import N_
from app.members.models import Member

# What can be asked for, in the order of its chips.
FILTERS = {"": N_("全部"), "notes": N_("跟进"), "customer": N_("客户"), "system": N_("系统")}
# What the customer did, or what became of his relations; all else in the timeline is members' work.
CUSTOMER_KINDS = (
    "added",
    "added_half",
    "removed_by_customer",
    "removed_by_member",
    "removed_by_transfer",
    "transfer_failed",
    "archive_agreed",
    "group_joined",
    "group_left",
    "group_dismissed",
)
PAGE_SIZE = 20
NO_ID, ANY_ID = 0, 10**18
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"([0-9]{1,17})-([de])-([0-9]{1,18})")
_START = datetime(9000, 1, 1, tzinfo=UTC)

# Made once: for every card anew, they would cost more than the database does. The first condition
# is there for the index alone; MariaDB would not see it in the second.
_ENTRIES = (
    select(TimelineEntry, Member.name)
    .outerjoin(Member, Member.userid == TimelineEntry.userid)
    .where(
        TimelineEntry.external_userid == bindparam("external_userid"),
        TimelineEntry.at <= bindparam("at"),
        or_(TimelineEntry.at < bindparam("at"), TimelineEntry.id < bindparam("id")),
    )
    .order_by(TimelineEntry.at.desc(), TimelineEntry.id.desc())
    .limit(PAGE_SIZE + 1)
)
_DELIVERIES = (
    select(Delivery, Member.name)
    .outerjoin(Member, Member.userid == Delivery.recipient)
    .where(
        Delivery.external_userid == bindparam("external_userid"),
        Delivery.wanted_at <= bindparam("at"),
        or_(Delivery.wanted_at < bindparam("at"), Delivery.id < bindparam("id")),
        Delivery.outcome.is_not(None),
        Delivery.kind.in_(["welcome", *MESSAGES]),
        # A reminder that was over before its time is nothing that happened.
        or_(Delivery.kind != "reminder", Delivery.reason != "reminder_over"),
    )
    .order_by(Delivery.wanted_at.desc(), Delivery.id.desc())
    .limit(PAGE_SIZE + 1)
)
_BY_CUSTOMER = TimelineEntry.kind.in_(CUSTOMER_KINDS)
# What each filter reads, by the letter of the source.
_SOURCES: dict[str, dict[str, Executable]] = {
    "": {"e": _ENTRIES, "d": _DELIVERIES},
    "notes": {"e": _ENTRIES.where(~_BY_CUSTOMER)},
    "customer": {"e": _ENTRIES.where(_BY_CUSTOMER)},
    "system": {"d": _DELIVERIES},
}


@dataclass(frozen=True)
class HistoryLine:
    """One thing that happened: an entry of the timeline, or a delivery to `recipient`."""

    at: datetime
    line: TimelineLine | None = None
    delivery: Delivery | None = None
    recipient: str = ""


@dataclass(frozen=True)
class HistoryPage:
    """Some of it, newest first; `older` leads to the next page, "" at the end."""

    lines: tuple[HistoryLine, ...]
    older: str


@dataclass(frozen=True)
class _Place:
    """Where a page begins: after this one. Of what happened at the same time, `e` goes first."""

    at: datetime
    source: str
    id: int

    def below(self, source: str) -> int:
        """Return the id below which the rows of `source` at this very time come after it."""
        if source == self.source:
            return self.id
        return ANY_ID if source < self.source else NO_ID


def get_history_page(
    session: Session, external_userid: str, *, wanted: str = "", before: str = ""
) -> HistoryPage:
    """Return the page that `before`, another page's `older`, leads to; else the newest one.

    `wanted` is one of `FILTERS`; what is none of them is the first, everything.
    """
    place = _place(before) or _Place(_START, "e", ANY_ID)
    found = [
        _read(session, statement, external_userid, source, place)
        for source, statement in _SOURCES.get(wanted, _SOURCES[""]).items()
    ]
    rows = list(islice(merge(*found, key=_order, reverse=True), PAGE_SIZE + 1))
    shown = rows[:PAGE_SIZE]
    older = _cursor(*shown[-1][:3]) if len(rows) > PAGE_SIZE else ""
    return HistoryPage(_lines(session, shown), older)


def day_before(cursor: str, zone: ZoneInfo) -> date | None:
    """Return the day on which the page before the one that `cursor` leads to ended."""
    place = _place(cursor)
    return place.at.astimezone(zone).date() if place else None


# Time, source, id, the row itself, and the name that goes with it.
_Row = tuple[datetime, str, int, Any, str]


def _read(
    session: Session, statement: Executable, external_userid: str, source: str, place: _Place
) -> list[_Row]:
    values = {"external_userid": external_userid, "at": place.at, "id": place.below(source)}
    rows = session.execute(statement, values).all()
    if source == "e":
        return [(row.at, source, row.id, row, name or row.userid) for row, name in rows]
    return [(row.wanted_at, source, row.id, row, name or row.recipient) for row, name in rows]


def _order(row: _Row) -> tuple[datetime, str, int]:
    return row[:3]


def _lines(session: Session, rows: Sequence[_Row]) -> tuple[HistoryLine, ...]:
    entries = [(row, name) for _at, source, _id, row, name in rows if source == "e"]
    lines = iter(join_notes(session, entries))
    return tuple(
        HistoryLine(at, line=next(lines))
        if source == "e"
        else HistoryLine(at, delivery=row, recipient=name)
        for at, source, _id, row, name in rows
    )


def _cursor(at: datetime, source: str, row_id: int) -> str:
    return f"{(at - _EPOCH) // timedelta(microseconds=1)}-{source}-{row_id}"


def _place(cursor: str) -> _Place | None:
    # One that is none of ours begins at the newest.
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        return None
    return _Place(_EPOCH + timedelta(microseconds=int(match[1])), match[2], int(match[3]))

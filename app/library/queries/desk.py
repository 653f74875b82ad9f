"""The corp's shelves as admins see them: looked through, with who sent what how often."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session, defer

from app.library.models import LibraryGroup, LibraryItem, LibraryMark, LibraryPart, LibraryUse
from app.library.queries.items import Item
from app.library.queries.listing import LAST, PAGE, build_items, holds, split_search
from app.members.queries import Scope

# Instead of a group's id: of those that are in none.
UNGROUPED = -1
SENDERS, MOST_SENDERS = 3, 50


@dataclass(frozen=True, kw_only=True)
class CorpFilter:
    """What is looked for; "" and 0: all. `kind`: a msgtype that one of the parts has."""

    shelf: str = "scripts"
    group_id: int = 0
    search: str = ""
    kind: str = ""
    is_archived: bool = False


@dataclass(frozen=True)
class Sender:
    """Who sent an item, how often ever and since the time asked for, and when last."""

    userid: str
    uses: int
    recent: int
    used_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class CorpRow:
    """An item of the corp's. `recent`: how often sent since the time asked for, by anybody.

    `key`: what a file calls it by. `senders`: who of those in the scope sent it most.
    """

    item: Item
    key: str
    recent: int
    senders: tuple[Sender, ...]
    updated_at: datetime
    removed_at: datetime | None


@dataclass(frozen=True)
class CorpGroup:
    """A group of the corp's, one without items too, and how many are on the shelf."""

    id: int
    name: str
    count: int


def list_corp_items(
    session: Session, wanted: CorpFilter, *, page: int, since: datetime, scope: Scope
) -> tuple[list[CorpRow], int]:
    """List a page, from 0, of PAGE items at most, in the corp's order; and count all of them.

    Archived ones stand in the order in which they were archived, the latest first.
    """
    query = _matching(wanted)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = (
        (LibraryItem.removed_at.desc(), LibraryItem.id)
        if wanted.is_archived
        else (
            func.coalesce(LibraryGroup.position, LAST),
            LibraryItem.position,
            LibraryItem.id,
        )
    )
    ids = session.scalars(query.order_by(*order).offset(page * PAGE).limit(PAGE)).all()
    return _read_rows(session, ids, since=since, scope=scope), total


def find_corp_item(
    session: Session, item_id: int, *, since: datetime, scope: Scope
) -> CorpRow | None:
    """Find an item of the corp's, an archived one too."""
    query = select(LibraryItem.id).where(LibraryItem.id == item_id, LibraryItem.owner == "")
    ids = session.scalars(query).all()
    return next(iter(_read_rows(session, ids, since=since, scope=scope, most=MOST_SENDERS)), None)


def list_corp_groups(session: Session, shelf: str) -> list[CorpGroup]:
    """List all groups of the corp's on a shelf in their order."""
    rows = session.execute(
        select(LibraryGroup.id, LibraryGroup.name, func.count(LibraryItem.id))
        .outerjoin(
            LibraryItem,
            (LibraryItem.group_id == LibraryGroup.id) & LibraryItem.removed_at.is_(None),
        )
        .where(LibraryGroup.shelf == shelf, LibraryGroup.owner == "")
        .group_by(LibraryGroup.id, LibraryGroup.name, LibraryGroup.position)
        .order_by(LibraryGroup.position, LibraryGroup.id)
    )
    return [CorpGroup(*row) for row in rows]


def _matching(wanted: CorpFilter) -> Select[int]:
    query = (
        select(LibraryItem.id)
        .outerjoin(LibraryGroup, LibraryGroup.id == LibraryItem.group_id)
        .where(LibraryItem.shelf == wanted.shelf, LibraryItem.owner == "")
        .where(
            LibraryItem.removed_at.is_not(None)
            if wanted.is_archived
            else LibraryItem.removed_at.is_(None)
        )
        .where(*(holds(word) for word in split_search(wanted.search)))
    )
    if wanted.group_id == UNGROUPED:
        query = query.where(LibraryItem.group_id.is_(None))
    elif wanted.group_id:
        query = query.where(LibraryItem.group_id == wanted.group_id)
    if wanted.kind:
        is_of_kind = exists().where(
            LibraryPart.item_id == LibraryItem.id, LibraryPart.msgtype == wanted.kind
        )
        query = query.where(is_of_kind)
    return query


def _read_rows(
    session: Session, ids: Sequence[int], *, since: datetime, scope: Scope, most: int = SENDERS
) -> list[CorpRow]:
    """Read these items in this order."""
    if not ids:
        return []
    found = session.execute(
        select(LibraryItem, LibraryGroup.name)
        .outerjoin(LibraryGroup, LibraryGroup.id == LibraryItem.group_id)
        .where(LibraryItem.id.in_(ids))
        .options(defer(LibraryItem.words), defer(LibraryItem.sounds))
    ).all()
    items = build_items(session, "", [(item, None, name) for item, name in found])
    recent = _count_recent(session, ids, since)
    senders = _list_senders(session, ids, since=since, scope=scope, most=most)
    rows = {
        row.id: CorpRow(
            item=item,
            key=row.key,
            recent=recent.get(row.id, 0),
            senders=tuple(senders.get(row.id, ())),
            updated_at=row.updated_at,
            removed_at=row.removed_at,
        )
        for (row, _name), item in zip(found, items, strict=True)
    }
    return [rows[one] for one in ids]


def _count_recent(session: Session, ids: Sequence[int], since: datetime) -> dict[int, int]:
    rows = session.execute(
        select(LibraryUse.item_id, func.count())
        .where(LibraryUse.item_id.in_(ids), LibraryUse.at >= since)
        .group_by(LibraryUse.item_id)
    )
    return {row[0]: row[1] for row in rows}


def _list_senders(
    session: Session, ids: Sequence[int], *, since: datetime, scope: Scope, most: int
) -> dict[int, list[Sender]]:
    place = func.row_number().over(
        partition_by=LibraryMark.item_id, order_by=(LibraryMark.uses.desc(), LibraryMark.userid)
    )
    ranked = (
        select(
            LibraryMark.item_id,
            LibraryMark.userid,
            LibraryMark.uses,
            LibraryMark.used_at,
            place.label("place"),
        )
        .where(LibraryMark.item_id.in_(ids), LibraryMark.uses > 0, scope.holds(LibraryMark.userid))
        .subquery()
    )
    top = session.execute(
        select(ranked.c.item_id, ranked.c.userid, ranked.c.uses, ranked.c.used_at)
        .where(ranked.c.place <= most)
        .order_by(ranked.c.item_id, ranked.c.place)
    ).all()
    lately = session.execute(
        select(LibraryUse.item_id, LibraryUse.userid, func.count())
        .where(
            LibraryUse.item_id.in_(ids),
            LibraryUse.at >= since,
            LibraryUse.userid.in_({row.userid for row in top}),
        )
        .group_by(LibraryUse.item_id, LibraryUse.userid)
    )
    recent = {(item_id, userid): count for item_id, userid, count in lately}
    found: dict[int, list[Sender]] = {}
    for item_id, userid, uses, used_at in top:
        count = recent.get((item_id, userid), 0)
        found.setdefault(item_id, []).append(Sender(userid, uses, count, used_at))
    return found

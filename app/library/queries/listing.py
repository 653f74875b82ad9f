"""What a member finds on a shelf: by tab and group, or by what he types."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, case, func, or_, select
from sqlalchemy.orm import Session, defer

from app.library.models import LibraryGroup, LibraryItem, LibraryMark, LibraryPart
from app.library.queries.items import Item, MaterialFacts, Part
from app.library.words import fold
from app.materials.models import Material, MaterialPicture
from app.materials.queries import usable

PAGE = 30
TABS = ("frequent", "corp", "own")
MOST_WORDS, MOST_SEARCH = 5, 64
ESCAPE = "/"
LAST = 1_000_000

_Found = tuple[LibraryItem, LibraryMark | None, str | None]


@dataclass(frozen=True)
class Group:
    """A group that has items, and how many of them stand in the tab."""

    id: int
    name: str
    count: int


def list_items(
    session: Session,
    userid: str,
    shelf: str,
    *,
    tab: str,
    group_id: int = 0,
    search: str = "",
    page: int = 0,
) -> tuple[list[Item], bool]:
    """List a page, from 0, of PAGE items at most; also tell whether there are more.

    `tab` frequent: his favourites, then what he sent, then what the corp sends most; corp: in the
    corp's order; own: latest changed first. A `search` looks through all that he may see, whatever
    the tab and the group: each of its words in title, texts or sounds, best finds first.
    """
    words = split_search(search)
    wanted = _visible(userid, shelf)
    if words:
        wanted = wanted.where(*(holds(word) for word in words)).order_by(*_by_fit(words))
    else:
        wanted = wanted.where(_in_tab(tab, userid)).order_by(*_by_tab(tab))
        if group_id:
            wanted = wanted.where(LibraryItem.group_id == group_id)
    rows = session.execute(wanted.offset(page * PAGE).limit(PAGE + 1)).all()
    return build_items(session, userid, rows[:PAGE]), len(rows) > PAGE


def list_groups(session: Session, userid: str, shelf: str, tab: str) -> list[Group]:
    """List the groups that have items in this tab, in their order."""
    rows = session.execute(
        select(LibraryGroup.id, LibraryGroup.name, func.count(LibraryItem.id))
        .join(LibraryItem, LibraryItem.group_id == LibraryGroup.id)
        .outerjoin(LibraryMark, _mark_of(userid))
        .where(*_is_visible(userid), LibraryItem.shelf == shelf, _in_tab(tab, userid))
        .group_by(LibraryGroup.id, LibraryGroup.name, LibraryGroup.owner, LibraryGroup.position)
        # The corp's, whose owner is "", go before his own.
        .order_by(LibraryGroup.owner, LibraryGroup.position, LibraryGroup.id)
    )
    return [Group(*row) for row in rows]


def find_item(session: Session, userid: str, item_id: int) -> Item | None:
    """Find an item of the corp's or his own that is not removed."""
    wanted = _visible(userid).where(LibraryItem.id == item_id)
    return next(iter(build_items(session, userid, session.execute(wanted).all())), None)


def build_items(session: Session, userid: str, rows: Sequence[_Found]) -> list[Item]:
    """Join items with their parts and what the files of these are."""
    parts = _parts(session, [row[0].id for row in rows])
    return [
        Item(
            id=item.id,
            shelf=item.shelf,
            title=item.title,
            group_id=item.group_id,
            group_name=group_name or "",
            is_own=item.owner == userid,
            parts=tuple(parts.get(item.id, ())),
            is_favourite=mark is not None and mark.favourite_at is not None,
            uses=item.uses,
            own_uses=mark.uses if mark else 0,
            used_at=mark.used_at if mark else None,
            version=item.version,
        )
        for item, mark, group_name in rows
    ]


def _visible(userid: str, shelf: str = "") -> Select[LibraryItem, LibraryMark | None, str | None]:
    wanted = (
        select(LibraryItem, LibraryMark, LibraryGroup.name)
        .outerjoin(LibraryMark, _mark_of(userid))
        .outerjoin(LibraryGroup, LibraryGroup.id == LibraryItem.group_id)
        .where(*_is_visible(userid))
        # Long, and only looked through.
        .options(defer(LibraryItem.words), defer(LibraryItem.sounds))
    )
    return wanted.where(LibraryItem.shelf == shelf) if shelf else wanted


def _is_visible(userid: str) -> tuple[ColumnElement[bool], ...]:
    return LibraryItem.owner.in_(("", userid)), LibraryItem.removed_at.is_(None)


def _mark_of(userid: str) -> ColumnElement[bool]:
    return and_(LibraryMark.item_id == LibraryItem.id, LibraryMark.userid == userid)


def _in_tab(tab: str, userid: str) -> ColumnElement[bool]:
    if tab == "own":
        return LibraryItem.owner == userid
    if tab == "corp":
        return LibraryItem.owner == ""
    return or_(
        LibraryMark.favourite_at.is_not(None),
        LibraryMark.used_at.is_not(None),
        and_(LibraryItem.owner == "", LibraryItem.uses > 0),
    )


def _by_tab(tab: str) -> tuple[SQLColumnExpression[Any], ...]:
    if tab == "own":
        return LibraryItem.updated_at.desc(), LibraryItem.id.desc()
    if tab == "corp":
        return (
            func.coalesce(LibraryGroup.position, LAST),
            LibraryItem.position,
            LibraryItem.id,
        )
    kind = case(
        (LibraryMark.favourite_at.is_not(None), 0), (LibraryMark.used_at.is_not(None), 1), else_=2
    )
    return (
        kind,
        LibraryMark.favourite_at.desc(),
        LibraryMark.used_at.desc(),
        LibraryItem.uses.desc(),
        LibraryItem.id,
    )


def split_search(search: str) -> list[str]:
    """Return the words that are looked for, folded."""
    return fold(search[:MOST_SEARCH]).split()[:MOST_WORDS]


def holds(word: str) -> ColumnElement[bool]:
    """Say in SQL that an item has this folded word in its title, its texts or its sounds."""
    inside = f"%{_escaped(word)}%"
    return or_(
        LibraryItem.words.like(inside, escape=ESCAPE),
        LibraryItem.sounds.like(inside, escape=ESCAPE),
    )


def _by_fit(words: Sequence[str]) -> tuple[SQLColumnExpression[Any], ...]:
    """Order by where the words stand: at the title's start, in it, in its sounds, in the texts."""
    insides = [f"%{_escaped(word)}%" for word in words]
    title = func.lower(LibraryItem.title)
    fit = case(
        (LibraryItem.words.like(f"{_escaped(words[0])}%", escape=ESCAPE), 0),
        (and_(*(title.like(inside, escape=ESCAPE) for inside in insides)), 1),
        (and_(*(LibraryItem.sounds.like(inside, escape=ESCAPE) for inside in insides)), 2),
        else_=3,
    )
    return (
        fit,
        func.coalesce(LibraryMark.uses, 0).desc(),
        LibraryItem.uses.desc(),
        LibraryItem.id,
    )


def _escaped(word: str) -> str:
    for sign in (ESCAPE, "%", "_"):
        word = word.replace(sign, ESCAPE + sign)
    return word


def _parts(session: Session, item_ids: Sequence[int]) -> Mapping[int, list[Part]]:
    if not item_ids:
        return {}
    rows = session.execute(
        select(LibraryPart, Material, MaterialPicture.material_id)
        .outerjoin(Material, Material.id == LibraryPart.material_id)
        .outerjoin(MaterialPicture, MaterialPicture.material_id == Material.id)
        .where(LibraryPart.item_id.in_(item_ids))
        .order_by(LibraryPart.item_id, LibraryPart.n)
    )
    found: dict[int, list[Part]] = {}
    for part, material, picture in rows:
        facts = _facts(material, has_picture=picture is not None)
        found.setdefault(part.item_id, []).append(
            Part(n=part.n, msgtype=part.msgtype, fields=part.fields, material=facts)
        )
    return found


def _facts(material: Material | None, *, has_picture: bool) -> MaterialFacts | None:
    if material is None:
        return None
    return MaterialFacts(
        id=material.id,
        kind=material.kind,
        filename=material.filename,
        size=material.size,
        is_ready=usable(material.media_id, material.media_expires_at),
        upload_error=material.upload_error,
        has_picture=has_picture,
    )

"""Corp tags as admins see them: by group, deleted ones too, with how many customers have each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.customers.models import FollowTag, FollowUser, Tag, TagGroup
from app.customers.queries.tags import MOST_TAGS

PAGE = 20
LIVING, GONE = "living", "gone"
ESCAPE = "/"


@dataclass(frozen=True)
class Holders:
    """How many customers have a tag, by `tag_id`, and any living one of a group, by `group_id`."""

    tags: Mapping[str, int]
    groups: Mapping[str, int]


@dataclass(frozen=True)
class DeskTag:
    """A tag; `key` is `Tag.id`. `count`: so many customers have it from somebody."""

    key: int
    tag_id: str
    name: str
    removed_at: datetime | None
    count: int


@dataclass(frozen=True)
class DeskGroup:
    """A group with its tags in WeCom's order; `count`: so many customers have any of them."""

    group_id: str
    name: str
    removed_at: datetime | None
    count: int
    tags: tuple[DeskTag, ...]


def count_holders(session: Session) -> Holders:
    """Count the customers whom somebody follows and gave a corp tag; each of them once.

    This looks at every tag of every customer.
    """
    return Holders(tags=_count_by(session, Tag.tag_id), groups=_count_by(session, Tag.group_id))


def list_tag_groups(
    session: Session, holders: Holders, *, search: str = "", state: str = "", page: int = 0
) -> tuple[list[DeskGroup], int]:
    """List a page, from 0, of PAGE groups in WeCom's order, living ones first; and count them all.

    `search` looks through the names of groups and tags; of a group that is found by its own name
    all tags are listed. `state` "living" or "gone": those alone, with the groups that they are in.
    """
    wanted = select(TagGroup).where(_has_found(search, state))
    total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    groups = session.scalars(
        wanted.order_by(
            TagGroup.removed_at.is_not(None), TagGroup.position.desc(), TagGroup.group_id
        )
        .offset(page * PAGE)
        .limit(PAGE)
    ).all()
    tags = _list_tags(session, groups, search, state)
    by_group: dict[str, list[DeskTag]] = {}
    for tag in tags:
        row = DeskTag(tag.id, tag.tag_id, tag.name, tag.removed_at, holders.tags.get(tag.tag_id, 0))
        by_group.setdefault(tag.group_id, []).append(row)
    found = [
        DeskGroup(
            group.group_id,
            group.name,
            group.removed_at,
            holders.groups.get(group.group_id, 0),
            tuple(by_group.get(group.group_id, ())),
        )
        for group in groups
    ]
    return found, total


def _list_tags(
    session: Session, groups: Sequence[TagGroup], search: str, state: str
) -> Sequence[Tag]:
    named = [group.group_id for group in groups if search.casefold() in group.name.casefold()]
    query = (
        select(Tag)
        .where(
            Tag.group_id.in_([group.group_id for group in groups]),
            or_(Tag.group_id.in_(named), _is_like(Tag.name, search)),
        )
        .order_by(Tag.group_id, Tag.removed_at.is_not(None), Tag.position.desc(), Tag.id)
        .limit(MOST_TAGS)
    )
    return session.scalars(query.where(_is_in(state, Tag.removed_at))).all()


def _has_found(search: str, state: str) -> ColumnElement[bool]:
    """Say in SQL that a group is looked for, or has a tag that is."""
    tags = select(Tag.group_id).where(_is_in(state, Tag.removed_at), _is_like(Tag.name, search))
    is_found = and_(_is_in(state, TagGroup.removed_at), _is_like(TagGroup.name, search))
    return or_(is_found, TagGroup.group_id.in_(tags))


def _is_in(state: str, removed_at: object) -> ColumnElement[bool]:
    column: ColumnElement[datetime | None] = removed_at  # type: ignore[assignment]  # either table's
    if state == LIVING:
        return column.is_(None)
    return column.is_not(None) if state == GONE else or_(column.is_(None), column.is_not(None))


def _is_like(name: object, search: str) -> ColumnElement[bool]:
    column: ColumnElement[str] = name  # type: ignore[assignment]  # either table's
    for sign in (ESCAPE, "%", "_"):
        search = search.replace(sign, ESCAPE + sign)
    return column.ilike(f"%{search}%", escape=ESCAPE)


def _count_by(session: Session, what: InstrumentedAttribute[str]) -> dict[str, int]:
    # Grouped twice: to count what is distinct, PostgreSQL would sort all of it.
    pairs = (
        select(what.label("what"), FollowUser.external_userid)
        .join(FollowTag, FollowTag.tag_id == Tag.tag_id)
        .join(FollowUser, FollowUser.id == FollowTag.follow_id)
        .where(FollowUser.removed_at.is_(None))
        .group_by(what, FollowUser.external_userid)
    )
    # A group has what its living tags have; a deleted tag is counted for itself.
    if what is Tag.group_id:
        pairs = pairs.where(Tag.removed_at.is_(None))
    found = pairs.subquery()
    rows = session.execute(select(found.c.what, func.count()).group_by(found.c.what))
    return {row[0]: row[1] for row in rows}

"""Reads of tags (标签): those of a customer, and those that he could have."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from app.customers.models import FollowTag, FollowUser, Tag, TagGroup

MARKS = 60
# WeCom's own limit for a corp, and some for those whose group has no row.
MOST_TAGS = 3000

# Made once: for every card anew, they would cost more than the database does.
_MARKS = (
    select(
        # A tag that was renamed is called so at once, and not when its customer is read again.
        func.coalesce(Tag.name, FollowTag.tag_name).label("tag_name"),
        FollowTag.tag_id,
        FollowTag.type,
        Tag.id.label("key"),
        Tag.removed_at,
    )
    .outerjoin(Tag, Tag.tag_id == FollowTag.tag_id)
    .where(FollowTag.follow_id == bindparam("follow_id"))
    .order_by(FollowTag.group_name, FollowTag.tag_name)
    .limit(MARKS)
)
_BOARD = (
    select(Tag.id, Tag.tag_id, Tag.name, Tag.group_id, TagGroup.name.label("group_name"))
    .outerjoin(TagGroup, TagGroup.group_id == Tag.group_id)
    .where(Tag.removed_at.is_(None))
    .order_by(TagGroup.position.desc(), Tag.group_id, Tag.position.desc(), Tag.id)
    .limit(MOST_TAGS)
)


@dataclass(frozen=True)
class Mark:
    """A tag on a customer. `type` 1 is the corp's, 2 the member's own, 3 a rule group's.

    `key` is `Tag.id`, None for what is no corp tag. `is_gone`: it was deleted in WeCom.
    """

    name: str
    tag_id: str
    type: int
    key: int | None
    is_gone: bool


@dataclass(frozen=True)
class BoardTag:
    """A corp tag; `key` is `Tag.id`. `is_gone`: it was deleted in WeCom."""

    key: int
    tag_id: str
    name: str
    is_gone: bool = False


@dataclass(frozen=True)
class BoardGroup:
    """A group of them, in WeCom's order."""

    name: str
    tags: tuple[BoardTag, ...]


def list_marks(session: Session, follow: FollowUser) -> list[Mark]:
    """List the tags that a member gave a customer."""
    return [
        Mark(row.tag_name, row.tag_id, row.type, row.key, row.removed_at is not None)
        for row in session.execute(_MARKS, {"follow_id": follow.id})
    ]


def list_tag_board(session: Session) -> list[BoardGroup]:
    """List every living corp tag by its group."""
    groups: dict[str, tuple[str, list[BoardTag]]] = {}
    for row in session.execute(_BOARD):
        _name, tags = groups.setdefault(row.group_id, (row.group_name or "", []))
        tags.append(BoardTag(row.id, row.tag_id, row.name))
    return [BoardGroup(name, tuple(tags)) for name, tags in groups.values()]


def list_marked(session: Session, follow: FollowUser) -> set[str]:
    """Return the tag_ids of the corp tags that a member gave a customer."""
    marked = select(FollowTag.tag_id).where(FollowTag.follow_id == follow.id).limit(MOST_TAGS)
    return set(session.scalars(marked)) - {""}


def find_tags(
    session: Session, tag_ids: Sequence[str] = (), *, keys: Sequence[int] = ()
) -> list[BoardTag]:
    """Return these corp tags, by tag_id or by key, deleted ones too."""
    rows = session.scalars(select(Tag).where(or_(Tag.tag_id.in_(tag_ids), Tag.id.in_(keys))))
    return [BoardTag(tag.id, tag.tag_id, tag.name, tag.removed_at is not None) for tag in rows]

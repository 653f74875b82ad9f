"""Corp tags as admins change them: what they may be called, and what WeCom has taken over."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.customers.actions.tags import NAME_LENGTH
from app.customers.models import Tag, TagGroup
from app.db import fit
from app.errors import NotFound, Refused
from app.i18n import N_, _
from app.rows import upsert
from app.wecom.external_contact import TagGroupInfo
from app.words import clean, is_seen

# WeCom's own (dww/92117), in characters.
MOST_CHARACTERS = 30
MOST_AT_ONCE = 100
NO_TAG = N_("没有这个标签，可能已经在企业微信里删除；请点“从企业微信同步”")
NO_GROUP = N_("没有这个标签组，可能已经在企业微信里删除；请点“从企业微信同步”")


def checked_name(name: str) -> str:
    """Return a name of a tag or a group as WeCom is given it.

    Raises:
        Refused: WeCom would not take it.
    """
    name = clean(name).strip()
    if not is_seen(name):
        raise Refused(_("请写名称"))
    if len(name) > MOST_CHARACTERS:
        told = _(
            "「{name}」有 {count} 个字，最多 {most} 个",
            name=name,
            count=len(name),
            most=MOST_CHARACTERS,
        )
        raise Refused(told)
    return name


def checked_names(names: Sequence[str]) -> list[str]:
    """Return the names of new tags, each once; empty ones are none.

    Raises:
        Refused: there is none, there are too many, or one will not do.
    """
    found = list(dict.fromkeys(checked_name(name) for name in names if name.strip()))
    if not found:
        raise Refused(_("请至少写一个标签"))
    if len(found) > MOST_AT_ONCE:
        raise Refused(_("一次最多建立 {most} 个标签", most=MOST_AT_ONCE))
    return found


def get_living_tag(session: Session, tag_key: int) -> Tag:
    """Return a tag that WeCom has, by `Tag.id`.

    Raises:
        NotFound: there is none.
    """
    tag = session.get(Tag, tag_key)
    if tag is None or tag.removed_at is not None:
        raise NotFound(NO_TAG)
    return tag


def get_living_group(session: Session, group_id: str) -> TagGroup:
    """Return a group that WeCom has.

    Raises:
        NotFound: there is none.
    """
    group = session.get(TagGroup, group_id)
    if group is None or group.removed_at is not None:
        raise NotFound(NO_GROUP)
    return group


def record_made_tags(session: Session, group: TagGroupInfo) -> None:
    """Take over what WeCom has made: a group, and tags in it; others in it stay as they are."""
    row = {
        "group_id": group.group_id,
        "name": fit(group.group_name.strip(), NAME_LENGTH),
        "position": group.order,
        "removed_at": None,
    }
    update = ["name", "position", "removed_at"]
    upsert(session, TagGroup, [row], key=["group_id"], update=update)
    tags = [
        {
            "tag_id": tag.id,
            "group_id": group.group_id,
            "name": fit(tag.name.strip(), NAME_LENGTH),
            "position": tag.order,
            "removed_at": None,
        }
        for tag in group.tags
    ]
    upsert(session, Tag, tags, key=["tag_id"], update=update)


def record_renamed(session: Session, wire_id: str, name: str) -> None:
    """Take over that WeCom calls a tag or a group so now."""
    tag = session.scalar(select(Tag).where(Tag.tag_id == wire_id))
    one = tag or session.get(TagGroup, wire_id)
    if one is not None:
        one.name = name


def record_deleted(session: Session, *, tag_id: str = "", group_id: str = "") -> None:
    """Take over that WeCom has deleted a tag, or a group with all its tags. The rows stay.

    A group whose last tag has gone is gone, too.
    """
    now = clock.utcnow()
    tag = session.scalar(select(Tag).where(Tag.tag_id == tag_id)) if tag_id else None
    group = session.get(TagGroup, tag.group_id if tag else group_id)
    tags = session.scalars(
        select(Tag).where(
            Tag.group_id == (group.group_id if group else ""), Tag.removed_at.is_(None)
        )
    ).all()
    for one in tags:
        if tag is None or one is tag:
            one.removed_at = now
    if tag and tag.removed_at is None:
        tag.removed_at = now
    if group and group.removed_at is None and all(one.removed_at for one in tags):
        group.removed_at = now

"""The corp tags of many relations, brought into line with what WeCom lists of them.

A list holds the ids of corp tags alone: members' own tags, and those of rule groups, are not in it,
and are left alone.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import delete, select, tuple_
from sqlalchemy.orm import Session

from app.customers.models import FollowTag, Tag, TagGroup
from app.rows import among, insert_rows

# The names of a corp tag by its id: of its group, and its own.
TagNames = Mapping[str, tuple[str, str]]
CORP = 1
Moved = tuple[dict[str, str], dict[str, str]]


def read_tag_names(session: Session) -> dict[str, tuple[str, str]]:
    """Read what every corp tag is called; WeCom has 3,000 at most."""
    rows = session.execute(
        select(Tag.tag_id, TagGroup.name, Tag.name)
        .outerjoin(TagGroup, TagGroup.group_id == Tag.group_id)
        .where(Tag.removed_at.is_(None))
    )
    return {tag_id: (group or "", name) for tag_id, group, name in rows}


def replace_marks(
    session: Session,
    wanted: Mapping[int, Collection[str]],
    *,
    tags: TagNames,
    held: Mapping[int, Collection[str]],
) -> dict[int, Moved]:
    """Have these relations, by id, carry the tags that WeCom lists; `held` tag_ids stay.

    Returns by relation the names of those that came and those that went, by tag_id.
    """
    have = _read(session, wanted)
    new: list[dict[str, Any]] = []
    gone: list[tuple[int, str, str]] = []
    moved: dict[int, Moved] = {}
    for follow_id, tag_ids in wanted.items():
        marks = have.get(follow_id, {})
        kept = held.get(follow_id, ())
        added, removed = _compare(marks, tag_ids, tags, kept)
        gone += [(follow_id, *place) for place, tag_id in marks.items() if tag_id in removed]
        new += [
            _mark(follow_id, tag_id, tags[tag_id])
            for tag_id in added
            # A member's own may be called the same.
            if marks.get(tags[tag_id]) is None or marks[tags[tag_id]] in removed
        ]
        if added or removed:
            both = added.keys() & removed.keys()
            moved[follow_id] = (_without(added, both), _without(removed, both))
    _delete(session, gone)
    insert_rows(session, FollowTag, new)
    return moved


def insert_marks(
    session: Session, wanted: Mapping[int, Collection[str]], *, tags: TagNames
) -> None:
    """Have these relations, by id, carry the tags that WeCom lists; they carry none yet."""
    insert_rows(
        session,
        FollowTag,
        [
            _mark(follow_id, tag_id, names)
            for follow_id, tag_ids in wanted.items()
            for names, tag_id in {tags[one]: one for one in tag_ids if one in tags}.items()
        ],
    )


def _compare(
    marks: Mapping[tuple[str, str], str],
    tag_ids: Collection[str],
    tags: TagNames,
    held: Collection[str],
) -> Moved:
    """Return what is to come and what is to go; one that was renamed does both."""
    wanted = {tags[one]: one for one in tag_ids if one in tags and one not in held}
    # One that we have no name of stays as it is, if it does.
    left = {*held, *(one for one in tag_ids if one not in tags)}
    ours = {place: one for place, one in marks.items() if one and one not in left}
    if wanted == ours:
        return {}, {}
    return (
        {one: place[1] for place, one in wanted.items() if ours.get(place) != one},
        {one: place[1] for place, one in ours.items() if wanted.get(place) != one},
    )


def _read(session: Session, follow_ids: Collection[int]) -> dict[int, dict[tuple[str, str], str]]:
    """Read the marks of these relations: the tag_id by names, "" for what is not the corp's."""
    rows = session.execute(
        select(
            FollowTag.follow_id,
            FollowTag.group_name,
            FollowTag.tag_name,
            FollowTag.tag_id,
            FollowTag.type,
        ).where(among(session, FollowTag.follow_id, follow_ids))
    )
    found: dict[int, dict[tuple[str, str], str]] = {}
    for follow_id, group_name, tag_name, tag_id, kind in rows:
        marks = found.setdefault(follow_id, {})
        marks[group_name, tag_name] = tag_id if kind == CORP else ""
    return found


def _delete(session: Session, places: list[tuple[int, str, str]]) -> None:
    columns = tuple_(FollowTag.follow_id, FollowTag.group_name, FollowTag.tag_name)
    if places:
        session.execute(
            delete(FollowTag)
            .where(columns.in_(places))
            .execution_options(synchronize_session=False)
        )


def _mark(follow_id: int, tag_id: str, names: tuple[str, str]) -> dict[str, Any]:
    return {
        "follow_id": follow_id,
        "group_name": names[0],
        "tag_name": names[1],
        "tag_id": tag_id,
        "type": CORP,
    }


def _without(names: Mapping[str, str], these: Collection[str]) -> dict[str, str]:
    return {tag_id: name for tag_id, name in names.items() if tag_id not in these}

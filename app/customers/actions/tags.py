"""Tags (标签): the corp's own, taken over from WeCom, and those that a member gives a customer."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, select
from sqlalchemy.orm import Session

from app import clock
from app.customers.actions.own_changes import tell_tags
from app.customers.actions.profile import lock_own
from app.customers.actions.timeline import record_timelines
from app.customers.models import FollowTag, FollowUser, Tag, TagGroup, TimelineEntry
from app.db import Base, fit
from app.errors import NotFound, Refused
from app.i18n import N_
from app.pushes.actions import record_push
from app.pushes.models import Push
from app.pushes.queries import list_unsettled
from app.rows import among, beside_index, insert_numbers, upsert
from app.wecom.external_contact import TagGroupInfo

NAME_LENGTH = 64
ADD, REMOVE = "add", "remove"
# Nothing of a bulk change is held by the session.
LOOSE: Any = {"execution_options": {"synchronize_session": False}}


@dataclass(frozen=True)
class Marked:
    """A tag after a member's tap. `changed` False: it was so already, nothing was done."""

    tag_id: str
    name: str
    changed: bool


def record_tags(session: Session, groups: Sequence[TagGroupInfo]) -> None:
    """Take over the whole list of corp tags; what is not in it any more has gone."""
    now = clock.utcnow()
    listed_groups = {
        group.group_id: {
            "group_id": group.group_id,
            "name": fit(group.group_name.strip(), NAME_LENGTH),
            "position": group.order,
            "removed_at": None,
        }
        for group in groups
    }
    listed_tags = {
        tag.id: {
            "tag_id": tag.id,
            "group_id": group.group_id,
            "name": fit(tag.name.strip(), NAME_LENGTH),
            "position": tag.order,
            "removed_at": None,
        }
        for group in groups
        for tag in group.tags
    }
    _take_over(session, TagGroup, "group_id", listed_groups, now)
    _take_over(session, Tag, "tag_id", listed_tags, now)


def _take_over(
    session: Session,
    model: type[TagGroup] | type[Tag],
    key: str,
    listed: dict[str, dict[str, Any]],
    now: datetime,
) -> None:
    """Write the difference: an hourly pull finds hardly any."""
    rows: Sequence[Base] = session.scalars(select(model)).all()
    known = {getattr(row, key): row for row in rows}
    for wire_id, values in listed.items():
        row = known.get(wire_id)
        if row is None:
            continue
        for name, value in values.items():
            if getattr(row, name) != value:
                setattr(row, name, value)
    for wire_id in known.keys() - listed.keys():
        if getattr(known[wire_id], "removed_at", None) is None:
            known[wire_id].removed_at = now  # type: ignore[attr-defined]  # both tables have it
    session.flush()
    new = [values for wire_id, values in listed.items() if wire_id not in known]
    # Two pulls at a time may both find it new.
    upsert(session, model, new, key=[key], update=["name", "position", "removed_at"])


def mark_tag(
    session: Session, external_userid: str, *, userid: str, tag_key: int, on: bool, by: str = ""
) -> Marked:
    """Give the member's customer a corp tag, or take it away, and have WeCom told.

    `tag_key` is `Tag.id`; `by`: who does it in the member's name, "" for himself. It is so already:
    nothing is done, unless WeCom does not know it.

    Raises:
        NotFound: there is no such tag, or the customer is not his (any more).
        Refused: the tag was deleted in WeCom.
    """
    follow = lock_own(session, userid, external_userid)
    tag = session.get(Tag, tag_key)
    if tag is None:
        raise NotFound(N_("没有这个标签"))
    if tag.removed_at is not None:
        raise Refused(N_("这个标签在企业微信里已经删除了"))
    if _has(session, follow.id, tag) == on and not _is_unsettled(
        session, userid, external_userid, tag.tag_id
    ):
        return Marked(tag.tag_id, tag.name, changed=False)
    _write_mark(session, follow, tag, on=on, by=by)
    record_push(
        session,
        kind="tags",
        userid=userid,
        external_userid=external_userid,
        subject=tag.tag_id,
        value=ADD if on else REMOVE,
    )
    return Marked(tag.tag_id, tag.name, changed=True)


def retry_tags(session: Session, external_userid: str, *, userid: str, by: str = "") -> int:
    """Have WeCom told anew of all tags of which it could not be told; return how many.

    What WeCom showed meanwhile is overruled: he has asked for it again. `by` as in `mark_tag`.

    Raises:
        NotFound: the customer is not his (any more).
    """
    follow = lock_own(session, userid, external_userid)
    failed = [push for push in _tag_pushes(session, userid, external_userid) if push.outcome]
    known = session.scalars(select(Tag).where(Tag.tag_id.in_([push.subject for push in failed])))
    tags = {tag.tag_id: tag for tag in known}
    for push in reversed(failed):
        if push.subject in tags:
            _write_mark(session, follow, tags[push.subject], on=push.value == ADD, by=by)
        record_push(
            session,
            kind="tags",
            userid=userid,
            external_userid=external_userid,
            subject=push.subject,
            value=push.value,
        )
    return len(failed)


def _tag_pushes(session: Session, userid: str, external_userid: str) -> list[Push]:
    unsettled = list_unsettled(session, userid, external_userid)
    return [push for push in unsettled if push.kind == "tags"]


def _is_unsettled(session: Session, userid: str, external_userid: str, tag_id: str) -> bool:
    pushes = _tag_pushes(session, userid, external_userid)
    return any(push.subject == tag_id and push.outcome == "failed" for push in pushes)


def _has(session: Session, follow_id: int, tag: Tag) -> bool:
    marks = select(FollowTag.tag_id).where(
        FollowTag.follow_id == follow_id, FollowTag.tag_id == tag.tag_id
    )
    return session.scalar(marks.limit(1)) is not None


def _write_mark(session: Session, follow: FollowUser, tag: Tag, *, on: bool, by: str) -> None:
    if _has(session, follow.id, tag) != on:
        moved, kept = {tag.tag_id: tag.name}, dict[str, str]()
        added, removed = (moved, kept) if on else (kept, moved)
        tell_tags(session, follow, added=added, removed=removed, read_at=None, by=by)
    session.execute(
        delete(FollowTag).where(FollowTag.follow_id == follow.id, FollowTag.tag_id == tag.tag_id)
    )
    if not on:
        return
    group = session.get(TagGroup, tag.group_id)
    mark = {
        "follow_id": follow.id,
        "group_name": group.name if group else "",
        "tag_name": tag.name,
        "tag_id": tag.tag_id,
        "type": 1,
    }
    key = ["follow_id", "group_name", "tag_name"]
    upsert(session, FollowTag, [mark], key=key, update=["tag_id", "type"])


def mark_many(
    session: Session,
    follow_ids: Collection[int],
    tag: Tag,
    *,
    on: bool,
    userid: str,
    key: str,
) -> set[int]:
    """Give a tag to many living relations, or take it away, and tell their timelines.

    Returns those that were not so already. `userid`: who wanted it; `key` begins the keys of the
    entries, which end in the relation's id.
    """
    group = session.get(TagGroup, tag.group_id)
    name = {"group_name": group.name if group else "", "tag_name": tag.name}
    is_it = beside_index(session, FollowTag.tag_id) == tag.tag_id
    is_named_so = and_(
        FollowTag.group_name == name["group_name"], FollowTag.tag_name == name["tag_name"]
    )
    theirs = select(FollowTag.follow_id).where(among(session, FollowTag.follow_id, follow_ids))
    marked = set(session.scalars(theirs.where(is_it)))
    changed = set(follow_ids) - marked if on else marked
    if not changed:
        return changed
    # A member's own of the same name gives way, as it does in WeCom. Asked for first: where there
    # is hardly one to be found, a database would go through its whole table to delete it.
    going = changed.intersection(session.scalars(theirs.where(is_named_so))) if on else marked
    if going:
        these = among(session, FollowTag.follow_id, going), is_named_so if on else is_it
        session.execute(delete(FollowTag).where(*these), **LOOSE)
    if on:
        values = name | {"tag_id": tag.tag_id}
        insert_numbers(session, FollowTag.follow_id, changed, **values, type=1)
    moved: dict[str, str] = {tag.tag_id: tag.name}
    record_timelines(
        session,
        among(session, FollowUser.id, changed),
        kind="tags_changed",
        at=clock.utcnow(),
        key=key,
        userid=userid,
        data={
            "added": moved if on else {},
            "removed": {} if on else moved,
            "from_wecom": False,
        },
    )
    return changed


def take_back_marks(
    session: Session, follow_ids: Sequence[int], *, tag_id: str, was_on: bool, key: str
) -> None:
    """Undo `mark_many` for these of its relations; nobody outside has heard of it."""
    tag = session.scalars(select(Tag).where(Tag.tag_id == tag_id)).one()
    keys = [f"{key}:{follow_id}" for follow_id in follow_ids]
    session.execute(delete(TimelineEntry).where(TimelineEntry.dedupe_key.in_(keys)), **LOOSE)
    if was_on:
        is_it = beside_index(session, FollowTag.tag_id) == tag_id
        mine = among(session, FollowTag.follow_id, follow_ids), is_it
        session.execute(delete(FollowTag).where(*mine), **LOOSE)
        return
    group = session.get(TagGroup, tag.group_id)
    mark = {
        "group_name": group.name if group else "",
        "tag_name": tag.name,
        "tag_id": tag_id,
        "type": 1,
    }
    marks = [mark | {"follow_id": follow_id} for follow_id in follow_ids]
    upsert(session, FollowTag, marks, key=["follow_id", "group_name", "tag_name"])


def find_living_tag(session: Session, tag_id: str) -> Tag | None:
    """Find a corp tag that WeCom still has."""
    return session.scalar(select(Tag).where(Tag.tag_id == tag_id, Tag.removed_at.is_(None)))

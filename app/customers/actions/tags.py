"""Tags (标签): the corp's own, taken over from WeCom, and those that a member gives a customer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import clock
from app.customers.actions.profile import lock_own
from app.customers.models import FollowTag, Tag, TagGroup
from app.db import Base, fit, upsert
from app.errors import NotFound, Refused
from app.i18n import N_
from app.pushes.actions import record_push
from app.pushes.models import Push
from app.pushes.queries import list_unsettled
from app.wecom.external_contact import TagGroupInfo

NAME_LENGTH = 64
ADD, REMOVE = "add", "remove"


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
            "name": fit(group.group_name, NAME_LENGTH),
            "position": group.order,
            "removed_at": None,
        }
        for group in groups
    }
    listed_tags = {
        tag.id: {
            "tag_id": tag.id,
            "group_id": group.group_id,
            "name": fit(tag.name, NAME_LENGTH),
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
    session: Session, external_userid: str, *, userid: str, tag_key: int, on: bool
) -> Marked:
    """Give the member's customer a corp tag, or take it away, and have WeCom told.

    `tag_key` is `Tag.id`. It is so already: nothing is done, unless WeCom does not know it.

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
    has = session.scalars(
        select(FollowTag).where(FollowTag.follow_id == follow.id, FollowTag.tag_id == tag.tag_id)
    ).all()
    if bool(has) == on and not _is_unsettled(session, userid, external_userid, tag.tag_id):
        return Marked(tag.tag_id, tag.name, changed=False)
    _write_mark(session, follow.id, tag, on=on)
    record_push(
        session,
        kind="tags",
        userid=userid,
        external_userid=external_userid,
        subject=tag.tag_id,
        value=ADD if on else REMOVE,
    )
    return Marked(tag.tag_id, tag.name, changed=True)


def retry_tags(session: Session, external_userid: str, *, userid: str) -> int:
    """Have WeCom told anew of all tags of which it could not be told; return how many.

    What WeCom showed meanwhile is overruled: he has asked for it again.

    Raises:
        NotFound: the customer is not his (any more).
    """
    follow = lock_own(session, userid, external_userid)
    failed = [push for push in _tag_pushes(session, userid, external_userid) if push.outcome]
    known = session.scalars(select(Tag).where(Tag.tag_id.in_([push.subject for push in failed])))
    tags = {tag.tag_id: tag for tag in known}
    for push in reversed(failed):
        if push.subject in tags:
            _write_mark(session, follow.id, tags[push.subject], on=push.value == ADD)
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


def _write_mark(session: Session, follow_id: int, tag: Tag, *, on: bool) -> None:
    session.execute(
        delete(FollowTag).where(FollowTag.follow_id == follow_id, FollowTag.tag_id == tag.tag_id)
    )
    if not on:
        return
    group = session.get(TagGroup, tag.group_id)
    mark = {
        "follow_id": follow_id,
        "group_name": group.name if group else "",
        "tag_name": tag.name,
        "tag_id": tag.tag_id,
        "type": 1,
    }
    key = ["follow_id", "group_name", "tag_name"]
    upsert(session, FollowTag, [mark], key=key, update=["tag_id", "type"])

"""What the timeline tells of a relation: its remark, description, numbers and tags were changed.

Several taps of one member in a row are one entry that says what came of them; of what was taken
back at once nothing is told.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.customers.actions.timeline import add_to_timeline, record_timeline
from app.customers.models import FollowTag, FollowUser, TimelineEntry
from app.members.queries import list_names

REMARK_LENGTH = 20
MERGED_FOR = timedelta(minutes=5)


def bare_remark(remark: str, *names: str) -> str:
    """Return the remark, "" for one that is the customer's own name: in WeCom that means none."""
    return "" if any(remark in {name, name[:REMARK_LENGTH]} for name in names) else remark


def tag_key(tag: FollowTag) -> str:
    """Return what a tag is known by in the timeline; a member's own has no id."""
    return tag.tag_id or f"{tag.group_name}/{tag.tag_name}"


def tell_remark(
    session: Session, follow: FollowUser, *, before: str, after: str, read_at: datetime | None
) -> None:
    """Tell of another remark. `read_at`: when WeCom showed it, None for one that was typed here.

    The customer's row is locked.
    """
    last = _find_last(session, follow, "remark_changed", read_at)
    if last is not None:
        before = str(last.data["before"])
    told = {"before": before, "remark": after} if before != after else {}
    _put(session, follow, "remark_changed", last, told=told, read_at=read_at)


def tell_description(
    session: Session, follow: FollowUser, *, before: str, after: str, read_at: datetime | None
) -> None:
    """Tell of another description, as `tell_remark` does."""
    last = _find_last(session, follow, "description_changed", read_at)
    if last is not None:
        before = str(last.data["before"])
    told = {"before": before, "description": after} if before != after else {}
    _put(session, follow, "description_changed", last, told=told, read_at=read_at)


def tell_mobiles(session: Session, follow: FollowUser, *, read_at: datetime | None) -> None:
    """Tell that the numbers are others, not which; else as `tell_remark`."""
    if _find_last(session, follow, "mobiles_changed", read_at) is None:
        _put(session, follow, "mobiles_changed", None, told={"is_masked": True}, read_at=read_at)


def tell_tags(
    session: Session,
    follow: FollowUser,
    *,
    added: Mapping[str, str],
    removed: Mapping[str, str],
    read_at: datetime | None,
    by: str = "",
) -> None:
    """Tell of tags that came and went, their names by `tag_key`; else as `tell_remark`.

    `by`: who did it in the follower's name, "" for himself.
    """
    last = _find_last(session, follow, "tags_changed", read_at, by=by)
    gained = dict(last.data["added"]) if last else {}
    lost = dict(last.data["removed"]) if last else {}
    for key, name in removed.items():
        if gained.pop(key, None) is None:
            lost[key] = name
    for key, name in added.items():
        if lost.pop(key, None) is None:
            gained[key] = name
    told = {"added": gained, "removed": lost} if gained or lost else {}
    _put(session, follow, "tags_changed", last, told=told, read_at=read_at, by=by)


def _find_last(
    session: Session, follow: FollowUser, kind: str, read_at: datetime | None, *, by: str = ""
) -> TimelineEntry | None:
    """Find the entry that this change goes into; none if the last one was of the other side."""
    last = session.scalars(
        select(TimelineEntry)
        .where(
            TimelineEntry.external_userid == follow.external_userid,
            TimelineEntry.at > clock.utcnow() - MERGED_FOR,
            TimelineEntry.userid == (by or follow.userid),
            TimelineEntry.kind == kind,
        )
        .order_by(TimelineEntry.at.desc(), TimelineEntry.id.desc())
        .limit(1)
    ).one_or_none()
    if last is None or last.data["from_wecom"] != (read_at is not None):
        return None
    return last if last.data.get("of", "") == (follow.userid if by else "") else None


def _put(
    session: Session,
    follow: FollowUser,
    kind: str,
    last: TimelineEntry | None,
    *,
    told: dict[str, Any],
    read_at: datetime | None,
    by: str = "",
) -> None:
    """Write the entry, or into the last one; `told` empty: there is nothing to tell any more."""
    if last is not None and told:
        add_to_timeline(session, last.dedupe_key, told)
    elif last is not None:
        session.delete(last)
    elif told:
        at = read_at or clock.utcnow()
        record_timeline(
            session,
            external_userid=follow.external_userid,
            userid=by or follow.userid,
            kind=kind,
            at=at,
            key=f"{kind}:{follow.id}:{at.timestamp():.6f}",
            data=told | {"from_wecom": read_at is not None} | _of_whom(session, follow, by),
        )


def _of_whom(session: Session, follow: FollowUser, by: str) -> dict[str, str]:
    """Say whose relation it is, where somebody else has changed it."""
    if not by:
        return {}
    names = list_names(session, [follow.userid])
    return {"of": follow.userid, "of_name": names.get(follow.userid, follow.userid)}

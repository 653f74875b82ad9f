"""Taking facts about a group: what an event told, and what WeCom's API showed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app import clock
from app.db import fit
from app.erased import find_erased
from app.groups.actions.folding import Comparison, lock_group, refold, take_over_names
from app.groups.models import GroupChange, GroupChat, GroupMember
from app.rows import upsert
from app.wecom.groupchat import GroupChatDetail
from app.wecom.groupchat import GroupMember as ShownMember

# A group that WeCom's API shows may be some two seconds behind the events about it.
LAG = timedelta(seconds=3)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What an event said: `at` by WeCom's clock, `received_at` by ours.

    `scene` is the event's JoinScene or QuitScene; old deliveries name nobody and no version.
    """

    at: datetime
    received_at: datetime
    joined: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    scene: int | None = None
    last_version: str = ""
    version: str = ""


@dataclass(frozen=True)
class Reading:
    """A group as the API showed it to a call that began at `started`.

    `without`: who is in it and was erased.
    """

    detail: GroupChatDetail
    started: datetime
    without: frozenset[str] = frozenset()

    @property
    def shown(self) -> dict[str, ShownMember]:
        """Who is in it, by id."""
        return {
            member.userid: member
            for member in self.detail.members
            if member.userid not in self.without
        }


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What came of it. `rest`: who has to be folded yet, in transactions to follow.

    `changed`: the reading showed something new. `unsure`: it lacks somebody who has just joined.
    `moves`: how many came and went of whom nothing was known.
    """

    rest: list[str]
    changed: bool = False
    unsure: bool = False
    moves: int = 0


def record_group(
    session: Session,
    chat_id: str,
    *,
    told: Told | None = None,
    reading: Reading | None = None,
    comparison: Comparison | None = None,
) -> Recorded:
    """Record what an event told and what the API showed, whichever there is.

    `comparison`: the one that asked the API; None: an event did, or somebody who looks at it.

    A reading older than one recorded already, or one of a group that is dismissed, is passed over:
    another worker was quicker.
    """
    told, reading = _without_erased(session, told, reading)
    group = lock_group(session, chat_id)
    touched = _note_told(session, group, told) if told else set()
    if reading is None or group.dismissed_at or reading.started < (group.fetched_at or _NEVER):
        return Recorded(rest=refold(session, group, sorted(touched)))
    changed = _take_over(group, reading)
    found = _compare(session, group, reading, joined=told.joined if told else ())
    _note_seen(session, group, found.come, without=reading.without)
    _note_gone(session, group, found.gone, reading.started)
    touched |= {member.userid for member in found.come} | found.gone
    rest = refold(session, group, sorted(touched), reading.shown, comparison)
    changed = changed or bool(found.come or found.gone)
    moves = found.new + len(found.gone)
    return Recorded(rest=rest, changed=changed, unsure=found.unsure, moves=moves)


def fold_rest(
    session: Session,
    chat_id: str,
    userids: Sequence[str],
    reading: Reading | None = None,
    comparison: Comparison | None = None,
) -> list[str]:
    """Fold the next of these people, whose facts are noted; return who is left."""
    group = lock_group(session, chat_id)
    return refold(session, group, userids, reading.shown if reading else None, comparison)


_NEVER = clock.from_unix(0)


def _without_erased(
    session: Session, told: Told | None, reading: Reading | None
) -> tuple[Told | None, Reading | None]:
    """Leave out whoever was erased, wherever he is named."""
    named = {*told.joined, *told.left} if told else set()
    if reading:
        named |= {member.userid for member in reading.detail.members}
        named |= {member.invitor or "" for member in reading.detail.members}
    gone = frozenset(find_erased(session, named))
    if not gone:
        return told, reading
    if told:
        told = replace(
            told,
            joined=tuple(one for one in told.joined if one not in gone),
            left=tuple(one for one in told.left if one not in gone),
        )
    return told, replace(reading, without=gone) if reading else None


def _take_over(group: GroupChat, reading: Reading) -> bool:
    detail = reading.detail
    values: Mapping[str, Any] = {
        "name": fit(detail.name, 128),
        "owner": detail.owner,
        "notice": fit(detail.notice, 2048),
        "member_version": detail.member_version or "",
        "create_time": detail.create_time,
    }
    changed = any(getattr(group, name) != value for name, value in values.items())
    for name, value in values.items():
        setattr(group, name, value)
    group.fetched_at = reading.started
    return changed


@dataclass(frozen=True)
class _Difference:
    """What the API shows otherwise than our open stays do; `new`: how many have none."""

    come: list[ShownMember]
    new: int
    gone: set[str]
    unsure: bool


def _compare(
    session: Session, group: GroupChat, reading: Reading, *, joined: Iterable[str]
) -> _Difference:
    """Compare; `joined` are told to have come, and their stays are not written yet."""
    rows = session.scalars(
        select(GroupMember).where(
            GroupMember.chat_id == group.chat_id, GroupMember.left_at.is_(None)
        )
    )
    known = {row.userid: row for row in rows}
    new = len(reading.shown.keys() - known.keys())
    come = []
    for userid, member in reading.shown.items():
        row = known.pop(userid, None)
        if row is None or row.joined_at != member.join_time:
            come.append(member)
        else:
            take_over_names(row, member)
    missing = known.keys() | (set(joined) - reading.shown.keys())
    recent = _joined_since(session, group, reading.started - LAG) & missing
    return _Difference(come, new, missing - recent, unsure=bool(recent))


def _joined_since(session: Session, group: GroupChat, noted_at: datetime) -> set[str]:
    """Return whom an event named so lately that the API may not show them yet."""
    return set(
        session.scalars(
            select(GroupChange.userid).where(
                GroupChange.chat_id == group.chat_id,
                GroupChange.kind == "joined",
                GroupChange.noted_at > noted_at,
            )
        )
    )


def _note_told(session: Session, group: GroupChat, told: Told) -> set[str]:
    facts = [
        _fact(group, userid, kind, at=told.at, noted_at=told.received_at, scene=told.scene)
        for kind, userids in (("joined", told.joined), ("left", told.left))
        for userid in userids
    ]
    _note(session, facts)
    return {*told.joined, *told.left}


def _note_seen(
    session: Session, group: GroupChat, members: Iterable[ShownMember], *, without: frozenset[str]
) -> None:
    now = clock.utcnow()
    facts = [
        _fact(
            group,
            member.userid,
            "seen",
            at=member.join_time,
            noted_at=now,
            scene=member.join_scene or None,
            invitor="" if member.invitor in without else member.invitor or "",
            state=fit(member.state, 128),
        )
        for member in members
    ]
    _note(session, facts)
    _forget_gone(session, group, {member.userid: member.join_time for member in members})


def _forget_gone(session: Session, group: GroupChat, back: Mapping[str, datetime]) -> None:
    """Take back that somebody had gone: the API shows him again, in the same stay as before."""
    gone = session.execute(
        select(GroupChange.id, GroupChange.userid, GroupChange.at).where(
            GroupChange.chat_id == group.chat_id, GroupChange.kind == "gone"
        )
    )
    wrong = [row.id for row in gone if row.userid in back and row.at >= back[row.userid]]
    session.execute(delete(GroupChange).where(GroupChange.id.in_(wrong)))


def _note_gone(session: Session, group: GroupChat, userids: set[str], at: datetime) -> None:
    """Note that these are in the group no more, after everything else we know of them."""
    latest = session.execute(
        select(GroupChange.userid, func.max(GroupChange.at).label("at"))
        .where(GroupChange.chat_id == group.chat_id, GroupChange.userid.in_(userids))
        .group_by(GroupChange.userid)
    )
    facts = [
        _fact(group, row.userid, "gone", at=max(at, row.at), noted_at=clock.utcnow())
        for row in latest
    ]
    _note(session, facts)


def _note(session: Session, facts: Sequence[Mapping[str, Any]]) -> None:
    upsert(session, GroupChange, facts, key=["chat_id", "userid", "kind", "at"])


def _fact(
    group: GroupChat,
    userid: str,
    kind: str,
    *,
    at: datetime,
    noted_at: datetime,
    scene: int | None = None,
    invitor: str = "",
    state: str = "",
) -> dict[str, Any]:
    return {
        "chat_id": group.chat_id,
        "userid": userid,
        "kind": kind,
        "at": at,
        "noted_at": noted_at,
        "scene": scene,
        "invitor": invitor,
        "state": state,
    }

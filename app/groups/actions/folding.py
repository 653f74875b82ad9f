"""From facts to stays and timelines: writing what `fold` says about some people of a group."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.customers.actions import record_timeline
from app.db import fit
from app.groups.actions.stays import Stay, fold
from app.groups.models import GroupChange, GroupChat, GroupMember
from app.members.models import Member
from app.rows import upsert
from app.wecom import groupchat

# How many people are folded in one transaction, so that none is long.
CHUNK = 100
OWN, EXTERNAL = 1, 2
EXTERNAL_PREFIXES = ("wm", "wo")


@dataclass(frozen=True)
class Comparison:
    """What found it was no event. The timeline tells of nothing older than `since`, None: at all.

    It began when the first comparison did: what was there before is no news.
    """

    since: datetime | None

    def tells_of(self, at: datetime) -> bool:
        """Tell whether the timeline tells of what happened then."""
        return self.since is not None and at >= self.since


def add_groups(session: Session, chat_ids: Sequence[str]) -> None:
    """Have a row for each of these groups, known by nothing but the id if it is new."""
    blank = {"name": "", "owner": "", "notice": "", "member_version": ""}
    rows = [blank | {"chat_id": chat_id} for chat_id in sorted(set(chat_ids))]
    upsert(session, GroupChat, rows, key=["chat_id"], are_distinct=True)


def lock_group(session: Session, chat_id: str) -> GroupChat:
    """Return the group's row, made if need be and locked: one event of a group at a time."""
    add_groups(session, [chat_id])
    return session.scalars(
        select(GroupChat)
        .where(GroupChat.chat_id == chat_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def refold(
    session: Session,
    group: GroupChat,
    userids: Sequence[str],
    shown: Mapping[str, groupchat.GroupMember] | None = None,
    comparison: Comparison | None = None,
) -> list[str]:
    """Write the stays and the timelines of the first `CHUNK` of these people; return the rest.

    `shown`: what WeCom's API says about who is in the group; `comparison`: which found it.
    """
    now, rest = list(userids[:CHUNK]), list(userids[CHUNK:])
    facts: dict[str, list[GroupChange]] = defaultdict(list)
    rows: dict[str, list[GroupMember]] = defaultdict(list)
    for fact in session.scalars(_of(GroupChange, group, now).order_by(GroupChange.at)):
        facts[fact.userid].append(fact)
    for row in session.scalars(_of(GroupMember, group, now).order_by(GroupMember.period)):
        rows[row.userid].append(row)
    own = _own_members(session, now)
    for userid in now:
        stays = fold(facts[userid], dismissed_at=group.dismissed_at)
        person = _Person(group, userid, rows[userid], (shown or {}).get(userid), own)
        person.write(session, stays)
        if person.type == EXTERNAL:
            for stay in stays:
                _tell(session, group, userid, stay, comparison)
    session.flush()
    return rest


def _of(table: Any, group: GroupChat, userids: Sequence[str]) -> Any:
    return select(table).where(table.chat_id == group.chat_id, table.userid.in_(userids))


def _own_members(session: Session, userids: Sequence[str]) -> set[str]:
    folded = {userid.casefold() for userid in userids}
    return set(session.scalars(select(Member.folded).where(Member.folded.in_(folded))))


class _Person:
    """Somebody in a group, with the rows of his stays."""

    def __init__(
        self,
        group: GroupChat,
        userid: str,
        rows: list[GroupMember],
        shown: groupchat.GroupMember | None,
        own: set[str],
    ) -> None:
        self.group = group
        self.userid = userid
        self.rows = rows
        self.shown = shown
        self.type = self._type(own)

    def write(self, session: Session, stays: Sequence[Stay]) -> None:
        """Make the rows say what the stays say."""
        for surplus in self.rows[len(stays) :]:
            session.delete(surplus)
        for period, stay in enumerate(stays, start=1):
            row = self.rows[period - 1] if period <= len(self.rows) else self._new_row(period)
            session.add(row)
            _take_over(row, stay)
            row.type = self.type
            if self.shown:
                take_over_names(row, self.shown)

    def _type(self, own: set[str]) -> int:
        """A list in an event does not say who is a customer: we know our members, or the prefix."""
        if self.shown:
            return self.shown.type
        if self.rows:
            return self.rows[-1].type
        is_external = self.userid.startswith(EXTERNAL_PREFIXES)
        return EXTERNAL if is_external and self.userid.casefold() not in own else OWN

    def _new_row(self, period: int) -> GroupMember:
        before = self.rows[-1] if self.rows else None
        return GroupMember(
            chat_id=self.group.chat_id,
            userid=self.userid,
            period=period,
            name=before.name if before else "",
            group_nickname=before.group_nickname if before else "",
        )


def take_over_names(row: GroupMember, shown: groupchat.GroupMember) -> None:
    """Write how somebody is called in the group."""
    row.name = fit(shown.name, 128)
    row.group_nickname = fit(shown.group_nickname, 128)


def _take_over(row: GroupMember, stay: Stay) -> None:
    row.joined_at = stay.joined_at
    row.left_at = stay.left_at
    row.join_scene = stay.join_scene
    row.quit_scene = stay.quit_scene
    row.invitor = stay.seen.invitor if stay.seen else ""
    row.state = stay.seen.state if stay.seen else ""


def _tell(
    session: Session, group: GroupChat, userid: str, stay: Stay, comparison: Comparison | None
) -> None:
    """Put the stay onto the customer's timeline, each end once, whoever told it first."""
    invitor = stay.seen.invitor if stay.seen else ""
    about = {"chat_id": group.chat_id, "group_name": group.name}
    if comparison is not None:
        about |= {"found_by": "reconcile"}
    key = f"group:{group.chat_id}:{userid}"
    if _is_untold(stay.begin, stay.joined_at) and _is_news(stay.joined_at, comparison):
        record_timeline(
            session,
            external_userid=userid,
            kind="group_joined",
            at=stay.joined_at,
            key=f"{key}:{int(stay.joined_at.timestamp())}:joined",
            userid=invitor,
            data=about | {"join_scene": stay.join_scene, "invitor": invitor},
        )
    if not stay.left_at:
        return
    if _is_untold(stay.end, stay.left_at) and _is_news(stay.left_at, comparison):
        record_timeline(
            session,
            external_userid=userid,
            kind="group_left",
            at=stay.left_at,
            key=f"{key}:{int(stay.left_at.timestamp())}:left",
            data=about | {"quit_scene": stay.quit_scene},
        )
    if stay.dismissed and _is_news(stay.left_at, comparison):
        record_timeline(
            session,
            external_userid=userid,
            kind="group_dismissed",
            at=stay.left_at,
            key=f"{key}:dismissed",
            data=about,
        )


def _is_news(at: datetime, comparison: Comparison | None) -> bool:
    return comparison is None or comparison.tells_of(at)


def _is_untold(facts: Sequence[GroupChange], at: datetime) -> bool:
    """Tell whether none of these facts has an entry yet; the one of the time `at` has it then.

    The facts of one stay may turn out to be those of two: the other one is then told by itself.
    """
    if not facts or any(fact.told_at for fact in facts):
        return False
    for fact in facts:
        if fact.at == at:
            fact.told_at = clock.utcnow()
    return True

"""Reads of customer groups: who may see one, a group in figures, its people, who came and went."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Function,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased
from sqlalchemy.sql import ColumnElement

from app.customers.models import FollowUser
from app.errors import NotFound
from app.groups.models import GroupChat, GroupMember
from app.i18n import _
from app.members.models import Member
from app.members.queries import manages

OWN, EXTERNAL = 1, 2
# WeCom lets no more than 500 people into a customer group.
PEOPLE_PAGE, MOVES_PAGE = 50, 20
BADGES = ("member", "customer", "stranger")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"([0-9]{1,17})-([0-9]{1,18})-([01])")


@dataclass(frozen=True, kw_only=True)
class GroupCard:
    """A group in figures. Of customers alone: `customers`, `joined`, `left`."""

    chat: GroupChat
    total: int
    customers: int
    joined: int
    left: int


@dataclass(frozen=True, kw_only=True)
class GroupPerson:
    """Somebody who is in a group; `name` "": WeCom told none.

    `badge`: member (员工), customer (客户: a member follows him) or stranger (未加好友). `is_mine`:
    the viewer follows him, or did until the customer left.
    """

    userid: str
    name: str
    group_nickname: str
    badge: str
    is_mine: bool
    joined_at: datetime


@dataclass(frozen=True, kw_only=True)
class GroupMove:
    """Somebody joined a group or left it. `has_left` False: he joined."""

    id: int
    userid: str
    name: str
    is_member: bool
    has_left: bool
    at: datetime


@dataclass(frozen=True)
class GroupOf:
    """A group in which a customer is, since when, and whether a certain member is in it too."""

    name: str
    joined_at: datetime
    is_common: bool


# Made once: every card counts them.
_GROUPS_OF = (
    select(func.count())
    .select_from(GroupMember)
    .join(GroupChat, GroupChat.chat_id == GroupMember.chat_id)
    .where(GroupMember.userid == bindparam("userid"), GroupMember.left_at.is_(None))
)


def find_group(session: Session, userid: str, chat_id: str) -> GroupChat | None:
    """Return the group if this member may see it; None: he may not, or there is none.

    He may who is in it, who owns it, and who manages its owner. `userid` in our spelling.
    """
    chat = session.get(GroupChat, chat_id)
    if chat is None:
        return None
    is_in = session.scalar(
        select(GroupMember.id).where(
            GroupMember.chat_id == chat_id,
            GroupMember.userid == userid,
            GroupMember.type == OWN,
            GroupMember.left_at.is_(None),
        )
    )
    if is_in or chat.owner == userid or manages(session, userid, chat.owner):
        return chat
    return None


def count_groups_of(session: Session, external_userid: str) -> int:
    """Count the groups in which a customer is now."""
    return session.scalar(_GROUPS_OF, {"userid": external_userid}) or 0


def list_groups_of(
    session: Session, external_userid: str, *, with_userid: str, limit: int, offset: int = 0
) -> list[GroupOf]:
    """Return the groups in which a customer is now, the one he joined last first.

    `with_userid`: the member of whom is told whether he is in them, too.
    """
    other = aliased(GroupMember)
    is_common = exists().where(
        other.chat_id == GroupMember.chat_id,
        other.userid == with_userid,
        other.left_at.is_(None),
    )
    rows = session.execute(
        select(GroupChat.name, GroupMember.joined_at, is_common.label("is_common"))
        .join(GroupMember, GroupMember.chat_id == GroupChat.chat_id)
        .where(GroupMember.userid == external_userid, GroupMember.left_at.is_(None))
        .order_by(GroupMember.joined_at.desc(), GroupChat.chat_id)
        .limit(limit)
        .offset(offset)
    )
    return [GroupOf(row.name, row.joined_at, is_common=bool(row.is_common)) for row in rows]


def get_group_card(session: Session, chat_id: str, *, since: datetime) -> GroupCard:
    """Count who is in a group, and which customers joined and left since then (today's midnight).

    Raises:
        NotFound: no such group.
    """
    chat = session.get(GroupChat, chat_id)
    if chat is None:
        raise NotFound(_("没有这个客户群"))
    is_in = GroupMember.left_at.is_(None)
    is_customer = GroupMember.type == EXTERNAL
    counts = session.execute(
        select(
            _count(is_in).label("total"),
            _count(is_in & is_customer).label("customers"),
            _count(is_customer & (GroupMember.joined_at >= since)).label("joined"),
            _count(is_customer & (GroupMember.left_at >= since)).label("left"),
        ).where(GroupMember.chat_id == chat_id)
    ).one()
    return GroupCard(
        chat=chat,
        total=counts.total,
        customers=counts.customers,
        joined=counts.joined,
        left=counts.left,
    )


def list_people(
    session: Session, chat_id: str, *, viewer: str, search: str = "", badge: str = "", page: int = 0
) -> tuple[list[GroupPerson], bool]:
    """Return a page of who is in a group, members first, and whether there is another page.

    `search`: a part of a name or of a nickname in the group. `badge`: one of `BADGES`, "" for all.
    """
    wanted = _people(chat_id, viewer)
    if search:
        # Whoever searches may write a name in any case.
        wanted = wanted.where(
            or_(
                *(
                    func.lower(column).contains(search.lower(), autoescape=True)
                    for column in (GroupMember.name, GroupMember.group_nickname, Member.name)
                )
            )
        )
    if badge in BADGES:
        wanted = wanted.where(_BADGE.in_([badge]))
    rows = session.execute(wanted.offset(page * PEOPLE_PAGE).limit(PEOPLE_PAGE + 1)).all()
    people = [
        GroupPerson(
            userid=row.GroupMember.userid,
            name=row.member_name or row.GroupMember.name,
            group_nickname=row.GroupMember.group_nickname,
            badge=row.badge,
            is_mine=bool(row.is_mine),
            joined_at=row.GroupMember.joined_at,
        )
        for row in rows[:PEOPLE_PAGE]
    ]
    return people, len(rows) > PEOPLE_PAGE


def list_moves(session: Session, chat_id: str, *, before: str = "") -> tuple[list[GroupMove], str]:
    """Return who came and went, newest first, and the cursor of the next page, "" at the end."""
    came = _moves(chat_id, GroupMember.joined_at, has_left=0)
    went = _moves(chat_id, GroupMember.left_at, has_left=1).where(GroupMember.left_at.is_not(None))
    moves = union_all(came, went).subquery()
    wanted = select(moves).order_by(moves.c.at.desc(), moves.c.id.desc(), moves.c.has_left.desc())
    if match := _CURSOR.fullmatch(before):
        at = _EPOCH + timedelta(microseconds=int(match[1]))
        place = (int(match[2]), int(match[3]))
        later = and_(moves.c.at == at, moves.c.id == place[0], moves.c.has_left < place[1])
        wanted = wanted.where(
            or_(moves.c.at < at, and_(moves.c.at == at, moves.c.id < place[0]), later)
        )
    rows = session.execute(wanted.limit(MOVES_PAGE + 1)).all()
    shown = [
        GroupMove(
            id=row.id,
            userid=row.userid,
            name=row.member_name or row.name,
            is_member=row.type == OWN,
            has_left=bool(row.has_left),
            at=row.at,
        )
        for row in rows[:MOVES_PAGE]
    ]
    return shown, _cursor(shown[-1]) if len(rows) > MOVES_PAGE else ""


def _people(chat_id: str, viewer: str) -> Select[Any]:
    mine = exists().where(
        FollowUser.external_userid == GroupMember.userid,
        FollowUser.userid == viewer,
        or_(FollowUser.removed_at.is_(None), FollowUser.removed_by.in_(("customer", "reconcile"))),
    )
    return (
        select(
            GroupMember,
            Member.name.label("member_name"),
            _BADGE.label("badge"),
            mine.label("is_mine"),
        )
        .outerjoin(Member, and_(Member.userid == GroupMember.userid, GroupMember.type == OWN))
        .where(GroupMember.chat_id == chat_id, GroupMember.left_at.is_(None))
        .order_by(GroupMember.type, GroupMember.joined_at.desc(), GroupMember.id.desc())
    )


_BADGE = case(
    (GroupMember.type == OWN, "member"),
    (
        exists().where(
            FollowUser.external_userid == GroupMember.userid, FollowUser.removed_at.is_(None)
        ),
        "customer",
    ),
    else_="stranger",
)


def _moves(chat_id: str, at: InstrumentedAttribute[Any], *, has_left: int) -> Select[Any]:
    return (
        select(
            GroupMember.id,
            GroupMember.userid,
            GroupMember.name,
            Member.name.label("member_name"),
            GroupMember.type,
            at.label("at"),
            literal(has_left).label("has_left"),
        )
        .outerjoin(Member, and_(Member.userid == GroupMember.userid, GroupMember.type == OWN))
        .where(GroupMember.chat_id == chat_id)
    )


def _cursor(move: GroupMove) -> str:
    return f"{(move.at - _EPOCH) // timedelta(microseconds=1)}-{move.id}-{int(move.has_left)}"


def _count(condition: ColumnElement[bool]) -> Function[int]:
    return func.count(case((condition, 1)))

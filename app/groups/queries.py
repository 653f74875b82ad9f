"""Reads of customer groups: in which a customer is, and a group in figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Function, case, func, select
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnElement

from app.errors import NotFound
from app.groups.models import GroupChat, GroupMember
from app.i18n import _

EXTERNAL = 2


@dataclass(frozen=True, kw_only=True)
class GroupCard:
    """A group in figures. Of customers alone: `customers`, `joined`, `left`."""

    chat: GroupChat
    total: int
    customers: int
    joined: int
    left: int


def list_groups_of(
    session: Session, external_userid: str, *, limit: int | None = None
) -> Sequence[GroupChat]:
    """Return the groups in which a customer is now, the one he joined last first."""
    return session.scalars(
        select(GroupChat)
        .join(GroupMember, GroupMember.chat_id == GroupChat.chat_id)
        .where(GroupMember.userid == external_userid, GroupMember.left_at.is_(None))
        .order_by(GroupMember.joined_at.desc(), GroupChat.chat_id)
        .limit(limit)
    ).all()


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


def _count(condition: ColumnElement[bool]) -> Function[int]:
    return func.count(case((condition, 1)))

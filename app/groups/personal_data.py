"""What this room holds about a customer: his stays in groups, and where others' rows name him.

Of several rooms' tables this one alone knows which rows these are: by the groups that he was in.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from app.customers.models import TimelineEntry
from app.groups.models import GroupChange, GroupChat, GroupMember
from app.i18n import N_, _
from app.inbox.models import BODY_PURPOSE, InboxEvent
from app.inbox.personal_data import kept_events
from app.personal import Holding, Reader

KINDS = {
    "joined": N_("加入"),
    "left": N_("退出"),
    "seen": N_("在企业微信里看到他在群里"),
    "gone": N_("在企业微信里看到他不在群里了"),
}
STAYS = N_("员工看得到自己和客户有哪些共同的群")


def _chats_of(external_userid: str) -> Any:
    return select(GroupChange.chat_id).where(
        or_(GroupChange.userid == external_userid, GroupChange.invitor == external_userid)
    )


def _events(external_userid: str) -> ColumnElement[bool]:
    # One that is not worked yet is looked at when it is (`callbacks.jobs`).
    return and_(
        InboxEvent.chat_id.in_(_chats_of(external_userid)),
        InboxEvent.body.is_not(None),
        InboxEvent.due_at.is_(None),
    )


def _names_him(reader: Reader, row: InboxEvent, external_userid: str) -> bool:
    body = reader.open(row.body, BODY_PURPOSE)
    return re.search(rf"(?<![\w-]){re.escape(external_userid)}(?![\w-])", body) is not None


def _forget_body(_session: Session, row: InboxEvent) -> None:
    row.body = None


def _others_entries(external_userid: str) -> ColumnElement[bool]:
    people = select(GroupMember.userid).where(GroupMember.chat_id.in_(_chats_of(external_userid)))
    return and_(TimelineEntry.external_userid.in_(people), TimelineEntry.userid == external_userid)


def _forget_invitor_of_entry(_session: Session, row: TimelineEntry) -> None:
    row.userid, row.data = "", {**row.data, "invitor": ""}


def _invited(table: Any) -> Callable[[str], ColumnElement[bool]]:
    def find(external_userid: str) -> ColumnElement[bool]:
        return and_(table.invitor == external_userid, table.userid != external_userid)

    return find


def _no_invitor() -> Mapping[str, Any]:
    return {"invitor": ""}


def _group(reader: Reader, row: Any) -> str:
    group = reader.session.get(GroupChat, row.chat_id)
    return (group.name if group else "") or _("未命名群聊")


# Whoever finds his rows by his stays goes before these.
HOLDINGS = (
    Holding(
        table=InboxEvent,
        title=N_("提到他的群事件"),
        purpose=N_("企业微信通知的客户群变更，处理失败时可以重新处理"),
        find=_events,
        picks=_names_him,
        columns={N_("收到时间"): "received_at", N_("客户群"): _group},
        scrub=_forget_body,
        kept=kept_events,
    ),
    Holding(
        table=TimelineEntry,
        title=N_("他邀请别人入群"),
        purpose=N_("看得到客户是谁邀请进群的"),
        find=_others_entries,
        columns={
            N_("时间"): "at",
            N_("客户群"): lambda _reader, row: row.data.get("group_name", ""),
        },
        scrub=_forget_invitor_of_entry,
    ),
    Holding(
        table=GroupMember,
        title=N_("他邀请的群成员"),
        purpose=N_("看得到客户是谁邀请进群的"),
        find=_invited(GroupMember),
        columns={N_("入群时间"): "joined_at", N_("客户群"): _group},
        clear=_no_invitor,
    ),
    Holding(
        table=GroupMember,
        title=N_("客户群"),
        purpose=STAYS,
        find=lambda external_userid: GroupMember.userid == external_userid,
        columns={
            N_("客户群"): _group,
            N_("入群时间"): "joined_at",
            N_("退群时间"): "left_at",
            N_("名字"): "name",
            N_("群里的昵称"): "group_nickname",
            N_("渠道"): "state",
        },
    ),
    Holding(
        table=GroupChange,
        title=N_("他邀请别人入群的经过"),
        purpose=N_("看得到客户是谁邀请进群的"),
        find=_invited(GroupChange),
        columns={N_("时间"): "at", N_("客户群"): _group},
        clear=_no_invitor,
    ),
    Holding(
        table=GroupChange,
        title=N_("入群和退群的经过"),
        purpose=N_("事件乱序到达时，也能得出正确的入群和退群时间"),
        find=lambda external_userid: GroupChange.userid == external_userid,
        columns={
            N_("时间"): "at",
            N_("客户群"): _group,
            N_("经过"): lambda _reader, row: _(KINDS.get(row.kind, row.kind)),
            N_("渠道"): "state",
        },
    ),
)

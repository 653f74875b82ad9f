"""Customer groups (客户群): developer.work.weixin.qq.com/document/path/92120 is the chapter."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.wecom.answers import Answer
from app.wecom.client import WeComClient

LIST_LIMIT = 1000


@dataclass(frozen=True, kw_only=True)
class GroupMember:
    """Someone in a group: `type` 1 a member of the corp, 2 a person from outside.

    `userid` is then a userid or an external_userid. `join_scene` 1 was invited, 2 came by a link,
    3 by a QR code; another enumeration than the event's JoinScene.
    """

    userid: str
    type: int
    join_time: datetime
    join_scene: int
    invitor: str | None
    name: str
    group_nickname: str
    state: str | None
    unionid: str | None


@dataclass(frozen=True, kw_only=True)
class GroupChatDetail:
    """A group with all who are in it; `member_version` changes whenever somebody comes or goes."""

    chat_id: str
    name: str
    owner: str
    create_time: datetime
    notice: str
    members: tuple[GroupMember, ...]
    admins: tuple[str, ...]
    member_version: str | None


@dataclass(frozen=True, kw_only=True)
class ChatPage:
    """A page of the ids of customer groups; `next_cursor` "" on the last."""

    chat_ids: tuple[str, ...]
    next_cursor: str


def list_chats(client: WeComClient, *, owners: Sequence[str] = (), cursor: str = "") -> ChatPage:
    """Read a page of the groups that there are, or of those that at most 100 members own.

    Raises:
        BadRequest: no owners, and more than 1000 members in the app's visible range (81017).

    Source: developer.work.weixin.qq.com/document/path/92120
    """
    api = "externalcontact/groupchat/list"
    data: dict[str, Any] = {"status_filter": 0, "cursor": cursor, "limit": LIST_LIMIT}
    if owners:
        data["owner_filter"] = {"userid_list": list(owners)}
    answer = Answer(api, client.post(api, data=data, patient=True, bulk=True))
    chat_ids = tuple(part.text("chat_id") for part in answer.parts("group_chat_list"))
    return ChatPage(chat_ids=chat_ids, next_cursor=answer.optional("next_cursor") or "")


def get(
    client: WeComClient, chat_id: str, *, within: float | None = None, bulk: bool = False
) -> GroupChatDetail:
    """Read a group with its members' names, in `within` seconds; without it, patiently.

    `bulk`: nobody waits for it. May lag some 2 seconds behind an event about the group.

    Raises:
        NoSuchRelation: dissolved (49008), unknown, or not owned in the app's visible range (86003).

    Source: developer.work.weixin.qq.com/document/path/92122
    """
    api = "externalcontact/groupchat/get"
    data = {"chat_id": chat_id, "need_name": 1}
    answer = client.post(api, data=data, within=within, patient=within is None, bulk=bulk)
    return _group_chat(Answer(api, answer).part("group_chat"))


def _group_chat(answer: Answer) -> GroupChatDetail:
    return GroupChatDetail(
        chat_id=answer.text("chat_id"),
        name=answer.optional("name") or "",
        owner=answer.optional("owner") or "",
        create_time=answer.moment("create_time"),
        notice=answer.optional("notice") or "",
        members=tuple(_member(part) for part in answer.parts("member_list")),
        admins=tuple(part.text("userid") for part in answer.parts("admin_list")),
        member_version=answer.filled("member_version"),
    )


def _member(answer: Answer) -> GroupMember:
    return GroupMember(
        userid=answer.text("userid"),
        type=answer.code("type"),
        join_time=answer.moment("join_time"),
        join_scene=answer.code("join_scene", 0),
        invitor=answer.part("invitor").filled("userid"),
        name=answer.optional("name") or "",
        group_nickname=answer.optional("group_nickname") or "",
        state=answer.filled("state"),
        unionid=answer.filled("unionid"),
    )

"""The grey lines of a chat: what WeCom's client says of friends and groups, in its own Chinese."""

from collections.abc import Mapping
from typing import Any

from .world import World

Fields = Mapping[str, Any]
NAMES_MOST = 3
BY_TRANSFER = 202


def contact_line(
    world: World, userid: str, external_userid: str, change_type: str, fields: Fields
) -> str:
    """Return what the member's client says of a change of a friendship, "" for nothing.

    A customer who deletes the member is not told of by any client.
    """
    name = world.get_customer(external_userid).name
    if change_type == "add_external_contact":
        relation = world.find_relation(userid, external_userid)
        if relation and relation.add_way == BY_TRANSFER:
            return f"你已接替同事服务{name}，现在可以开始聊天了。"
        return friend_line(name)
    if change_type == "del_external_contact" and fields.get("Source") == "DELETE_BY_TRANSFER":
        return f"{name}已转由其他同事服务。"
    if fields.get("FailReason") == "customer_limit_exceed":
        return f"接替的同事客户已满，{name}仍由你服务。"
    lines = {
        "add_half_external_contact": f"{name}通过免验证添加了你，你还没有加回。",
        "del_external_contact": f"你已将{name}从联系人中删除。",
        "transfer_fail": f"{name}没有接受转接，仍由你服务。",
    }
    return lines.get(change_type, "")


def friend_line(name: str, *, half: bool = False) -> str:
    """Return what a client says when a friend was added; `half`: he has not added back."""
    return f"你已添加了{name}。" if half else f"你已添加了{name}，现在可以开始聊天了。"


def group_line(world: World, chat_id: str, fields: Fields) -> str:
    """Return what clients say of a change of a group, "" for nothing."""
    group = world.groups.get(chat_id)
    if group is None:
        return ""
    if fields.get("ChangeType") == "update":
        return _update_line(world, chat_id, fields)
    owner = _name(world, group.owner)
    return {"create": f"{owner}创建了群聊。", "dismiss": f"{owner}解散了群聊。"}.get(
        str(fields.get("ChangeType")), ""
    )


def _update_line(world: World, chat_id: str, fields: Fields) -> str:
    group = world.groups[chat_id]
    who = _names(world, fields.get("MemChangeList") or [])
    by_code = fields.get("JoinScene") == 3  # noqa: PLR2004 -- WeCom's number for the QR code
    removed = fields.get("QuitScene") == 1
    lines = {
        "add_member": f"{who}通过扫描二维码加入群聊。" if by_code else f"{who}加入了群聊。",
        "del_member": f"{who}被移出了群聊。" if removed else f"{who}退出了群聊。",
        "change_name": f"群名已修改为「{group.name}」。",
        "change_notice": f"群公告：{group.notice}",
        "change_owner": f"{_name(world, group.owner)}已成为新群主。",
    }
    return lines.get(str(fields.get("UpdateDetail")), "")


def _names(world: World, ids: list[str]) -> str:
    names = "、".join(_name(world, one) for one in ids[:NAMES_MOST])
    return f"{names}等{len(ids)}人" if len(ids) > NAMES_MOST else names


def _name(world: World, who: str) -> str:
    person = world.members.get(who) or world.find_customer(who)
    return person.name if person else who

"""Customer groups (客户群, dww/92120, 92122), read side."""

from app.sandbox.errors import Refused
from app.sandbox.world import Group, GroupMember, World

from .call import Answer, Call, Endpoint, read_cursor, texts, write_cursor

LIST_MOST = 1000
OWNERS_MOST = 100


def list_groups(call: Call) -> Answer:
    """Return the ids of customer groups, narrowed by status and owners, page by page."""
    limit = call.body.get("limit")
    if not isinstance(limit, int) or not 1 <= limit <= LIST_MOST:
        raise Refused(40058, "limit")
    owners = _owners(call)
    (start,) = read_cursor(call.body.get("cursor"), 1)
    status = call.body.get("status_filter", 0)
    found = [
        group
        for group in call.world.groups.values()
        if not group.dismissed
        and (not owners or group.owner in owners)
        and status in (0, group.status)
        and call.app.sees(group.owner)
    ]
    rows = [{"chat_id": g.chat_id, "status": g.status} for g in found[start : start + limit]]
    more = start + limit < len(found)
    return {"group_chat_list": rows, "next_cursor": write_cursor(start + limit) if more else ""}


def get_group(call: Call) -> Answer:
    """Return a group and its members. Raises: Refused 86003 unknown, 49008 dissolved."""
    group = call.world.groups.get(str(call.body.get("chat_id", "")))
    if group is None:
        raise Refused(86003)
    if group.dismissed:
        raise Refused(49008)
    named = call.body.get("need_name") == 1
    chat: Answer = {
        "chat_id": group.chat_id,
        "name": group.name,
        "owner": group.owner,
        "create_time": group.create_time,
        "member_list": [_member(call.world, one, named=named) for one in group.members],
        "admin_list": [{"userid": userid} for userid in group.admins],
        "member_version": group.member_version,
    }
    return {"group_chat": chat | _notice(group)}


def _owners(call: Call) -> list[str]:
    owner_filter = call.body.get("owner_filter") or {}
    owners = texts(owner_filter.get("userid_list"))
    if len(owners) > OWNERS_MOST:
        raise Refused(40058, "owner_filter")
    if not owners and len(call.world.members) > LIST_MOST:
        raise Refused(81017)
    return [call.member(userid).userid for userid in owners]


def _notice(group: Group) -> Answer:
    return {"notice": group.notice} if group.notice else {}


def _member(world: World, one: GroupMember, *, named: bool) -> Answer:
    row: Answer = {
        "userid": one.userid,
        "type": one.type,
        "join_time": one.join_time,
        "join_scene": one.join_scene,
        "group_nickname": one.group_nickname,
    }
    if one.invitor:
        row["invitor"] = {"userid": one.invitor}
    if one.state:
        row["state"] = one.state
    if named:
        person = world.members.get(one.userid) or world.find_customer(one.userid)
        row["name"] = person.name if person else ""
    return row


ENDPOINTS = {
    "externalcontact/groupchat/list": Endpoint(list_groups, "POST", customers=True),
    "externalcontact/groupchat/get": Endpoint(get_group, "POST", customers=True),
}

"""Corp tags (企业客户标签, dww/92117): listed, made, renamed, deleted.

No callback comes of what an app does. It may change and delete only what it made itself; with which
number WeCom refuses the rest its documents do not say: 301002 is what people report.
"""

from typing import Any

from app.sandbox.errors import Refused
from app.sandbox.world import Tag, TagGroup

from .call import Answer, Call, Endpoint, texts

MOST_TAGS, NAME_LENGTH = 3000, 30


def get_corp_tag_list(call: Call) -> Answer:
    """Return tag groups: all living ones, or those asked for, `deleted` then told.

    With both kinds of ids the tag ids are ignored.
    """
    group_ids = texts(call.body.get("group_id"))
    tag_ids = [] if group_ids else texts(call.body.get("tag_id"))
    by_id = bool(group_ids or tag_ids)
    groups = sorted(call.world.tag_groups.values(), key=lambda group: -group.order)
    rows = [
        _group(group, [tag for tag in group.tags if not tag_ids or tag.id in tag_ids], by_id=by_id)
        for group in groups
        if (by_id or not group.deleted) and (not group_ids or group.group_id in group_ids)
    ]
    return {"tag_group": [row for row in rows if row["tag"] or not tag_ids]}


def _group(group: TagGroup, tags: list[Tag], *, by_id: bool) -> Answer:
    shown = [tag for tag in tags if by_id or not tag.deleted]
    row: Answer = {
        "group_id": group.group_id,
        "group_name": group.group_name,
        "create_time": group.create_time,
        "order": group.order,
        "tag": [_tag(tag) for tag in sorted(shown, key=lambda tag: -tag.order)],
    }
    return row | ({"deleted": True} if group.deleted else {})


def _tag(tag: Tag) -> Answer:
    row: Answer = {
        "id": tag.id,
        "name": tag.name,
        "create_time": tag.create_time,
        "order": tag.order,
    }
    return row | ({"deleted": True} if tag.deleted else {})


def add_corp_tag(call: Call) -> Answer:
    """Make tags in a group that is named by its id, or by a name that may be new."""
    names = [_name(one) for one in _tags_asked(call)]
    group_id = str(call.body.get("group_id") or "")
    group = _find_or_make_group(call, group_id)
    living = [tag.name for tag in group.tags if not tag.deleted]
    if len(set(living + names)) != len(living) + len(names):
        raise Refused(40071, "duplicate")
    count = sum(not tag.deleted for one in call.world.tag_groups.values() for tag in one.tags)
    if count + len(names) > MOST_TAGS:
        raise Refused(40126)
    now = int(call.clock.time())
    made = [Tag(call.world.new_id("et"), name, now, creator=call.app.agentid) for name in names]
    group.tags += made
    call.world.tag_groups[group.group_id] = group
    return {"tag_group": _group(group, made, by_id=True)}


def edit_corp_tag(call: Call) -> Answer:
    """Rename or move a tag or a group."""
    wire_id = str(call.body.get("id") or "")
    group = _find_group(call, wire_id)
    found = call.world.find_tag(wire_id)
    if group is None and found is None:
        raise Refused(40068)
    one = group or found[1]  # type: ignore[index]  # one of the two is there
    _check_creator(call, one.creator)
    if call.body.get("name") is not None:
        name = _name(call.body)
        if isinstance(one, TagGroup):
            others = [other.group_name for other in _living_groups(call) if other is not one]
        else:
            tags = found[0].tags if found else []
            others = [tag.name for tag in tags if tag is not one and not tag.deleted]
        if name in others:
            raise Refused(40071, "duplicate")
        setattr(one, "group_name" if isinstance(one, TagGroup) else "name", name)
    if isinstance(call.body.get("order"), int):
        one.order = call.body["order"]
    return {}


def del_corp_tag(call: Call) -> Answer:
    """Delete tags and groups; a group without tags goes too."""
    tag_ids, group_ids = texts(call.body.get("tag_id")), texts(call.body.get("group_id"))
    if not tag_ids and not group_ids:
        raise Refused(40063)
    groups = [group for group in _living_groups(call) if group.group_id in group_ids]
    pairs = filter(None, (call.world.find_tag(tag_id) for tag_id in tag_ids))
    tags = [tag for _group, tag in pairs]
    if len(groups) != len(set(group_ids)) or len(tags) != len(tag_ids):
        raise Refused(40068)
    for creator in [tag.creator for tag in tags] + [group.creator for group in groups]:
        _check_creator(call, creator)
    tags += [tag for group in groups for tag in group.tags]
    for tag in tags:
        tag.deleted = True
    for group in _living_groups(call):
        group.deleted = all(tag.deleted for tag in group.tags)
    return {}


def _tags_asked(call: Call) -> list[Any]:
    asked = call.body.get("tag")
    if not isinstance(asked, list) or not asked:
        raise Refused(40063, "tag")
    return asked


def _name(asked: Any) -> str:
    name = asked.get("name") if isinstance(asked, dict) else None
    if not isinstance(name, str) or not name.strip() or len(name) > NAME_LENGTH:
        raise Refused(40071)
    return name


def _find_or_make_group(call: Call, group_id: str) -> TagGroup:
    """Return the group that is asked for; a new one is not in the world yet."""
    if group_id:
        group = _find_group(call, group_id)
        if group is None:
            raise Refused(40068, "group_id")
        return group
    name = _name({"name": call.body.get("group_name")})
    known = next((one for one in _living_groups(call) if one.group_name == name), None)
    made = TagGroup(call.world.new_id("et"), name, int(call.clock.time()), creator=call.app.agentid)
    return known or made


def _living_groups(call: Call) -> list[TagGroup]:
    return [group for group in call.world.tag_groups.values() if not group.deleted]


def _find_group(call: Call, group_id: str) -> TagGroup | None:
    return next((one for one in _living_groups(call) if one.group_id == group_id), None)


def _check_creator(call: Call, creator: int) -> None:
    if creator != call.app.agentid:
        raise Refused(301002)


ENDPOINTS = {
    "externalcontact/get_corp_tag_list": Endpoint(get_corp_tag_list, "POST", customers=True),
    "externalcontact/add_corp_tag": Endpoint(add_corp_tag, "POST", customers=True),
    "externalcontact/edit_corp_tag": Endpoint(edit_corp_tag, "POST", customers=True),
    "externalcontact/del_corp_tag": Endpoint(del_corp_tag, "POST", customers=True),
}

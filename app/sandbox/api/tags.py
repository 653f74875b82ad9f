"""Corp tags (企业客户标签, dww/92117), read side."""

from app.sandbox.world import Tag, TagGroup

from .call import Answer, Call, Endpoint, texts


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
        if not group_ids or group.group_id in group_ids
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


ENDPOINTS = {
    "externalcontact/get_corp_tag_list": Endpoint(get_corp_tag_list, "POST", customers=True)
}

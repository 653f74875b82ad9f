"""Changing corp tags (企业标签): an app may change and delete only those that it made itself.

They are listed by `external_contact.get_corp_tag_list`. No event tells of what an app changes.
"""

from collections.abc import Sequence
from typing import Any

from app.wecom.answers import Answer
from app.wecom.client import WeComClient
from app.wecom.external_contact import TagGroupInfo, read_tag_group


def add_corp_tag(
    client: WeComClient, names: Sequence[str], *, group_id: str = "", group_name: str = ""
) -> TagGroupInfo:
    """Make tags in a group, or in a new one; return the group with what was made.

    A `group_name` that there is already: they are made there.

    Raises:
        BadRequest: a name is there already or will not do (40071), the corp has too many (40126).
        NoSuchRelation: there is no such group (40068).

    Source: developer.work.weixin.qq.com/document/path/92117
    """
    data: dict[str, Any] = {"group_id": group_id} if group_id else {"group_name": group_name}
    data["tag"] = [{"name": name} for name in names]
    api = "externalcontact/add_corp_tag"
    answer = Answer(api, client.post(api, data=data))
    return read_tag_group(answer.part("tag_group"))


def edit_corp_tag(client: WeComClient, wire_id: str, *, name: str) -> None:
    """Rename a tag or a group of them.

    Raises:
        MissingPermission: this app did not make it.
        BadRequest: the name is there already or will not do (40071).
        NoSuchRelation: there is no such tag (40068).

    Source: developer.work.weixin.qq.com/document/path/92117
    """
    client.post("externalcontact/edit_corp_tag", data={"id": wire_id, "name": name})


def del_corp_tag(
    client: WeComClient, *, tag_ids: Sequence[str] = (), group_ids: Sequence[str] = ()
) -> None:
    """Delete tags, and groups with all their tags; customers lose them.

    Raises:
        MissingPermission: this app did not make one of them.
        NoSuchRelation: there is no such tag (40068).

    Source: developer.work.weixin.qq.com/document/path/92117
    """
    data: dict[str, Any] = {"tag_id": list(tag_ids)} if tag_ids else {}
    data |= {"group_id": list(group_ids)} if group_ids else {}
    client.post("externalcontact/del_corp_tag", data=data)

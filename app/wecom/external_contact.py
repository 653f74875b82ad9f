"""Customers (客户联系): their details, lists, tags and the welcome message.

developer.work.weixin.qq.com/document/path/92109 is the chapter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app import clock
from app.wecom.answers import Answer
from app.wecom.client import WeComClient
from app.wecom.errors import NoSuchRelation

# A page of `get` holds 500 followers; a customer with more than 10,000 of them is not followed on.
MAX_PAGES = 20
NO_CONTACT = 84061


@dataclass(frozen=True, kw_only=True)
class ExternalContact:
    """A customer as WeCom knows him: `type` 1 uses WeChat, 2 WeCom; 0 of any is not known."""

    external_userid: str
    name: str
    type: int
    gender: int
    avatar: str | None
    unionid: str | None
    position: str | None
    corp_name: str | None
    corp_full_name: str | None


@dataclass(frozen=True, kw_only=True)
class TagInfo:
    """A tag on a customer: `type` 1 the corp's, 2 the member's own (no id), 3 a rule group's."""

    group_name: str
    tag_name: str
    tag_id: str | None
    type: int


@dataclass(frozen=True, kw_only=True)
class FollowRelation:
    """What a member has noted about a customer, and how they came together.

    `add_way` is WeCom's raw number; `createtime` starts again when the customer is added again.
    """

    userid: str
    remark: str
    description: str
    createtime: datetime
    remark_mobiles: tuple[str, ...]
    remark_corp_name: str | None
    oper_userid: str | None
    add_way: int
    state: str | None


@dataclass(frozen=True, kw_only=True)
class FollowUserInfo(FollowRelation):
    """A follow relation from `get`: with all tags."""

    tags: tuple[TagInfo, ...]


@dataclass(frozen=True, kw_only=True)
class FollowInfo(FollowRelation):
    """A follow relation from `batch_get_by_user`: ids of corp tags only, no tags of his own."""

    tag_ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CustomerDetail:
    """A customer and everyone in the app's visible range who follows him."""

    external_contact: ExternalContact
    follow_users: tuple[FollowUserInfo, ...]


@dataclass(frozen=True, kw_only=True)
class CustomerRow:
    """A customer and one member who follows him."""

    external_contact: ExternalContact
    follow_info: FollowInfo


@dataclass(frozen=True, kw_only=True)
class CustomerPage:
    """Some rows; the next page begins at `next_cursor`, which is empty on the last."""

    rows: tuple[CustomerRow, ...]
    next_cursor: str


@dataclass(frozen=True, kw_only=True)
class CorpTag:
    """A corp tag (企业标签); a larger `order` stands further in front."""

    id: str
    name: str
    order: int
    create_time: datetime


@dataclass(frozen=True, kw_only=True)
class TagGroupInfo:
    """A group of corp tags."""

    group_id: str
    group_name: str
    order: int
    create_time: datetime
    tags: tuple[CorpTag, ...]


def get(
    client: WeComClient, external_userid: str, *, within: float | None = None, bulk: bool = False
) -> CustomerDetail:
    """Read a customer with all who follow him, in `within` seconds; without it, patiently.

    `bulk`: nobody waits for it.

    Right after a member deleted the customer, WeCom may still list that member.

    Raises:
        NoSuchRelation: nobody in the app's visible range follows him (any more).

    Source: developer.work.weixin.qq.com/document/path/92114
    """
    end = None if within is None else clock.monotonic() + within
    params = {"external_userid": external_userid}
    follow_users: tuple[FollowUserInfo, ...] = ()
    for _ in range(MAX_PAGES):
        left = None if end is None else end - clock.monotonic()
        answer = _asked(client, "externalcontact/get", params, within=left, bulk=bulk)
        follow_users += tuple(_follow_user_info(part) for part in answer.parts("follow_user"))
        if not (cursor := answer.filled("next_cursor")):
            break
        params = {"external_userid": external_userid, "cursor": cursor}
    contact = _external_contact(answer.part("external_contact"))
    return CustomerDetail(external_contact=contact, follow_users=follow_users)


def get_follow_user_list(client: WeComClient, *, within: float | None = None) -> tuple[str, ...]:
    """List the userids of the visible members who may have customers (配置了客户联系功能).

    In `within` seconds; without it, patiently.

    Source: developer.work.weixin.qq.com/document/path/92571
    """
    answer = _asked(client, "externalcontact/get_follow_user_list", {}, within=within)
    return answer.texts("follow_user")


def list_customers(client: WeComClient, userid: str) -> tuple[str, ...]:
    """List the external_userids of a member's customers; without customers, nothing.

    Source: developer.work.weixin.qq.com/document/path/92113
    """
    try:
        answer = client.get(
            "externalcontact/list", params={"userid": userid}, patient=True, bulk=True
        )
    except NoSuchRelation as error:
        # WeCom answers "no contact" for a member who simply has none yet.
        if error.errcode == NO_CONTACT:
            return ()
        raise
    return Answer("externalcontact/list", answer).texts("external_userid")


def send_welcome_msg(
    client: WeComClient,
    welcome_code: str,
    *,
    text: str,
    attachments: Sequence[Mapping[str, Any]] = (),
    within: float | None = None,
) -> None:
    """Send the welcome message (欢迎语) of one add event.

    WeCom takes a code once and for 20 seconds; at most 9 attachments, at most 4000 bytes of text.
    Not tried again in here: the caller knows how much of the 20 seconds is left.

    Raises:
        WelcomeCodeSpent: too late (41050), or somebody has greeted or begun to chat (41051).
        WelcomeBeingSent: another app is at it; its success is not sure.
        BadMedia: an attachment's media_id has expired.

    Source: developer.work.weixin.qq.com/document/path/92137
    """
    message: dict[str, Any] = {"welcome_code": welcome_code}
    if text:
        message["text"] = {"content": text}
    if attachments:
        message["attachments"] = [dict(attachment) for attachment in attachments]
    client.post("externalcontact/send_welcome_msg", data=message, within=within)


def batch_get_by_user(
    client: WeComClient, userids: Sequence[str], *, cursor: str = "", limit: int = 100
) -> CustomerPage:
    """Read a page of the customers of at most 100 members; `limit` at most 100 rows.

    Source: developer.work.weixin.qq.com/document/path/92994
    """
    api = "externalcontact/batch/get_by_user"
    data = {"userid_list": list(userids), "cursor": cursor, "limit": limit}
    answer = Answer(api, client.post(api, data=data, patient=True, bulk=True))
    rows = tuple(_customer_row(part) for part in answer.parts("external_contact_list"))
    return CustomerPage(rows=rows, next_cursor=answer.optional("next_cursor") or "")


def remark(
    client: WeComClient,
    userid: str,
    external_userid: str,
    *,
    remark: str | None = None,
    description: str | None = None,
    remark_mobiles: Sequence[str] | None = None,
    within: float | None = None,
) -> None:
    """Write a member's remark of a customer, his description, his numbers. No event tells of it.

    None: it stays. At most 20 characters of remark and 150 of description. WeCom refuses a call in
    which there is nothing but what is empty; the numbers replace those it has.

    Raises:
        NoSuchRelation: the member does not have this customer (any more).

    Source: developer.work.weixin.qq.com/document/path/92115
    """
    data: dict[str, Any] = {"userid": userid, "external_userid": external_userid}
    if remark is not None:
        data["remark"] = remark
    if description is not None:
        data["description"] = description
    if remark_mobiles is not None:
        # An empty list would be no change.
        data["remark_mobiles"] = list(remark_mobiles) or [""]
    client.post("externalcontact/remark", data=data, within=within)


def mark_tag(
    client: WeComClient,
    userid: str,
    external_userid: str,
    *,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    within: float | None = None,
) -> None:
    """Give a member's customer corp tags, and take some away. No event tells of it.

    Raises:
        NoSuchRelation: the member does not have this customer (any more), or there is no such tag
            (40068); then nothing of it is done.

    Source: developer.work.weixin.qq.com/document/path/92118
    """
    data: dict[str, Any] = {"userid": userid, "external_userid": external_userid}
    data |= {"add_tag": list(add)} if add else {}
    data |= {"remove_tag": list(remove)} if remove else {}
    client.post("externalcontact/mark_tag", data=data, within=within)


def get_corp_tag_list(
    client: WeComClient, *, within: float | None = None
) -> tuple[TagGroupInfo, ...]:
    """List all corp tags (企业标签) by group; patiently, unless somebody waits.

    Source: developer.work.weixin.qq.com/document/path/92117
    """
    api = "externalcontact/get_corp_tag_list"
    answer = Answer(api, client.post(api, data={}, within=within, patient=within is None))
    return tuple(read_tag_group(part) for part in answer.parts("tag_group"))


def _asked(
    client: WeComClient,
    api: str,
    params: dict[str, str],
    *,
    within: float | None = None,
    bulk: bool = False,
) -> Answer:
    """Read, patiently if there is no budget."""
    answer = client.get(api, params=params, within=within, patient=within is None, bulk=bulk)
    return Answer(api, answer)


def _external_contact(answer: Answer) -> ExternalContact:
    return ExternalContact(
        external_userid=answer.text("external_userid"),
        name=answer.optional("name") or "",
        type=answer.code("type", 1),
        gender=answer.code("gender", 0),
        avatar=answer.filled("avatar"),
        unionid=answer.filled("unionid"),
        position=answer.filled("position"),
        corp_name=answer.filled("corp_name"),
        corp_full_name=answer.filled("corp_full_name"),
    )


def _follow_user_info(answer: Answer) -> FollowUserInfo:
    tags = tuple(_tag_info(part) for part in answer.parts("tags"))
    return FollowUserInfo(**_follow_fields(answer), tags=tags)


def _customer_row(answer: Answer) -> CustomerRow:
    follow = answer.part("follow_info")
    return CustomerRow(
        external_contact=_external_contact(answer.part("external_contact")),
        follow_info=FollowInfo(**_follow_fields(follow), tag_ids=follow.texts("tag_id")),
    )


def _follow_fields(answer: Answer) -> dict[str, Any]:
    return {
        "userid": answer.text("userid"),
        "remark": answer.optional("remark") or "",
        "description": answer.optional("description") or "",
        "createtime": answer.moment("createtime"),
        "remark_mobiles": tuple(mobile for mobile in answer.texts("remark_mobiles") if mobile),
        "remark_corp_name": answer.filled("remark_corp_name"),
        "oper_userid": answer.filled("oper_userid"),
        "add_way": answer.code("add_way", 0),
        "state": answer.filled("state"),
    }


def _tag_info(answer: Answer) -> TagInfo:
    return TagInfo(
        group_name=answer.optional("group_name") or "",
        tag_name=answer.text("tag_name"),
        tag_id=answer.filled("tag_id"),
        type=answer.code("type", 1),
    )


def read_tag_group(answer: Answer) -> TagGroupInfo:
    """Read a group of corp tags out of WeCom's answer."""
    return TagGroupInfo(
        group_id=answer.text("group_id"),
        group_name=answer.text("group_name"),
        order=answer.integer("order", 0),
        create_time=answer.moment("create_time"),
        tags=tuple(
            CorpTag(
                id=part.text("id"),
                name=part.text("name"),
                order=part.integer("order", 0),
                create_time=part.moment("create_time"),
            )
            for part in answer.parts("tag")
        ),
    )

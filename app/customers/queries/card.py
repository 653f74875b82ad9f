"""Reads for a customer's card (客户画像): few, indexed, bounded however long the history is."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, aliased

from app.customers.models import Customer, FollowUser
from app.errors import NotFound
from app.i18n import N_, _

# WeCom's add_way (document/path/92114); one that is newer than this table is told as 其他方式.
ADD_WAYS = {
    1: N_("扫描二维码"),
    2: N_("搜索手机号"),
    3: N_("名片分享"),
    4: N_("群聊"),
    5: N_("手机通讯录"),
    6: N_("微信联系人"),
    7: N_("微信好友申请"),
    8: N_("第三方应用代加"),
    9: N_("搜索邮箱"),
    10: N_("视频号添加"),
    11: N_("日程参与人"),
    12: N_("会议参与人"),
    13: N_("微信好友转入"),
    14: N_("智慧硬件专属客服"),
    15: N_("上门服务客服"),
    16: N_("获客链接"),
    17: N_("定制开发"),
    18: N_("需求回复"),
    21: N_("第三方售前客服"),
    22: N_("可能的商务伙伴"),
    24: N_("接受微信账号好友申请"),
    201: N_("内部成员共享"),
    202: N_("管理员或负责人分配"),
}

# What ended a relation, by `FollowUser.removed_by`.
ENDINGS = {
    "customer": N_("客户删除"),
    "member": N_("员工删除"),
    "transfer": N_("转接给同事"),
    "reconcile": N_("对账发现已不是好友"),
}
# Where WeCom keeps avatars; the policy of our pages lets an image come from nowhere else.
# No user, no port, and no backslash, which browsers read as a slash.
AVATAR = re.compile(r"https?://((?:[a-z0-9-]+\.)+(?:qlogo|qpic)\.cn/[^\\\s]*)")
WECHAT, WECOM = 1, 2

# Made once: for every card anew, they would cost more than the database does.
_first, _other = aliased(FollowUser), aliased(FollowUser)
_CUSTOMER = (
    select(
        Customer,
        FollowUser.period,
        # Not the least `added_at`: for that, databases walk the index of all whom he follows.
        select(_first.added_at)
        .where(
            _first.userid == bindparam("userid"),
            _first.external_userid == bindparam("external_userid"),
        )
        .order_by(_first.period)
        .limit(1)
        .scalar_subquery()
        .label("first_added_at"),
        select(func.count())
        .select_from(_other)
        .where(
            _other.external_userid == bindparam("external_userid"),
            _other.userid != bindparam("userid"),
            _other.removed_at.is_(None),
        )
        .scalar_subquery()
        .label("colleagues"),
    )
    .join(FollowUser, FollowUser.external_userid == Customer.external_userid)
    .where(
        FollowUser.userid == bindparam("userid"),
        FollowUser.external_userid == bindparam("external_userid"),
    )
    .order_by(FollowUser.period.desc())
    .limit(1)
)


@dataclass(frozen=True)
class Card:
    """A customer before one member.

    `count`: how often they have added each other, since `first_added_at`. `colleagues`: how many
    other members follow him now.
    """

    customer: Customer
    count: int
    first_added_at: datetime
    colleagues: int


def get_card(session: Session, follow: FollowUser) -> Card:
    """Read the card of the customer of this relation.

    Raises:
        NotFound: there is no such relation any more.
    """
    pair = {"userid": follow.userid, "external_userid": follow.external_userid}
    row = session.execute(_CUSTOMER, pair).one_or_none()
    if row is None:
        raise NotFound(N_("没有这位客户"))
    return Card(
        customer=row.Customer,
        count=row.period,
        first_added_at=row.first_added_at,
        colleagues=row.colleagues,
    )


def word_add_way(add_way: int | None) -> str:
    """Say how the customer was added, in the reader's language; "" where WeCom does not know."""
    if not add_way:
        return ""
    return _(ADD_WAYS.get(add_way, N_("其他方式")))


def word_origin(kind: int | None, corp_name: str) -> str:
    """Say where he is known from, by WeCom's type: @微信, or his corp, whose name is clean."""
    if kind == WECHAT:
        return _("@微信")
    if kind == WECOM:
        return f"@{corp_name}" if corp_name else _("@企业微信")
    return ""


def safe_avatar(url: str) -> str:
    """Return an avatar's address, over https, if it lies where WeCom keeps them."""
    match = AVATAR.fullmatch(url)
    return f"https://{match[1]}" if match else ""

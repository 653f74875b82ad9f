"""Reads for a customer's card (客户画像): few, indexed, bounded however long the history is."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, aliased

from app.customers.models import Customer, FollowTag, FollowUser
from app.errors import NotFound
from app.i18n import N_, _
from app.members.models import Member

PERIODS, TAGS, COLLEAGUES = 10, 60, 8

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

# Made once: for every card anew, they would cost more than the database does.
_first = aliased(FollowUser)
_CUSTOMER = (
    select(
        Customer,
        FollowUser,
        select(func.min(_first.added_at))
        .where(
            _first.userid == bindparam("userid"),
            _first.external_userid == bindparam("external_userid"),
        )
        .scalar_subquery()
        .label("first_added_at"),
    )
    .join(FollowUser, FollowUser.external_userid == Customer.external_userid)
    .where(
        FollowUser.userid == bindparam("userid"),
        FollowUser.external_userid == bindparam("external_userid"),
    )
    .order_by(FollowUser.period.desc())
    .limit(PERIODS)
)
_COLLEAGUES = (
    select(FollowUser.userid, Member.name)
    .outerjoin(Member, Member.userid == FollowUser.userid)
    .where(
        FollowUser.external_userid == bindparam("external_userid"),
        FollowUser.userid != bindparam("userid"),
        FollowUser.removed_at.is_(None),
    )
    .order_by(FollowUser.added_at, FollowUser.id)
    .limit(COLLEAGUES + 1)
)
_TAGS = (
    select(FollowTag.tag_name)
    .where(FollowTag.follow_id == bindparam("follow_id"))
    .order_by(FollowTag.group_name, FollowTag.tag_name)
    .limit(TAGS)
)


@dataclass(frozen=True)
class Card:
    """A customer before one member.

    `periods`: the newest of this pair, newest first, `count` of them in all since
    `first_added_at`. `colleagues`: names of other members who follow him now; `more_colleagues`:
    there are more. The same with `tags`, which are this member's.
    """

    customer: Customer
    periods: tuple[FollowUser, ...]
    count: int
    first_added_at: datetime
    tags: tuple[str, ...]
    colleagues: tuple[str, ...]
    more_colleagues: bool


def get_card(session: Session, follow: FollowUser) -> Card:
    """Read the card of the customer of this relation.

    Raises:
        NotFound: there is no such relation any more.
    """
    pair = {"userid": follow.userid, "external_userid": follow.external_userid}
    rows = session.execute(_CUSTOMER, pair).all()
    if not rows:
        raise NotFound(N_("没有这位客户"))
    names = session.execute(_COLLEAGUES, pair).all()
    tags = session.scalars(_TAGS, {"follow_id": follow.id})
    return Card(
        customer=rows[0].Customer,
        periods=tuple(row.FollowUser for row in rows),
        count=rows[0].FollowUser.period,
        first_added_at=rows[0].first_added_at,
        tags=tuple(tags),
        colleagues=tuple(row.name or row.userid for row in names[:COLLEAGUES]),
        more_colleagues=len(names) > COLLEAGUES,
    )


def word_add_way(add_way: int | None) -> str:
    """Say how the customer was added, in the reader's language; "" where WeCom does not know."""
    if not add_way:
        return ""
    return _(ADD_WAYS.get(add_way, N_("其他方式")))

"""What WeCom tells about a customer and his followers, taken over into our rows."""

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.customers.actions.follow import Change, record_change
from app.customers.actions.profile import ensure_customer, take_over_contact
from app.customers.models import FollowTag, FollowUser
from app.db import fit
from app.members.queries import canonical_userid
from app.wecom.external_contact import CustomerDetail, FollowUserInfo


def record_detail(session: Session, detail: CustomerDetail) -> None:
    """Take over what WeCom says about a customer and every member who follows him.

    What it does not show any more (a relation that ended) is kept as it was.
    """
    ensure_customer(session, detail.external_contact.external_userid)
    take_over_contact(session, detail.external_contact)
    for info in detail.follow_users:
        _record_follow_info(session, detail.external_contact.external_userid, info)


def _record_follow_info(session: Session, external_userid: str, info: FollowUserInfo) -> None:
    row = record_change(
        session,
        Change(
            userid=canonical_userid(session, info.userid),
            external_userid=external_userid,
            kind="seen",
            at=info.createtime,
            state=info.state or "",
        ),
    )
    values: dict[str, Any] = {
        "remark": fit(info.remark, 128),
        "description": fit(info.description, 1024),
        "remark_mobiles": list(info.remark_mobiles)[:10],
        "add_way": info.add_way,
        "oper_userid": info.oper_userid or "",
    }
    for name, value in values.items():
        setattr(row, name, value)
    _replace_tags(session, row, info)


def _replace_tags(session: Session, row: FollowUser, info: FollowUserInfo) -> None:
    wanted = {(fit(t.group_name, 64), fit(t.tag_name, 64)): t for t in info.tags}
    have = {
        (tag.group_name, tag.tag_name)
        for tag in session.scalars(select(FollowTag).where(FollowTag.follow_id == row.id))
    }
    for group_name, tag_name in have - wanted.keys():
        session.execute(
            delete(FollowTag).where(
                FollowTag.follow_id == row.id,
                FollowTag.group_name == group_name,
                FollowTag.tag_name == tag_name,
            )
        )
    for key in wanted.keys() - have:
        tag = wanted[key]
        session.add(
            FollowTag(
                follow_id=row.id,
                group_name=key[0],
                tag_name=key[1],
                tag_id=tag.tag_id or "",
                type=tag.type,
            )
        )

"""What WeCom tells about a customer and his followers, taken over into our rows."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import clock
from app.customers.actions.follow import Change, record_change
from app.customers.actions.profile import ensure_customer, take_over_contact
from app.customers.models import FollowTag, FollowUser
from app.db import fit
from app.members.queries import canonical_userid
from app.pushes.actions import confirm_pushes
from app.pushes.queries import list_held, list_unsettled
from app.wecom.external_contact import CustomerDetail, FollowUserInfo


def record_detail(
    session: Session, detail: CustomerDetail, *, asked_at: datetime | None = None
) -> None:
    """Take over what WeCom says about a customer and every member who follows him.

    What it does not show any more (a relation that ended) is kept as it was; so is what a member
    changed here and WeCom, which was asked at `asked_at`, could not know yet.
    """
    external_userid = detail.external_contact.external_userid
    ensure_customer(session, external_userid)
    take_over_contact(session, detail.external_contact)
    for info in detail.follow_users:
        _record_follow_info(session, external_userid, info, asked_at or clock.utcnow())


def _record_follow_info(
    session: Session, external_userid: str, info: FollowUserInfo, asked_at: datetime
) -> None:
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
    # The customer's row is locked by now: nobody changes anything of his any more.
    held = list_held(session, row.userid, external_userid, asked_at)
    if "remark" in held:
        del values["remark"]
    for name, value in values.items():
        setattr(row, name, value)
    _replace_tags(session, row, info, held=held.get("tags", set()))
    _confirm(session, row, info)


def _confirm(session: Session, row: FollowUser, info: FollowUserInfo) -> None:
    """End what could not be told and has come to be so all the same, by the member's own hand."""
    shown = {tag.tag_id for tag in info.tags}
    unsettled = list_unsettled(session, row.userid, row.external_userid)
    confirm_pushes(
        session,
        [
            push.id
            for push in unsettled
            if push.outcome == "failed"
            and (
                push.value == info.remark
                if push.kind == "remark"
                else (push.value == "add") == (push.subject in shown)
            )
        ],
    )


def _replace_tags(
    session: Session, row: FollowUser, info: FollowUserInfo, *, held: Collection[str]
) -> None:
    """Have the tags that WeCom shows; those of the tag_ids `held` stay as they are."""
    ours = session.scalars(select(FollowTag).where(FollowTag.follow_id == row.id)).all()
    kept = {(tag.group_name, tag.tag_name) for tag in ours if tag.tag_id and tag.tag_id in held}
    wanted = {
        (fit(t.group_name, 64), fit(t.tag_name, 64)): t for t in info.tags if t.tag_id not in held
    }
    have = {(tag.group_name, tag.tag_name) for tag in ours} - kept
    for group_name, tag_name in have - wanted.keys():
        session.execute(
            delete(FollowTag).where(
                FollowTag.follow_id == row.id,
                FollowTag.group_name == group_name,
                FollowTag.tag_name == tag_name,
            )
        )
    for key in wanted.keys() - have - kept:
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

"""What WeCom tells about a customer and his followers, taken over into our rows."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.customers.actions.follow import Change, add_change
from app.customers.actions.own_changes import (
    bare_remark,
    tag_key,
    tell_description,
    tell_mobiles,
    tell_remark,
    tell_tags,
)
from app.customers.actions.profile import ensure_customer, lock_customer, take_over_contact
from app.customers.actions.sealing import set_mobiles
from app.customers.actions.shown import has_come, held_columns, values_of
from app.customers.models import Customer, FollowTag, FollowUser
from app.db import fit
from app.erased import Erased
from app.members.queries import canonical_userid
from app.pushes.actions import confirm_pushes
from app.pushes.queries import list_held, list_unsettled
from app.wecom.external_contact import CustomerDetail, FollowUserInfo, TagInfo


def record_detail(
    session: Session, detail: CustomerDetail, *, asked_at: datetime | None = None
) -> None:
    """Take over what WeCom says about a customer and every member who follows him.

    What it does not show any more (a relation that ended) is kept as it was; so is what a member
    changed here and WeCom, which was asked at `asked_at`, could not know yet. Where a remark or
    tags became others, the timeline tells of it. Of one who was erased nothing is taken over.
    """
    external_userid = detail.external_contact.external_userid
    asked_at = asked_at or clock.utcnow()
    try:
        ensure_customer(session, external_userid)
    except Erased:
        return
    lock_customer(session, external_userid)
    customer = session.get_one(Customer, external_userid)
    was_named = customer.name
    take_over_contact(session, detail.external_contact)
    for info in detail.follow_users:
        row = _record_relation(session, external_userid, info)
        # One that was never read before has no remark and no tags to change.
        is_first, had = row.add_way is None, bare_remark(row.remark, was_named, customer.name)
        described, mobiles = row.description, row.remark_mobiles
        added, removed = _record_follow_info(session, row, info, asked_at)
        if is_first:
            continue
        has = bare_remark(row.remark, was_named, customer.name)
        if had != has:
            tell_remark(session, row, before=had, after=has, read_at=asked_at)
        if described != (now := row.description):
            tell_description(session, row, before=described, after=now, read_at=asked_at)
        if mobiles != row.remark_mobiles:
            tell_mobiles(session, row, read_at=asked_at)
        if added or removed:
            tell_tags(session, row, added=added, removed=removed, read_at=asked_at)


def _record_relation(session: Session, external_userid: str, info: FollowUserInfo) -> FollowUser:
    return add_change(
        session,
        Change(
            userid=canonical_userid(session, info.userid),
            external_userid=external_userid,
            kind="seen",
            at=info.createtime,
            state=info.state or "",
        ),
    )


def _record_follow_info(
    session: Session, row: FollowUser, info: FollowUserInfo, asked_at: datetime
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the tags that came and those that went, as `tell_tags` wants them."""
    values = values_of(info)
    # The customer's row is locked by now: nobody changes anything of his any more.
    held = list_held(session, row.userid, row.external_userid, asked_at)
    for name in held_columns(held):
        del values[name]
    if (mobiles := values.pop("remark_mobiles", None)) is not None:
        set_mobiles(session, row, mobiles)
    for name, value in values.items():
        setattr(row, name, value)
    moved = _replace_tags(session, row, info, held=held.get("tags", set()))
    _confirm(session, row, info)
    return moved


def _confirm(session: Session, row: FollowUser, info: FollowUserInfo) -> None:
    """End what could not be told and has come to be so all the same, by the member's own hand."""
    shown = {tag.tag_id for tag in info.tags}
    unsettled = list_unsettled(session, row.userid, row.external_userid)
    confirm_pushes(
        session,
        [
            push.id
            for push in unsettled
            if push.outcome == "failed" and has_come(session, push, info, shown)
        ],
    )


def _replace_tags(
    session: Session, row: FollowUser, info: FollowUserInfo, *, held: Collection[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Have the tags that WeCom shows; those of the tag_ids `held` stay as they are.

    Returns those that came and those that went, by `tag_key`; one that was renamed did neither.
    """
    ours = session.scalars(select(FollowTag).where(FollowTag.follow_id == row.id)).all()
    have = {_place(tag): tag for tag in ours if not (tag.tag_id and tag.tag_id in held)}
    kept = {_place(tag) for tag in ours} - have.keys()
    shown = [_mark(row, tag) for tag in info.tags if tag.tag_id not in held]
    wanted = {_place(tag): tag for tag in shown}
    gone = [tag for place, tag in have.items() if place not in wanted]
    new = [tag for place, tag in wanted.items() if place not in have and place not in kept]
    for tag in gone:
        session.delete(tag)
    session.flush()
    session.add_all(new)
    added = {tag_key(tag): tag.tag_name for tag in new}
    removed = {tag_key(tag): tag.tag_name for tag in gone}
    both = added.keys() & removed.keys()
    return (
        {key: name for key, name in added.items() if key not in both},
        {key: name for key, name in removed.items() if key not in both},
    )


def _place(tag: FollowTag) -> tuple[str, str]:
    return tag.group_name, tag.tag_name


def _mark(row: FollowUser, tag: TagInfo) -> FollowTag:
    # To MariaDB, names that differ in spaces at their end are the same one.
    return FollowTag(
        follow_id=row.id,
        group_name=fit(tag.group_name.strip(), 64),
        tag_name=fit(tag.tag_name.strip(), 64),
        tag_id=tag.tag_id or "",
        type=tag.type,
    )

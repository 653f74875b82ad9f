"""Giving and taking corp tags in the name of a member who follows the customer."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app.admin.pages.customer.looking import Looked, get_looked
from app.admin.pages.customer.tags import show_tags
from app.admin.pages.customer.working import UNFIT, answer, note_deed, relation, work_on
from app.admin.pages.parts import Admin, Answer, Form
from app.admin.reading import number
from app.customers.actions import mark_tag, retry_tags
from app.customers.models import FollowUser
from app.customers.queries import Follower, list_tag_board
from app.errors import NotFound, Refused
from app.i18n import N_, _
from app.members.queries import Scope
from app.runtime import Runtime
from app.words import visible

PARTED = N_("他们已经不是好友，不能再改标签")


def show_tag_choices(session: Session, followers: Sequence[Follower]) -> dict[str, Any]:
    """List whose tags can be changed, and every corp tag by its group."""
    taggers = [
        (one.follow.id, visible(one.name) or one.follow.userid)
        for one in followers
        if one.is_within and one.is_current
    ]
    groups = [
        (
            visible(group.name) or _("未命名的标签组"),
            [(tag.key, visible(tag.name) or _("未命名的标签")) for tag in group.tags],
        )
        for group in (list_tag_board(session) if taggers else [])
    ]
    return {"taggers": taggers, "tag_groups": groups}


def load_tags(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read the tags of `?follow=` anew, `?looks=`: how often the page has asked."""
    looked = get_looked(runtime, session, admin)
    follow = relation(
        session, looked.external_userid, number(request.args.get("follow")), looked.scope
    )
    looks = number(request.args.get("looks")) + 1
    return {"at": looked.at, "shown": show_tags(session, looked, follow, looks=looks)}


def tag(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Give the tag `add`, or take the tag `remove`, in the name of the member of `follow`."""
    on = "remove" not in form
    key = number(form.get("add") if on else form.get("remove"))
    work = partial(_tag, admin=admin, follow_id=number(form.get("follow")), key=key, on=on)
    return _answer(runtime, admin, form, work)


def retry(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Tell WeCom again of all tags of this member of which it could not be told."""
    work = partial(_retry, admin=admin, follow_id=number(form.get("follow")))
    return _answer(runtime, admin, form, work)


def _tag(
    session: Session,
    external_userid: str,
    scope: Scope,
    *,
    admin: Admin,
    follow_id: int,
    key: int,
    on: bool,
) -> str:
    follow = _living(session, external_userid, follow_id, scope)
    marked = mark_tag(
        session, external_userid, userid=follow.userid, tag_key=key, on=on, by=admin.userid
    )
    name = visible(marked.name)
    if not marked.changed:
        return _("「{tag}」本来就在", tag=name) if on else _("「{tag}」本来就没有", tag=name)
    action = "customer_tag_added" if on else "customer_tag_removed"
    detail: dict[str, int | str] = {"member": follow.userid, "tag": marked.name}
    note_deed(session, admin, action, external_userid, detail)
    return _("已加上「{tag}」", tag=name) if on else _("已去掉「{tag}」", tag=name)


def _retry(
    session: Session, external_userid: str, scope: Scope, *, admin: Admin, follow_id: int
) -> str:
    follow = _living(session, external_userid, follow_id, scope)
    count = retry_tags(session, external_userid, userid=follow.userid, by=admin.userid)
    if count:
        detail: dict[str, int | str] = {"member": follow.userid, "count": count}
        note_deed(session, admin, "customer_tags_retried", external_userid, detail)
    return _("{count} 个标签正在重新同步", count=count)


def _living(session: Session, external_userid: str, follow_id: int, scope: Scope) -> FollowUser:
    follow = relation(session, external_userid, follow_id, scope)
    if follow.removed_at is not None:
        raise Refused(_(PARTED))
    return follow


def _answer(
    runtime: Runtime, admin: Admin, form: Form, work: Callable[[Session, str, Scope], str]
) -> Answer:
    status = 200
    try:
        told = work_on(runtime, admin, work)
    except (NotFound, Refused) as error:
        told, status = _(str(error)), UNFIT

    def show(session: Session, looked: Looked) -> dict[str, Any]:
        follow_id = number(form.get("follow"))
        follow = relation(session, looked.external_userid, follow_id, looked.scope)
        return {"shown": show_tags(session, looked, follow), "tag_told": told}

    return answer(runtime, admin, "tags_set", show, told=told, status=status)

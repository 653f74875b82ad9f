"""What is done to corp tags: always in WeCom first, and here only what WeCom has taken over."""

from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app.admin.pages.parts import Admin, Done, Form, Unfit
from app.admin.reading import number
from app.audit.actions import record_audit
from app.customers.jobs import (
    push_group_name,
    push_new_tags,
    push_tag_deletion,
    push_tag_name,
    sync_tags,
)
from app.customers.models import Tag, TagGroup
from app.errors import NotFound, Refused
from app.i18n import _
from app.runtime import Runtime
from app.wecom.errors import TryAgainLater, WeComError
from app.wecom.external_contact import TagGroupInfo

# Longer than any name that WeCom takes, so that what is wrong with it can be said.
LONGEST, MOST_LINES = 200, 200
# The longest that an id of WeCom's is. NOBODY is no group's: without one, WeCom would make a group.
ID_LENGTH, NOBODY = 64, "-"
# He waits before the page.
SYNC_SECONDS = 8.0


def sync(runtime: Runtime, admin: Admin, form: Form) -> Done | Unfit:
    """Pull all tags from WeCom."""
    del form

    def work() -> None:
        sync_tags(runtime, within=SYNC_SECONDS)
        runtime.db.commit(partial(_record, admin=admin, action="tags_synced"))

    return _do(work, _("已从企业微信同步"))


def create(runtime: Runtime, admin: Admin, form: Form) -> Done | Unfit:
    """Make a group with tags in it."""
    typed = {
        "group_name": form.get("group_name", "")[:LONGEST],
        "names": form.get("names", "")[: LONGEST * MOST_LINES],
        "group": "",
    }

    def note(session: Session, made: TagGroupInfo) -> None:
        count = len(made.tags)
        _record(session, admin=admin, action="tag_group_created", name=made.group_name, count=count)

    def work() -> None:
        push_new_tags(runtime, _lines(typed["names"]), group_name=typed["group_name"], note=note)

    return _do(work, _("标签组已在企业微信建立"), typed=typed)


def add(runtime: Runtime, admin: Admin, form: Form) -> Done | Unfit:
    """Make tags in a group."""
    group_id = _group_id(form)
    typed = {"group_name": "", "names": form.get("names", "")[:LONGEST], "group": group_id}

    def note(session: Session, made: TagGroupInfo) -> None:
        for tag in made.tags:
            _record(session, admin=admin, action="tag_created", name=tag.name)

    def work() -> None:
        push_new_tags(runtime, _lines(typed["names"]), group_id=group_id, note=note)

    return _do(work, _("标签已在企业微信建立"), typed=typed)


def rename(runtime: Runtime, admin: Admin, form: Form) -> Done | Unfit:
    """Give a tag another name."""
    was, name = form.get("was", ""), form.get("name", "")[:LONGEST]
    note = partial(_record, admin=admin, action="tag_renamed", before=was, after=name.strip())
    key = number(form.get("tag"))
    work = partial(push_tag_name, runtime, key, name, was=was, note=note)
    return _do(work, _("标签已在企业微信改名"))


def rename_group(runtime: Runtime, admin: Admin, form: Form) -> Done | Unfit:
    """Give a group another name."""
    was, name = form.get("was", ""), form.get("name", "")[:LONGEST]
    note = partial(_record, admin=admin, action="tag_group_renamed", before=was, after=name.strip())
    group_id = _group_id(form)
    work = partial(push_group_name, runtime, group_id, name, was=was, note=note)
    return _do(work, _("标签组已在企业微信改名"))


def delete(runtime: Runtime, admin: Admin, form: Form) -> Done | Unfit:
    """Delete a tag: customers lose it."""
    key = number(form.get("tag"))

    def note(session: Session) -> None:
        name = session.get_one(Tag, key).name
        _record(session, admin=admin, action="tag_deleted", name=name)

    work = partial(push_tag_deletion, runtime, tag_key=key, note=note)
    return _do(work, _("标签已在企业微信删除"))


def delete_group(runtime: Runtime, admin: Admin, form: Form) -> Done | Unfit:
    """Delete a group with all its tags: customers lose them."""
    group_id = _group_id(form)

    def note(session: Session) -> None:
        name = session.get_one(TagGroup, group_id).name
        _record(session, admin=admin, action="tag_group_deleted", name=name)

    work = partial(push_tag_deletion, runtime, group_id=group_id, note=note)
    return _do(work, _("标签组已在企业微信删除"))


def _group_id(form: Form) -> str:
    """Return which group is meant; NOBODY where there is none, or more than any id holds."""
    given = form.get("group", "")
    return given if 0 < len(given) <= ID_LENGTH else NOBODY


def _do(work: Callable[[], Any], told: str, *, typed: dict[str, str] | None = None) -> Done | Unfit:
    """Do it, or say what WeCom or we have against it; what was typed stays."""
    try:
        work()
    except (Refused, NotFound) as error:
        fault = _(str(error))
    except WeComError as error:
        fault = _word(error)
    else:
        return Done(told)
    return Unfit({"fault": fault} | ({"typed": typed} if typed else {}))


def _word(error: WeComError) -> str:
    where = f" {error.console}" if error.console else ""
    if isinstance(error, TryAgainLater) and error.may_have_happened:
        after = _("请先点“从企业微信同步”，看看改好了没有。")
        return _("{why}。{after}", why=error.plain, after=after)
    return _("企业微信没有接受：{why}。什么都没有改动。", why=f"{error.plain}{where}")


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines()[:MOST_LINES] if line.strip()]


def _record(session: Session, *, admin: Admin, action: str, **detail: int | str) -> None:
    record_audit(session, userid=admin.userid, action=action, origin=admin.origin, detail=detail)

"""The tags in a profile, and the sheet in which a tap gives or takes one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from flask import request
from sqlalchemy.orm import Session

from app.customers.actions import Marked, mark_tag, retry_tags
from app.customers.queries import (
    BoardTag,
    Mark,
    find_tags,
    list_marked,
    list_marks,
    list_tag_board,
)
from app.errors import NotFound, Refused
from app.i18n import _
from app.outbox import customer_path
from app.pushes.models import Push
from app.pushes.queries import list_recent_subjects, word_reason
from app.runtime import Runtime
from sidebar.context import CardContext
from sidebar.panels.parts import Reply
from sidebar.panels.profile.pushed import may_write, read_unsettled, show_way, why_not
from sidebar.panels.profile.timeline import show_timeline
from sidebar.panels.reading import number
from sidebar.panels.showing import visible

T = TypeVar("T")

FORBIDDEN, UNKNOWN = 403, 422
OWN = 2
# With more tags than these the groups are closed at first.
AT_A_GLANCE = 40
NAMED = 5
WATCHED = 50
# Where the focus goes from a toast about the tags.
HOME = "#tags-open"


def show_tags(session: Session, context: CardContext, pushes: Sequence[Push]) -> dict[str, Any]:
    """Show the tags of the customer, and how they stand with WeCom."""
    own = [push for push in pushes if push.kind == "tags"]
    states = _states(own)
    marks = list_marks(session, context.viewpoint.follow)
    can = may_write(context)
    return {
        "path": customer_path(context.external_userid),
        "tags": [_shown(mark, states) for mark in marks if visible(mark.name)],
        "tags_way": _way(session, own),
        "may_tag": can,
        "tags_hint": "" if can else why_not(session, context),
    }


def load_sheet(session: Session, context: CardContext) -> dict[str, Any]:
    """Read every tag that he could have, this member's last used ones first."""
    pushes = read_unsettled(session, context)
    has = list_marked(session, context.viewpoint.follow)
    states = _states(push for push in pushes if push.kind == "tags")
    board = list_tag_board(session)
    known = {tag.tag_id: tag for group in board for tag in group.tags}
    used = list_recent_subjects(session, context.viewer.userid, "tags", "add")
    groups = [
        {
            "name": visible(group.name) or _("未命名的标签组"),
            "tags": [_chip(tag, has, states) for tag in group.tags],
        }
        for group in board
    ]
    values = show_tags(session, context, pushes)
    return values | {
        "recent": [_chip(known[tag_id], has, states) for tag_id in used if tag_id in known],
        "tag_groups": groups,
        "all_open": len(known) <= AT_A_GLANCE,
        "own_tags": [tag["text"] for tag in values["tags"] if tag["kind"] == "own"],
    }


def load_way(session: Session, context: CardContext) -> dict[str, Any]:
    """Read how the tags stand with WeCom: what the page asks again and again.

    `was` in the address: the tags that were under way when the page last asked.
    """
    was = [number(key) for key in request.args.get("was", "").split(",")[:WATCHED]]
    return _read(session, context, was)


def mark(runtime: Runtime, context: CardContext, form: Mapping[str, str]) -> Reply:
    """Give the tag `add`, or take the tag `remove`."""
    on = "add" in form
    key = number(form.get("add") or form.get("remove"))
    work = partial(
        mark_tag,
        external_userid=context.external_userid,
        userid=context.viewer.userid,
        tag_key=key,
        on=on,
    )
    return _answer(runtime, context, work, partial(_notice, key=key, on=on), keys=[key])


def retry(runtime: Runtime, context: CardContext, _form: Mapping[str, str]) -> Reply:
    """Tell WeCom again of all tags of which it could not be told."""
    work = partial(
        retry_tags, external_userid=context.external_userid, userid=context.viewer.userid
    )
    return _answer(runtime, context, work, lambda _count: None)


def _answer(
    runtime: Runtime,
    context: CardContext,
    work: Callable[[Session], T],
    word: Callable[[T], dict[str, Any] | None],
    *,
    keys: Sequence[int] = (),
) -> Reply:
    """Do it, and word what came of it: only here, where the reader's language is known."""
    status = 200
    notice: dict[str, Any] | None
    if not may_write(context):
        with runtime.db.read() as session:
            notice, status = _fault(why_not(session, context)), FORBIDDEN
    else:
        try:
            notice = word(runtime.db.commit(work))
        except (NotFound, Refused) as error:
            notice, status = _fault(_(str(error))), UNKNOWN
    with runtime.db.read() as session:
        values = show_timeline(session, context) | _read(session, context, keys)
    return Reply("panels/profile/tags_changed.html", values | {"notice": notice}, status)


def _fault(text: str) -> dict[str, Any]:
    return {"text": text, "is_fault": True, "home": HOME}


def _notice(marked: Marked, *, key: int, on: bool) -> dict[str, Any] | None:
    if not marked.changed:
        return None
    tag = visible(marked.name)
    said = _("已加上「{tag}」", tag=tag) if on else _("已去掉「{tag}」", tag=tag)
    undo = {"action": "tag", "values": {"remove" if on else "add": key}, "target": "#tags"}
    return {"text": said, "undo": undo, "home": HOME}


def _read(session: Session, context: CardContext, keys: Sequence[int]) -> dict[str, Any]:
    """Read the tags, and the chips of the sheet that may look otherwise now."""
    pushes = read_unsettled(session, context)
    states = _states(push for push in pushes if push.kind == "tags")
    has = list_marked(session, context.viewpoint.follow)
    moved = find_tags(session, tag_ids=list(states), keys=keys)
    chips = [_chip(tag, has, states) for tag in moved if not tag.is_gone]
    return show_tags(session, context, pushes) | {"chips": chips}


def _states(pushes: Iterable[Push]) -> dict[str, str]:
    return {push.subject: "failed" if push.outcome else "pending" for push in pushes}


def _shown(mark: Mark, states: Mapping[str, str]) -> dict[str, Any]:
    return {
        "text": visible(mark.name),
        "kind": "own" if mark.type == OWN else "corp",
        "is_gone": mark.is_gone,
        "state": states.get(mark.tag_id, ""),
    }


def _chip(tag: BoardTag, has: set[str], states: Mapping[str, str]) -> dict[str, Any]:
    return {
        "key": tag.key,
        "text": visible(tag.name) or _("未命名的标签"),
        "is_on": tag.tag_id in has,
        "state": states.get(tag.tag_id, ""),
    }


def _way(session: Session, pushes: Sequence[Push]) -> dict[str, Any]:
    """Word what failed, those of one reason together."""
    if not pushes:
        return show_way(pushes, [])
    tags = {tag.tag_id: tag for tag in find_tags(session, [push.subject for push in pushes])}
    failed: dict[tuple[str, str], list[str]] = {}
    for push in reversed(pushes):
        if push.outcome == "failed":
            tag = tags.get(push.subject)
            name = visible(tag.name if tag else "") or _("未命名的标签")
            failed.setdefault((push.value, word_reason(push)), []).append(name)
    faults = [_word_fault(value, why, names) for (value, why), names in failed.items()]
    pending = [push.subject for push in pushes if push.outcome is None]
    was = ",".join(str(tags[tag_id].key) for tag_id in pending[:WATCHED] if tag_id in tags)
    return show_way(pushes, faults) | {"was": was}


def _word_fault(value: str, why: str, names: Sequence[str]) -> str:
    told = _("、").join(f"「{name}」" for name in names[:NAMED])
    if len(names) > NAMED:
        told = _("{tags}等 {count} 个标签", tags=told, count=len(names))
    if value == "add":
        return _("{tags}没有加到企业微信：{why}", tags=told, why=why)
    return _("{tags}没有从企业微信去掉：{why}", tags=told, why=why)

"""The panel 画像: the customer at a glance, his stage by one tap, his timeline."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from flask import current_app, request
from sqlalchemy.orm import Session

from app import clock
from app.customers.actions import StageMove, change_stage, undo_stage
from app.customers.errors import StageConflict
from app.customers.queries import StageNow, get_card, get_stage_board, get_timeline_page
from app.errors import NotFound
from app.groups.queries import list_groups_of
from app.i18n import N_, _
from app.members.queries import find_member
from app.outbox import customer_path
from app.runtime import Runtime
from app.words import clean
from sidebar.context import CardContext
from sidebar.panels.parts import Panel, Reply
from sidebar.panels.profile import view

GROUPS = 5
CONFLICT, UNKNOWN = 409, 422
DIGITS = 18
JUST_NOW = timedelta(minutes=5)


def load(session: Session, context: CardContext) -> dict[str, Any]:
    """Read the whole card; with `?before=…`, an older page of the timeline instead of the newest.

    htmx asks for such a page alone.
    """
    before = request.args.get("before", "")
    values = _timeline(session, context, before)
    if before and _is_htmx():
        return values | {"page_only": True}
    return values | _card(session, context) | _stage(session, context)


def change(runtime: Runtime, context: CardContext, form: Mapping[str, str]) -> Reply:
    """Move the customer to the stage that was tapped."""
    work = partial(
        change_stage,
        external_userid=context.external_userid,
        to_stage_id=_number(form.get("to")),
        userid=context.viewer.userid,
        seen=_number(form.get("seen")),
    )
    return _answer(runtime, context, work, done=N_("已改为「{stage}」"), offers_undo=True)


def undo(runtime: Runtime, context: CardContext, form: Mapping[str, str]) -> Reply:
    """Take the last change back."""
    work = partial(
        undo_stage,
        external_userid=context.external_userid,
        change_id=_number(form.get("change")),
        userid=context.viewer.userid,
    )
    return _answer(runtime, context, work, done=N_("已撤销，回到「{stage}」"))


def _answer(
    runtime: Runtime,
    context: CardContext,
    work: Callable[[Session], StageMove],
    *,
    done: str,
    offers_undo: bool = False,
) -> Reply:
    """Do the work and show the stage as it is then, with what there is to say about it."""
    try:
        move = runtime.db.commit(work)
    except StageConflict as conflict:
        return _reply(runtime, context, CONFLICT, conflict=conflict)
    except NotFound as error:
        return _reply(runtime, context, UNKNOWN, notice={"text": _(str(error)), "is_fault": True})
    notice: dict[str, Any] = {"text": _(done, stage=move.to_stage)}
    if not move.changed:
        notice = {"text": _("已经是「{stage}」", stage=move.to_stage)}
    elif move.can_undo and offers_undo:
        notice["undo"] = move.change_id
    return _reply(runtime, context, 200, notice=notice)


def _reply(
    runtime: Runtime,
    context: CardContext,
    status: int,
    *,
    notice: Mapping[str, Any] | None = None,
    conflict: StageConflict | None = None,
) -> Reply:
    with runtime.db.read() as session:
        values = _timeline(session, context, "") | _stage(session, context)
        if conflict is not None:
            values["conflict"] = _conflict(session, context, conflict, values["stages"])
        values["notice"] = notice and {**notice, "text": clean(notice["text"])}
        if _is_htmx():
            return Reply("panels/profile/stage_changed.html", values, status)
        # Without JavaScript the form was sent by the browser: it shows the whole card again.
        return Reply("panels/profile/panel.html", values | _card(session, context), status)


def _card(session: Session, context: CardContext) -> dict[str, Any]:
    follow = context.viewpoint.follow
    card = get_card(session, follow)
    times = _times()
    groups = list_groups_of(session, context.external_userid, limit=GROUPS + 1)
    member = "" if context.viewpoint.is_own else _name_of(session, follow.userid)
    return {
        "header": view.show_header(card, follow, times),
        "bars": view.show_bars(card, follow, times, member=member),
        "periods": view.show_periods(card.periods, times) if card.count > 1 else [],
        "period_count": card.count,
        "tags": [tag for name in card.tags if (tag := view.visible(name))],
        "colleagues": [view.visible(name) for name in card.colleagues],
        "more_colleagues": card.more_colleagues,
        "groups": [view.visible(chat.name) or _("未命名群聊") for chat in groups[:GROUPS]],
        "more_groups": len(groups) > GROUPS,
    }


def _stage(session: Session, context: CardContext) -> dict[str, Any]:
    board = get_stage_board(session, context.external_userid)
    return {
        "path": customer_path(context.external_userid),
        "stages": [(stage_id, clean(name)) for stage_id, name in board.stages],
        "stage_id": board.now.stage_id,
        "seen": board.now.change_id,
    }


def _timeline(session: Session, context: CardContext, before: str) -> dict[str, Any]:
    page = get_timeline_page(session, context.external_userid, before=before)
    # A page that is read alone stands under its own heading, one that is appended does not.
    above = before if _is_htmx() else ""
    return {
        "path": customer_path(context.external_userid),
        "before": before,
        "days": view.show_timeline(page, _times(), before=above),
        "older": page.older,
    }


def _conflict(
    session: Session,
    context: CardContext,
    conflict: StageConflict,
    stages: list[tuple[int, str]],
) -> dict[str, Any]:
    told = _word_conflict(session, context, conflict.current)
    return {
        "text": clean(told),
        "wanted": conflict.wanted,
        "wanted_name": dict(stages).get(conflict.wanted),
    }


def _word_conflict(session: Session, context: CardContext, current: StageNow) -> str:
    if current.userid == context.viewer.userid:
        return _("你已在别处把阶段改成「{stage}」", stage=current.name)
    member = _name_of(session, current.userid)
    if current.at is None or clock.utcnow() - current.at < JUST_NOW:
        return _("{member} 刚把阶段改成「{stage}」", member=member, stage=current.name)
    when = _times().minute(current.at)
    return _(
        "{member} 在 {when} 把阶段改成「{stage}」", member=member, when=when, stage=current.name
    )


def _name_of(session: Session, userid: str) -> str:
    member = find_member(session, userid)
    return view.visible(member.name if member else "") or userid


def _times() -> view.Times:
    runtime: Runtime = current_app.extensions["banke_runtime"]
    return view.Times.of(runtime.config.server.zone)


def _is_htmx() -> bool:
    return request.headers.get("HX-Request") == "true"


def _number(text: str | None) -> int:
    """Read an id from a form; what is none is 0, which is nobody's."""
    fits = text is not None and text.isascii() and text.isdigit() and len(text) <= DIGITS
    return int(text) if text and fits else 0


PANEL = Panel(name="profile", title=N_("画像"), load=load, actions={"stage": change, "undo": undo})

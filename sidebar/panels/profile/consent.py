"""Whether the customer wants to hear of offers: by one tap, with undo; a no is not tapped away."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app.customers.actions import (
    Answer,
    ConsentMove,
    add_to_consent,
    set_consent,
    undo_consent,
)
from app.customers.errors import ConsentConflict, RefusedBefore
from app.customers.queries import (
    AGREED,
    CONSENT_STATES,
    OWN_WAYS,
    UNASKED,
    ConsentNow,
    get_consent,
    word_consent,
    word_way,
)
from app.errors import NotFound, Refused
from app.i18n import _
from app.outbox import customer_path
from app.runtime import Runtime
from app.words import clean
from sidebar.context import CardContext
from sidebar.panels.parts import Reply
from sidebar.panels.profile.timeline import show_timeline
from sidebar.panels.reading import number, times
from sidebar.panels.showing import name_of, visible

CONFLICT, UNKNOWN = 409, 422
HOME = "#consent button"
# Whoever taps here is in the chat with him.
WAY = "chat"


def show_consent(session: Session, context: CardContext, *, takes_more: int = 0) -> dict[str, Any]:
    """Read where he stands. `takes_more`: the change that its maker may add to."""
    now = get_consent(session, context.external_userid)
    return {
        "path": customer_path(context.external_userid),
        "consent": {
            "state": now.state,
            "words": word_consent(now.state),
            "seen": now.change_id,
            "answers": [
                {"key": key, "words": _(words), "is_chosen": key == now.state}
                for key, words in CONSENT_STATES.items()
                if key != UNASKED
            ],
            "known": _word_known(session, now),
            "after": _show_after(now) if takes_more and takes_more == now.change_id else None,
        },
    }


def change(runtime: Runtime, context: CardContext, form: Mapping[str, str]) -> Reply:
    """Write down what he said. `again`: the member knows that he had refused."""
    said = Answer(state=form.get("state", ""), way=WAY, again="again" in form)
    work = partial(
        set_consent,
        external_userid=context.external_userid,
        said=said,
        userid=context.viewer.userid,
        seen=number(form.get("seen")),
    )
    try:
        move = runtime.db.commit(work)
    except (ConsentConflict, RefusedBefore) as late:
        return _show_conflict(runtime, context, late, said.state)
    except (NotFound, Refused) as error:
        return _refuse(runtime, context, error)
    return _reply(runtime, context, notice=_notice(move), takes_more=move.now.change_id)


def undo(runtime: Runtime, context: CardContext, form: Mapping[str, str]) -> Reply:
    """Take his own last tap back."""
    work = partial(
        undo_consent,
        external_userid=context.external_userid,
        change_id=number(form.get("change")),
        userid=context.viewer.userid,
    )
    try:
        move = runtime.db.commit(work)
    except (NotFound, Refused) as error:
        return _refuse(runtime, context, error)
    text = _("已撤销，回到「{state}」", state=word_consent(move.now.state))
    return _reply(runtime, context, notice={"text": text})


def add(runtime: Runtime, context: CardContext, form: Mapping[str, str]) -> Reply:
    """Put onto his own last tap how it is known, and a few words."""
    change_id = number(form.get("change"))
    work = partial(
        add_to_consent,
        external_userid=context.external_userid,
        change_id=change_id,
        userid=context.viewer.userid,
        way=form.get("way", ""),
        note=visible(" ".join(form.get("note", "").split())),
    )
    try:
        runtime.db.commit(work)
    except (NotFound, Refused) as error:
        return _refuse(runtime, context, error)
    return _reply(runtime, context, notice={"text": _("已补充")}, takes_more=change_id)


def _word_known(session: Session, now: ConsentNow) -> str:
    """Say who wrote it down when, and how it is known."""
    if now.at is None or now.state == UNASKED:
        return ""
    member = name_of(session, now.userid) if now.userid else _("系统")
    told = _("{member} 在 {when} 记下", member=member, when=times().minute(now.at))
    parts = [told, word_way(now.way), visible(now.note)]
    return clean(" · ".join(part for part in parts if part))


def _show_after(now: ConsentNow) -> dict[str, Any]:
    return {
        "change": now.change_id,
        "way": now.way,
        "note": visible(now.note),
        "ways": [
            {"key": key, "words": _(words), "is_chosen": key == now.way}
            for key, words in OWN_WAYS.items()
        ],
    }


def _notice(move: ConsentMove) -> dict[str, Any]:
    words = word_consent(move.now.state)
    if not move.changed:
        return {"text": _("已经是「{state}」", state=words)}
    undone = {"action": "consent-undo", "values": {"change": move.now.change_id}}
    return {"text": _("营销意愿：{state}", state=words), "undo": undone | {"target": "#consent"}}


def _show_conflict(
    runtime: Runtime, context: CardContext, late: ConsentConflict | RefusedBefore, wanted: str
) -> Reply:
    with runtime.db.read() as session:
        known = _word_known(session, late.current)
    if isinstance(late, RefusedBefore) or wanted == AGREED:
        told, words = _("客户拒绝过营销。只有他本人重新同意，才能改回来。"), _("他本人重新同意了")
    else:
        told = _("营销意愿刚刚改成了「{state}」", state=word_consent(late.current.state))
        words = _("仍要改为「{state}」", state=word_consent(wanted))
    conflict = {"text": told, "known": known, "wanted": wanted, "words": words}
    return _reply(runtime, context, CONFLICT, conflict=conflict)


def _refuse(runtime: Runtime, context: CardContext, error: Exception) -> Reply:
    return _reply(runtime, context, UNKNOWN, notice={"text": _(str(error)), "is_fault": True})


def _reply(
    runtime: Runtime,
    context: CardContext,
    status: int = 200,
    *,
    notice: Mapping[str, Any] | None = None,
    conflict: Mapping[str, Any] | None = None,
    takes_more: int = 0,
) -> Reply:
    with runtime.db.read() as session:
        values = show_timeline(session, context)
        values |= show_consent(session, context, takes_more=takes_more)
    values["consent"]["conflict"] = conflict
    values["notice"] = notice and {**notice, "text": clean(notice["text"]), "home": HOME}
    return Reply("panels/profile/consent_set.html", values, status)

"""Whether the customer wants to hear of offers: shown, written down and taken back on his page."""

from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app.admin.pages.customer.looking import Looked
from app.admin.pages.customer.working import CONFLICT, UNFIT, answer, note_deed, work_on
from app.admin.pages.parts import Admin, Form
from app.admin.pages.parts import Answer as PageAnswer
from app.admin.reading import Times, number
from app.customers.actions import (
    CONSENT_UNDO_FOR,
    Answer,
    ConsentMove,
    set_consent,
    undo_consent,
)
from app.customers.errors import ConsentConflict, RefusedBefore
from app.customers.models import ConsentChange
from app.customers.queries import (
    CONSENT_STATES,
    OWN_WAYS,
    REFUSED,
    UNASKED,
    get_consent,
    list_consent_changes,
    word_consent,
    word_way,
)
from app.errors import NotFound, Refused
from app.i18n import _
from app.members.queries import Scope, list_names
from app.runtime import Runtime
from app.words import visible


def show_consent(
    session: Session, looked: Looked, *, viewer: str, typed: Form | None = None, told: str = ""
) -> dict[str, Any]:
    """Show where he stands and how he came there; `told` why what was `typed` was not taken."""
    now = get_consent(session, looked.external_userid)
    changes = list_consent_changes(session, looked.external_userid)
    names = list_names(session, {one.userid for one in changes})
    is_his = bool(changes) and changes[0].userid == viewer and not changes[0].is_undo
    is_fresh = bool(changes) and looked.now.now - changes[0].changed_at <= CONSENT_UNDO_FOR
    return {
        "consent": {
            "state": now.state,
            "words": word_consent(now.state),
            "seen": now.change_id,
            "answers": [(key, _(words)) for key, words in CONSENT_STATES.items() if key != UNASKED],
            "ways": [(key, _(words)) for key, words in OWN_WAYS.items()],
            "way": typed.get("way", "") if typed else "chat",
            "note": typed.get("note", "") if typed else "",
            "asks_again": now.state == REFUSED,
            "told": told,
            "undo": changes[0].id if is_his and is_fresh else 0,
            "before": word_consent(changes[0].from_state) if changes else "",
            "changes": [_show_change(one, looked.now, names) for one in changes],
        }
    }


def change(runtime: Runtime, admin: Admin, form: Form) -> PageAnswer:
    """Write down what the customer said; `again`: the admin knows that he had refused."""
    said = Answer(
        state=form.get("state", ""),
        way=form.get("way", ""),
        note=" ".join(visible(form.get("note", "")).split()),
        again="again" in form,
    )
    work = partial(_change, admin=admin, said=said, seen=number(form.get("seen")))
    return _answer(runtime, admin, work, form)


def undo(runtime: Runtime, admin: Admin, form: Form) -> PageAnswer:
    """Take back what he himself has just written down."""
    work = partial(_undo, admin=admin, change_id=number(form.get("change")))
    return _answer(runtime, admin, work, form)


def _change(
    session: Session, external_userid: str, _scope: Scope, *, admin: Admin, said: Answer, seen: int
) -> ConsentMove:
    move = set_consent(session, external_userid, said=said, userid=admin.userid, seen=seen)
    _note(session, admin, "consent_changed", external_userid, move)
    return move


def _undo(
    session: Session, external_userid: str, _scope: Scope, *, admin: Admin, change_id: int
) -> ConsentMove:
    move = undo_consent(session, external_userid, change_id=change_id, userid=admin.userid)
    _note(session, admin, "consent_undone", external_userid, move)
    return move


def _note(
    session: Session, admin: Admin, action: str, external_userid: str, move: ConsentMove
) -> None:
    if move.changed:
        # Apart from other words: refused says something else about an import.
        detail: dict[str, int | str] = {
            "consent": f"consent_{move.now.state}",
            "was": f"consent_{move.before}",
        }
        note_deed(session, admin, action, external_userid, detail)


def _answer(
    runtime: Runtime,
    admin: Admin,
    work: Callable[[Session, str, Scope], ConsentMove],
    form: Form,
) -> PageAnswer:
    show = partial(show_consent, viewer=admin.userid)
    try:
        move = work_on(runtime, admin, work)
    except (ConsentConflict, RefusedBefore) as late:
        told = _word_conflict(late)
        show = partial(show, typed=form, told=told)
        return answer(runtime, admin, "consent_set", show, told=told, status=CONFLICT)
    except (NotFound, Refused) as error:
        told = _(str(error))
        show = partial(show, typed=form, told=told)
        return answer(runtime, admin, "consent_set", show, told=told, status=UNFIT)
    told = _("营销意愿：{state}", state=word_consent(move.now.state))
    return answer(runtime, admin, "consent_set", show, told=told)


def _word_conflict(late: ConsentConflict | RefusedBefore) -> str:
    if isinstance(late, RefusedBefore):
        return _("客户拒绝过营销。只有他本人重新同意，才能改回来。")
    return _("营销意愿刚刚改成了「{state}」", state=word_consent(late.current.state))


def _show_change(one: ConsentChange, now: Times, names: dict[str, str]) -> dict[str, str]:
    added = [] if one.is_undo else [word_way(one.way), visible(one.note)]
    return {
        "at": now.minute(one.changed_at),
        "from": word_consent(one.from_state),
        "to": word_consent(one.to_state),
        "member": visible(names.get(one.userid, "")) or one.userid or _("系统"),
        "added": " · ".join(part for part in added if part) or (_("撤销") if one.is_undo else ""),
    }

"""What is done about losses: why a customer left, that he was spoken to, who is to win him back."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from app.admin.pages.losses.asking import read_asked
from app.admin.pages.losses.showing import show_list, show_row
from app.admin.pages.parts import Admin, Answer, Done, Form, Reply
from app.admin.problems import Problem
from app.admin.reading import number, times
from app.audit.actions import record_audit
from app.churn.actions import (
    Assignment,
    Cause,
    assign_win_backs,
    note_mass_loss_seen,
    set_contacted,
    set_loss_reason,
)
from app.churn.errors import ReasonChanged
from app.churn.models import Loss, MassLoss
from app.churn.queries import find_loss, find_losses, read_rows
from app.customers.models import FollowUser
from app.customers.queries import word_reason
from app.errors import NotFound, Refused
from app.i18n import N_, _
from app.members.queries import find_member, list_present
from app.runtime import Runtime
from app.words import clean

T = TypeVar("T")

CONFLICT, UNFIT = 409, 422
# Why somebody was not assigned, in words that follow how many they are.
LEFT_WORDS = {
    "same": N_("{count} 位本来就是这样"),
    "back": N_("{count} 位已经回流"),
    "transfer": N_("{count} 位是转接，不用挽回"),
    "unseen": N_("{count} 位的资料 {name} 看不到（他没有跟进这些客户，也不是跟进人的主管）"),
}


def set_reason(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Put down why the customer left; `was`: what stood there for him who chose."""
    loss_id = number(form.get("loss"))
    cause = Cause(reason=form.get("reason", ""), note=" ".join(clean(form.get("note", "")).split()))
    work = partial(_set_reason, admin=admin, cause=cause, was=form.get("was"))
    try:
        _commit(runtime, admin, loss_id, work)
    except ReasonChanged as changed:
        reason = word_reason(changed.reason) or _("未填写")
        told = _("刚刚有人把原因改成了「{reason}」，请看一看再改", reason=reason)
        return _show_reason(runtime, loss_id, told, status=CONFLICT)
    except NotFound as error:
        return _show_reason(runtime, loss_id, _(str(error)), status=UNFIT)
    words = word_reason(cause.reason)
    told = _("流失原因：{reason}", reason=words) if words else _("已清除流失原因")
    # Whoever chose this one may want to say more.
    return _show_reason(runtime, loss_id, told, is_open=cause.reason == "other" and not cause.note)


def contact(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Put down that somebody spoke to the customer; `undo`: that nobody did."""
    loss_id, contacted = number(form.get("loss")), "undo" not in form
    try:
        _commit(runtime, admin, loss_id, partial(_contact, admin=admin, contacted=contacted))
    except NotFound as error:
        raise Problem("no_such_page", reason=str(error)) from None
    told = _("已标为已联系") if contacted else _("已改回未处理")
    values = {"row": _read_row(runtime, loss_id), "told": told, "is_fresh": True}
    return Reply("pages/losses/win_back_set.html", values, told)


def assign(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Have the member who was chosen win back the customers who were ticked."""
    ids = list(dict.fromkeys(map(number, form.getlist("loss"))))
    userid = form.get("userid", "")
    given = {"ticked": ids, "chosen": userid}
    if not ids:
        return _show_list(runtime, admin, _("还没有勾选客户"), fault=given)
    if "userid" not in form or not _is_choice(runtime, admin, userid):
        return _show_list(runtime, admin, _("请选择分配给谁"), fault=given)
    work = partial(_assign, admin=admin, ids=ids, to=userid)
    try:
        assignment = runtime.db.commit(work)
    except Refused as error:
        return _show_list(runtime, admin, _(str(error)), fault=given)
    told = _word_assignment(assignment, _name_of(runtime, userid) if userid else "")
    return _show_list(runtime, admin, told, fault={} if assignment.done else given)


def see_alarm(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Take note of an alarm, for everybody."""

    def see(session: Session) -> MassLoss:
        mass_id, scope = number(form.get("alarm")), admin.scope(session)
        mass = note_mass_loss_seen(session, mass_id, scope=scope, userid=admin.userid)
        if mass.seen_by == admin.userid:
            _record(session, admin, "mass_loss_seen", detail=_alarm_detail(mass))
        return mass

    try:
        runtime.db.commit(see)
    except NotFound:
        raise Problem("no_such_page", reason="alarm") from None
    return Done(_("已确认，大家都不再看到这条提醒"))


def _commit(runtime: Runtime, admin: Admin, loss_id: int, work: Callable[[Session, Loss], T]) -> T:
    """Do something about a loss that is in this admin's scope."""

    def find_and_work(session: Session) -> T:
        loss = find_loss(session, loss_id, admin.scope(session))
        if loss is None:
            raise Problem("no_such_page", reason="loss")
        return work(session, loss)

    return runtime.db.commit(find_and_work)


def _set_reason(
    session: Session, loss: Loss, *, admin: Admin, cause: Cause, was: str | None
) -> None:
    follow = session.get_one(FollowUser, loss.follow_id)
    before = set_loss_reason(session, follow, userid=admin.userid, cause=cause, instead_of=was)
    if before != Cause(reason=loss.reason, note=loss.reason_note):
        detail = {"member": loss.userid, "before": before.reason, "after": loss.reason}
        _record(session, admin, "loss_reason_set", loss.external_userid, detail=detail)


def _contact(session: Session, loss: Loss, *, admin: Admin, contacted: bool) -> None:
    if set_contacted(session, loss, userid=admin.userid, contacted=contacted):
        action = "loss_contacted" if contacted else "loss_contact_undone"
        _record(session, admin, action, loss.external_userid, detail={"member": loss.userid})


def _assign(session: Session, *, admin: Admin, ids: Sequence[int], to: str) -> Assignment:
    losses = find_losses(session, ids, admin.scope(session))
    if len(losses) != len(ids):
        raise Problem("no_such_page", reason="losses")
    assignment = assign_win_backs(session, losses, to=to, userid=admin.userid)
    action = "win_back_assigned" if to else "win_back_unassigned"
    for loss in assignment.done:
        _record(session, admin, action, loss.external_userid, detail={"member": to})
    return assignment


def _alarm_detail(mass: MassLoss) -> dict[str, int | str]:
    return {"member": mass.userid, "day": mass.day.isoformat(), "count": mass.count}


def _record(
    session: Session,
    admin: Admin,
    action: str,
    external_userid: str = "",
    *,
    detail: Mapping[str, int | str],
) -> None:
    record_audit(
        session,
        userid=admin.userid,
        action=action,
        external_userid=external_userid,
        detail=detail,
        origin=admin.origin,
    )


def _is_choice(runtime: Runtime, admin: Admin, userid: str) -> bool:
    """Tell whether he is one of those to choose from; nobody is one, too."""
    with runtime.db.read() as session:
        present = list_present(session, admin.scope(session))
    return not userid or userid in {one.userid for one in present}


def _name_of(runtime: Runtime, userid: str) -> str:
    with runtime.db.read() as session:
        member = find_member(session, userid)
    return clean(member.name) if member and member.name else userid


def _word_assignment(assignment: Assignment, name: str) -> str:
    count = len(assignment.done)
    parts = []
    if count and name:
        parts.append(_("已把 {count} 位客户分配给 {name}，他会收到消息", count=count, name=name))
    elif count:
        parts.append(_("已取消 {count} 位客户的分配", count=count))
    parts += _word_left(assignment.left, name)
    return _("；").join(parts)


def _word_left(left: Counter[str], name: str) -> list[str]:
    return [_(LEFT_WORDS[why], count=count, name=name) for why, count in left.items()]


def _read_row(runtime: Runtime, loss_id: int) -> dict[str, Any]:
    with runtime.db.read() as session:
        [row] = read_rows(session, [loss_id])
        return show_row(runtime, row, times(runtime))


def _show_reason(
    runtime: Runtime, loss_id: int, told: str, *, is_open: bool = False, status: int = 200
) -> Reply:
    is_fault = status >= CONFLICT
    values = {
        "row": _read_row(runtime, loss_id),
        "told": told,
        "fault": told if is_fault else "",
        "is_open": is_open or is_fault,
        "is_fresh": True,
    }
    return Reply("pages/losses/reason_set.html", values, told, status)


def _show_list(runtime: Runtime, admin: Admin, told: str, *, fault: dict[str, Any]) -> Reply:
    """Show the list with what came of it; `fault`: nothing did, and this was given."""
    with runtime.db.read() as session:
        values = show_list(runtime, session, read_asked(runtime, session, admin))
    values |= {"result": told, "is_fault": bool(fault), **fault}
    return Reply("pages/losses/assigned.html", values, told, UNFIT if fault else 200)

"""Batches: confirmed first, then on their way with progress, stopped at will, and their result."""

from datetime import datetime, timedelta
from typing import Any

from flask import request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app import clock
from app.admin.pages.customers.asking import (
    ALL,
    CONSENTS,
    KIND,
    TICK,
    Asked,
    list_choices,
    read_asked,
    understand,
)
from app.admin.pages.parts import Admin, Answer, Done, Form, Unfit
from app.admin.problems import Problem
from app.admin.reading import Times, choices, customer_address, number, times
from app.audit.actions import record_audit
from app.batches.actions import MOST, MOST_REMINDERS, OF_CUSTOMERS, begin_batch, cancel_batch
from app.batches.models import Batch
from app.batches.queries import (
    OUTCOMES,
    Progress,
    find_batch,
    list_batches,
    list_items,
    measure_progress,
)
from app.customers.models import FollowUser
from app.customers.models.consent import NOTE_LENGTH
from app.customers.models.follow_ups import REMINDER_LENGTH
from app.customers.queries import (
    OWN_WAYS,
    UNASKED,
    CustomerCount,
    count_customers,
    find_stage,
    find_tags,
    read_relations,
    word_consent,
    word_stage,
)
from app.errors import Refused
from app.i18n import N_, _
from app.members.queries import list_names
from app.pushes.queries import word_reason
from app.runtime import Runtime, commit
from app.words import clean, visible

KIND_WORDS = {
    "tag_add": N_("加标签"),
    "tag_remove": N_("去掉标签"),
    "stage": N_("改阶段"),
    "consent": N_("记营销意愿"),
    "reminder": N_("给员工设提醒"),
}
TITLES = {
    "tag_add": N_("加标签「{what}」"),
    "tag_remove": N_("去掉标签「{what}」"),
    "stage": N_("改为「{what}」"),
    "consent": N_("记营销意愿：{what}"),
    "reminder": N_("提醒员工：{what}"),
}
LATEST = timedelta(days=366)


def show_plan(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Say what is about to be done, to how many, and ask for the rest."""
    asked, given = read_asked(runtime, session, admin), choices(runtime)
    kind = _kind(given)
    counted = _count(session, asked, given)
    relations, most = counted.relations, MOST_REMINDERS if kind == "reminder" else MOST
    tomorrow = (asked.now.now + timedelta(days=1)).strftime("%Y-%m-%dT09:00")
    shown = list_choices(session, asked)
    return {
        "kind": kind,
        "kind_words": _(KIND_WORDS[kind]),
        "relations": relations,
        "people": counted.people,
        "is_whole": counted.is_whole,
        "is_of_customers": kind in OF_CUSTOMERS,
        "is_too_many": (counted.people if kind in OF_CUSTOMERS else relations) > most,
        "most": f"{most:,}",
        "query": f"?f={request.args.get('f', '')}",
        "choices": {one: shown[one] for one in ("pipelines", "tag_groups", "consents")},
        "ways": [(key, _(words)) for key, words in OWN_WAYS.items()],
        "at": tomorrow,
        "longest": REMINDER_LENGTH,
        "back": asked.query(runtime),
        "fault": "",
        "typed": {},
    }


def begin(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Begin what was planned."""
    given, now = choices(runtime), times(runtime)
    kind = _kind(given)

    # Before the transaction: among very many it may take a while, and others want to write.
    with runtime.db.read() as session:
        asked = understand(session, given, now, admin.scope(session))
        chosen = _chosen(session, asked, given)

    def work(session: Session) -> Batch:
        what = _read_what(session, kind, form, now)
        batch = begin_batch(session, kind=kind, userid=admin.userid, what=what, chosen=chosen)
        _record(session, admin, "batch_begun", batch)
        return batch

    try:
        batch_id = commit(runtime, lambda session: work(session).id)
    except Refused as error:
        return Unfit({"fault": _(str(error)), "typed": dict(form)}, "batch")
    return Done(_("已开始，下面是进度"), f"result?batch={batch_id}")


def cancel(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Stop a batch."""
    batch_id = number(form.get("batch"))

    def work(session: Session) -> bool:
        batch = find_batch(session, batch_id, userid=_owner(admin))
        if batch is None:
            raise Problem("no_such_page", reason="batch")
        is_stopped = cancel_batch(session, batch, userid=admin.userid)
        if is_stopped:
            _record(session, admin, "batch_cancelled", batch)
        return is_stopped

    is_stopped = commit(runtime, work)
    told = _("已取消：做完的保留，还没写回企业微信的会退回") if is_stopped else _("它已经结束了")
    return Done(told, f"result?batch={batch_id}")


def show_batches(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """List the latest batches."""
    now = times(runtime)
    batches = list_batches(session, userid=_owner(admin))
    names = list_names(session, [one.userid for one in batches])
    return {
        "batches": [
            _show_batch(one, measure_progress(session, one.id), names, now) for one in batches
        ]
    }


def show_result(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Show how one batch gets on, and what became of whom."""
    batch = _find(session, admin)
    outcome = request.args.get("outcome", "")
    outcome = outcome if outcome in {*OUTCOMES, "failed"} else ""
    rows, following = list_items(
        session, batch, outcome=outcome, after=number(request.args.get("after"))
    )
    names = list_names(session, [batch.userid, batch.cancelled_by])
    shown = _show_batch(batch, measure_progress(session, batch.id), names, times(runtime))
    return {
        "batch": shown,
        "outcome": outcome,
        "rows": [
            {
                "address": customer_address(runtime, row.external_userid),
                "who": clean(row.remark or row.name) or _("未命名客户"),
                "member": clean(row.member),
                "outcome": _(OUTCOMES[row.outcome]) if row.outcome else _("等待中"),
                "told": _word_push(row.push),
            }
            for row in rows
        ],
        "after": following,
    }


def show_progress(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Show how one batch gets on."""
    batch = _find(session, admin)
    names = list_names(session, [batch.userid, batch.cancelled_by])
    progress = measure_progress(session, batch.id)
    return {"batch": _show_batch(batch, progress, names, times(runtime))}


def _show_batch(
    batch: Batch, progress: Progress, names: dict[str, str], now: Times
) -> dict[str, Any]:
    what = str(batch.what.get("name") or batch.what.get("text") or "")
    is_open = batch.ended_at is None
    told = sum(progress.pushes.values()) - progress.untold
    return {
        "id": batch.id,
        "title": _(TITLES[batch.kind], what=clean(what)),
        "by": clean(names.get(batch.userid, batch.userid)),
        "at": now.minute(batch.created_at),
        "total": batch.total,
        "is_open": is_open,
        "state": _word_state(batch, progress),
        "worked": batch.total - progress.open,
        "pushes": sum(progress.pushes.values()),
        "told": told,
        "failed": progress.pushes["failed"],
        "counts": [
            (name, _(words), progress.items[name])
            for name, words in OUTCOMES.items()
            if progress.items[name]
        ],
        "can_cancel": is_open and not batch.cancelled_by,
    }


def _find(session: Session, admin: Admin) -> Batch:
    batch = find_batch(session, number(request.args.get("batch")), userid=_owner(admin))
    if batch is None:
        raise Problem("no_such_page", reason="batch")
    return batch


def _word_state(batch: Batch, progress: Progress) -> str:
    if batch.cancelled_by:
        return _("已取消") if batch.ended_at else _("正在取消")
    if batch.ended_at:
        return _("已完成")
    return _("进行中") if progress.open else _("正在写回企业微信")


def _word_push(push: Any) -> str:
    if push is None:
        return ""
    if push.outcome == "failed":
        return _("没有同步到企业微信：{why}", why=word_reason(push))
    return _("等待写回企业微信") if push.outcome is None else _("企业微信已更新")


def _kind(given: MultiDict[str, str]) -> str:
    kind = given.get(KIND, "")
    if kind not in KIND_WORDS:
        raise Problem("no_such_page", reason="batch kind")
    return kind


def _chosen(session: Session, asked: Asked, given: MultiDict[str, str]) -> list[tuple[int, str]]:
    """Read the relations that were ticked, or all that the list is about, and their customers."""
    if given.get(ALL):
        found: list[tuple[int, str]] = []
        for piece in read_relations(session, asked.wanted):
            found += piece
            if len(found) > 2 * MOST:
                break
        return found
    ids = {number(text) for text in given.getlist(TICK)}
    mine = asked.wanted.scope.holds(FollowUser.userid)
    rows = select(FollowUser.id, FollowUser.external_userid).where(FollowUser.id.in_(ids), mine)
    return [(row[0], row[1]) for row in session.execute(rows)]


def _count(session: Session, asked: Asked, given: MultiDict[str, str]) -> CustomerCount:
    if given.get(ALL):
        return count_customers(session, asked.wanted)
    chosen = _chosen(session, asked, given)
    return CustomerCount(len(chosen), len({external_userid for _id, external_userid in chosen}))


def _read_what(session: Session, kind: str, form: Form, now: Times) -> dict[str, Any]:
    """Read what the kind needs. Raises: Refused, something is missing or wrong."""
    if kind == "stage":
        stage = find_stage(session, number(form.get("stage")))
        if stage is None:
            raise Refused(_("请选择要改成哪个阶段"))
        return {
            "stage_id": stage.id,
            "pipeline_id": stage.pipeline_id,
            "name": word_stage(stage.name),
        }
    if kind == "consent":
        return _read_answer(form)
    if kind == "reminder":
        return _read_reminder(form, now)
    tags = find_tags(session, keys=[number(form.get("tag"))])
    if not tags or tags[0].is_gone:
        raise Refused(_("请选择一个标签"))
    return {"tag_id": tags[0].tag_id, "name": tags[0].name}


def _read_answer(form: Form) -> dict[str, Any]:
    state, way = CONSENTS.get(form.get("consent", "")), form.get("way", "")
    if state is None:
        raise Refused(_("请选择客户说了什么"))
    if state != UNASKED and way not in OWN_WAYS:
        raise Refused(_("请选择怎样知道的"))
    note = " ".join(visible(form.get("note", "")).split())
    if len(note) > NOTE_LENGTH:
        raise Refused(_("补充最多 {most} 个字", most=NOTE_LENGTH))
    return {"state": state, "way": way, "note": note, "name": word_consent(state)}


def _read_reminder(form: Form, now: Times) -> dict[str, Any]:
    text = " ".join(clean(form.get("text", "")).split())
    if not text:
        raise Refused(_("请写上要提醒什么"))
    if len(text) > REMINDER_LENGTH:
        raise Refused(_("提醒最多 {most} 个字", most=REMINDER_LENGTH))
    try:
        at = datetime.strptime(form.get("at", ""), "%Y-%m-%dT%H:%M").replace(tzinfo=now.zone)
    except ValueError:
        raise Refused(_("请选择提醒的时间")) from None
    if not clock.utcnow() < at < clock.utcnow() + LATEST:
        raise Refused(_("提醒的时间要在今后一年之内"))
    return {"text": text, "at": at.isoformat()}


def _owner(admin: Admin) -> str:
    """Return whose batches he sees: a manager his own, others everybody's."""
    return admin.userid if admin.role == "manager" else ""


def _record(session: Session, admin: Admin, action: str, batch: Batch) -> None:
    detail: dict[str, int | str] = {"kind": batch.kind, "count": batch.total}
    what = str(batch.what.get("name", ""))
    record_audit(
        session,
        userid=admin.userid,
        action=action,
        detail=detail | ({"what": what} if what else {}),
        origin=admin.origin,
    )

"""How runs, their numbers and what was in their way read on the page 同步."""

from typing import Any

from sqlalchemy.orm import Session

from app.admin.reading import Times, span
from app.i18n import N_, _
from app.sync.models import SyncMember, SyncRun
from app.sync.queries import Held, Progress, Unasked, measure_progress
from app.wecom.codes import error_for
from app.words import clean

WHY = {
    "manual": N_("手动"),
    "nightly": N_("每晚对账"),
    "downtime": N_("停机后对账"),
    "released": N_("核对暂缓的客户"),
    "restored": N_("恢复备份后"),
}
PHASES = {
    "members": N_("正在读取部门、成员和标签"),
    "walk": N_("正在读取客户"),
    "close": N_("正在读取客户"),
    "chats": N_("正在核对客户群"),
    "groups": N_("正在核对客户群"),
    "look": N_("正在逐位核对企业微信没有列出的客户"),
}
OUTCOMES = {
    "done": ("done", N_("已完成")),
    "refused": ("failed", N_("企业微信拒绝了")),
    "cancelled": ("open", N_("已取消")),
}


def show_progress(session: Session, run: SyncRun, now: Times) -> dict[str, Any]:
    """Show how a run gets on."""
    measured = measure_progress(session, run)
    is_waiting = bool(run.fault) and run.due_at is not None and run.due_at > now.now
    return {
        "why": _(WHY.get(run.why, run.why)),
        "is_first": run.is_first,
        "phase": _(PHASES[run.phase]),
        "began": now.minute(run.created_at),
        "percent": round(measured.share * 100),
        "members": run.members,
        "gone_through": measured.gone_through,
        "numbers": _numbers(run),
        "speed": _word_speed(measured),
        "left": span(measured.left) if measured.left is not None and run.phase == "walk" else "",
        "fault": show_fault(run.errcode, run.fault) if run.fault else None,
        "again": now.second(run.due_at) if is_waiting and run.due_at else "",
    }


def show_run(run: SyncRun, names: dict[str, str], now: Times) -> dict[str, Any]:
    """Show a run that has ended."""
    state, word = OUTCOMES[run.outcome or "done"]
    took = (run.ended_at - run.created_at).total_seconds() if run.ended_at else 0.0
    return {
        "id": run.id,
        "why": _(WHY.get(run.why, run.why)),
        "by": clean(names.get(run.userid, run.userid)),
        "at": now.minute(run.created_at),
        "took": span(took),
        "state": state,
        "word": _(word),
        "is_first": run.is_first,
        "members": run.members,
        "listed": run.listed,
        "new": run.new,
        "changed": run.changed,
        "gone": run.gone,
        "missed_new": run.missed_new,
        "missed_gone": run.missed_gone,
        "group_moves": run.group_moves,
        "groups_dismissed": run.groups_dismissed,
        "numbers": _numbers(run),
    }


def show_held(held: Held, names: dict[str, str]) -> dict[str, Any]:
    """Show a member whose missing customers are held back."""
    return {
        "userid": held.userid,
        "name": clean(names.get(held.userid, held.userid)),
        "missing": held.missing,
        "had": held.had,
    }


def show_unasked(unasked: Unasked, names: dict[str, str]) -> dict[str, Any]:
    """Show a member who may not have customers."""
    return {
        "name": clean(names.get(unasked.userid, unasked.userid)),
        "customers": unasked.customers,
    }


def word_refused(member: SyncMember, names: dict[str, str]) -> dict[str, Any]:
    """Say why WeCom would not list a member's customers."""
    return {
        "name": clean(names.get(member.userid, member.userid)),
        **show_fault(member.errcode, member.fault),
    }


def show_fault(errcode: int | None, sentence: str) -> dict[str, str]:
    """Say what WeCom said was in the way, and the page of its console to open."""
    if errcode is None:
        return {"words": _(sentence), "console": ""}
    error = error_for(errcode, "", api="")
    return {"words": error.plain, "console": error.console or ""}


def _numbers(run: SyncRun) -> list[tuple[str, int]]:
    return [
        (_("读到的好友关系"), run.listed),
        (_("新增"), run.new),
        (_("有变化"), run.changed),
        (_("已不是好友"), run.gone),
        (_("核对的客户群"), run.groups_read),
    ]


def _word_speed(measured: Progress) -> str:
    if measured.per_second is None:
        return ""
    return _("每秒 {count} 条", count=f"{measured.per_second:,.0f}")

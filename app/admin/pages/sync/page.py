"""The page 同步: all customers taken over from WeCom, compared every night, and what came of it."""

from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app.admin.pages.parts import SYSTEM, Action, Admin, Answer, Done, Form, Page, Part, Unfit
from app.admin.pages.sync.showing import (
    show_fault,
    show_held,
    show_progress,
    show_run,
    show_unasked,
    word_refused,
)
from app.admin.problems import Problem
from app.admin.reading import number, times
from app.audit.actions import record_audit
from app.errors import Refused
from app.i18n import N_, _
from app.members.queries import list_names
from app.runtime import Runtime, commit
from app.sync.actions import begin_run, cancel_run, find_since, release_held
from app.sync.models import SyncRun
from app.sync.queries import (
    count_outcomes,
    find_open_run,
    find_run,
    list_ended_runs,
    list_held,
    list_refused,
    list_unasked,
)

LONGEST = 64


def load(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Show the run that is under way, those that have ended, and who is held back."""
    now = times(runtime)
    runs = list_ended_runs(session)
    held = list_held(session)
    unasked = list_unasked(session)
    people = [*(one.userid for one in runs), *(one.userid for one in held)]
    names = list_names(session, [*people, *(one.userid for one in unasked)])
    return {
        **progress(runtime, session, admin),
        "runs": [show_run(one, names, now) for one in runs],
        "held": [show_held(one, names) for one in held],
        "unasked": [show_unasked(one, names) for one in unasked],
        "is_new": find_since(session) is None,
        "nightly_at": runtime.config.sync.nightly_at or "",
        "percent": runtime.config.sync.held_percent,
        "problem": "",
    }


def progress(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Show how the run gets on that is under way."""
    del admin
    run = find_open_run(session)
    return {"run": show_progress(session, run, times(runtime)) if run else None}


def report(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Show what came of a run, and who was refused and why.

    Raises:
        Problem: no_such_page.
    """
    del admin
    run = find_run(session, number(request.args.get("run")))
    if run is None or run.outcome is None:
        raise Problem("no_such_page", reason="sync run")
    refused = list_refused(session, run.id)
    people = [run.userid, run.cancelled_by, *(one.userid for one in refused)]
    names = list_names(session, people)
    return {
        "report": show_run(run, names, times(runtime)),
        "outcomes": count_outcomes(session, run.id),
        "fault": show_fault(run.errcode, run.fault) if run.outcome == "refused" else None,
        "no_groups": show_fault(run.groups_errcode, "") if run.groups_errcode else None,
        "refused": [word_refused(one, names) for one in refused],
    }


def begin(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Begin a run."""
    del form

    def work(session: Session) -> None:
        run = begin_run(session, why="manual", userid=admin.userid)
        _record(session, admin, "sync_begun", run=run.id)

    try:
        commit(runtime, work)
    except Refused as error:
        return Unfit({"problem": _(str(error))})
    return Done(_("已开始，下面是进度；关掉页面也会继续"))


def cancel(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Stop the run that is under way."""
    del form

    def work(session: Session) -> SyncRun | None:
        run = cancel_run(session, userid=admin.userid)
        if run is not None:
            _record(session, admin, "sync_cancelled", run=run.id)
        return run

    is_stopped = commit(runtime, work) is not None
    return Done(_("已取消：同步好的都保留") if is_stopped else _("它已经结束了"))


def release(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Have the held back customers of a member looked at, one by one."""
    member = form.get("member", "")[:LONGEST]

    def work(session: Session) -> int:
        count = release_held(session, member, userid=admin.userid)
        if count:
            _record(session, admin, "sync_released", member=member, count=count)
        return count

    count = commit(runtime, work)
    told = _("正在逐位核对 {count} 位客户", count=count) if count else _("没有要核对的客户了")
    return Done(told)


def _record(session: Session, admin: Admin, action: str, **detail: int | str) -> None:
    record_audit(session, userid=admin.userid, action=action, detail=detail, origin=admin.origin)


PAGE = Page(
    name="sync",
    title=N_("同步"),
    permission="see_operations",
    group=SYSTEM,
    load=load,
    parts={
        "progress": Part("see_operations", progress),
        "report": Part("see_operations", report),
    },
    actions={
        "begin": Action("run_operations", begin),
        "cancel": Action("run_operations", cancel),
        "release": Action("run_operations", release),
    },
)

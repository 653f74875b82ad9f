"""The page 体检: every check of `flask doctor`, with what to do and what to paste where."""

import secrets
from datetime import datetime
from typing import Any

from flask import current_app, request
from sqlalchemy.orm import Session

from app import clock
from app.admin.pages.health.exams import Exams
from app.admin.pages.health.waiting import list_waiting
from app.admin.pages.parts import SYSTEM, Action, Admin, Done, Form, Page, Part, Reply
from app.admin.problems import Problem
from app.admin.reading import number, times
from app.config import is_loopback
from app.doctor import CHECKS, Check, corp, key_of, list_by_hand, run_check
from app.doctor.address import RECEIVE_PAGE
from app.doctor.exam import Exam, Finding, Mark
from app.i18n import N_, _
from app.runtime import Runtime

EXAMS = "banke_exams"
CONSOLE = "https://work.weixin.qq.com/wework_admin/"
MARKS: dict[Mark, tuple[str, str]] = {
    Mark.GOOD: ("good", N_("正常")),
    Mark.NOTE: ("note", N_("注意")),
    Mark.BAD: ("bad", N_("要解决")),
    Mark.LEFT: ("left", N_("没有检查")),
}
RUN_LENGTH = 32


def load(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Show what can be checked, and whether WeCom's check of our address has come."""
    del admin
    config = runtime.config
    return {
        "checks": [_show_check(name, check) for name, check in CHECKS],
        "console": "" if is_loopback(config.wecom.api_base) else CONSOLE,
        "receive_page": _(RECEIVE_PAGE),
        "addresses": [f"{config.server.base_url}/callbacks/{name}" for name in config.callbacks],
        "by_hand": list_by_hand(config),
        "is_running": False,
        "run": "",
        **_wait(runtime, session, since=clock.utcnow()),
    }


def wait(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Tell whether WeCom's check has come, to somebody who has waited since `?since=`."""
    del admin
    return _wait(runtime, session, since=clock.from_unix(number(request.args.get("since"))))


def check_one(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Run the check `?name=`, as one of `?run=` or by itself.

    Raises:
        Problem: no_such_page, too_many.
    """
    del session
    wanted = request.args.get("name", "")
    found = next((one for one in CHECKS if key_of(one[1]) == wanted), None)
    if found is None:
        raise Problem("no_such_page", reason="check")
    exams, run = _exams(runtime), request.args.get("run", "")[:RUN_LENGTH]
    if not exams.may_check(admin.userid):
        raise Problem("too_many", reason="checks")
    if run:
        return {"check": _show_check(*found, exams.of(run))}
    exam = exams.new()
    shown = _show_check(*found, exam)
    exam.close()
    return {"check": shown}


def check_all(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Run every check before the page is shown: for browsers without JavaScript."""
    exams = _exams(runtime)
    if not exams.may_begin(admin.userid):
        raise Problem("too_many", reason="checks")
    exam = exams.new()
    checks = [_show_check(name, check, exam) for name, check in CHECKS]
    exam.close()
    return load(runtime, session, admin) | {"checks": checks}


def begin(runtime: Runtime, admin: Admin, form: Form) -> Reply | Done:
    """Begin to run every check: the rows that the answer brings ask for theirs, each by itself.

    Raises:
        Problem: too_many.
    """
    del form
    if request.headers.get("HX-Request") != "true":
        return Done("", at="all")
    exams = _exams(runtime)
    if not exams.may_begin(admin.userid):
        raise Problem("too_many", reason="checks")
    run = secrets.token_urlsafe(12)
    exams.of(run)
    checks = [_show_check(name, check) for name, check in CHECKS]
    values = {"checks": checks, "is_running": True, "run": run}
    return Reply("pages/health/checks.html", values)


def _wait(runtime: Runtime, session: Session, *, since: datetime) -> dict[str, Any]:
    receivers = list_waiting(session, runtime.config, times(runtime), since=since)
    return {"receivers": receivers, "since": int(since.timestamp())}


def _exams(runtime: Runtime) -> Exams:
    exams: Exams = current_app.extensions.setdefault(EXAMS, Exams(runtime))
    return exams


def _show_check(name: str, check: Check, exam: Exam | None = None) -> dict[str, Any]:
    """Show a check, and with an examination what it finds."""
    findings = run_check(check, exam) if exam else ()
    return {
        "key": key_of(check),
        "name": _(name),
        "asks_wecom": check.__module__ == corp.__name__,
        "is_done": exam is not None,
        "findings": [_show_finding(one) for one in findings],
    }


def _show_finding(finding: Finding) -> dict[str, str]:
    state, word = MARKS[finding.mark]
    return {
        "state": state,
        "mark": finding.mark.value,
        "word": _(word),
        "about": finding.about,
        "words": finding.words,
        "code": finding.code,
        "console": finding.console or "",
        "paste": finding.paste,
    }


PAGE = Page(
    name="health",
    title=N_("体检"),
    permission="see_operations",
    group=SYSTEM,
    load=load,
    parts={
        "waiting": Part("see_operations", wait),
        "check": Part("run_operations", check_one),
        "all": Part("run_operations", check_all),
    },
    actions={"run": Action("run_operations", begin)},
)

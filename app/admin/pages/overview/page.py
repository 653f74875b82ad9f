"""The page 总览: how many customers there are, how they came and went, and whether all is well."""

from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app import clock
from app.admin.pages.overview.showing import (
    UNITS,
    show_funnel,
    show_growth,
    show_hours,
    show_totals,
    show_welcomes,
)
from app.admin.pages.parts import Admin, Page, Part
from app.admin.reading import times
from app.i18n import N_, _
from app.inbox.queries import count_fates, list_backlogs
from app.reports.asked import Asked
from app.reports.queries import get_reports
from app.runtime import Runtime
from app.sync.queries import list_held
from app.words import clean

SLOW_SECONDS = 10


def load(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read the reports of those whom this admin may see."""
    now = times(runtime)
    reports = get_reports(session, _ask(runtime, session, admin))
    figures = reports.figures
    top = figures["top_members"]
    return {
        "made_at": now.minute(reports.made_at),
        "is_kept": reports.is_kept,
        "zone": runtime.config.server.time_zone,
        "is_part": bool(admin.scope(session).manager),
        "tiles": show_totals(figures["totals"]),
        "growth": show_growth(figures["growth"], _unit()),
        "funnel": show_funnel(figures["funnel"]),
        "welcomes": show_welcomes(figures["welcomes"]),
        "top": [row | {"name": clean(row["name"])} for row in top["rows"]],
        "top_days": top["days"],
        "top_most": max((row["new"] for row in top["rows"]), default=0),
        "hours": show_hours(figures["busy_hours"]),
        "events": _show_events(session) if admin.may("see_operations") else [],
    }


def load_growth(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read the growth alone: another unit of it was asked for."""
    reports = get_reports(session, _ask(runtime, session, admin), ["growth"])
    return {"growth": show_growth(reports.figures["growth"], _unit()), "is_fresh": True}


def _ask(runtime: Runtime, session: Session, admin: Admin) -> Asked:
    return Asked(clock.utcnow(), runtime.config.server.zone, admin.scope(session))


def _unit() -> str:
    wanted = request.args.get("by", "")
    return wanted if wanted in UNITS else next(iter(UNITS))


def _show_events(session: Session) -> list[tuple[str, int, bool]]:
    fates = count_fates(session)
    backlogs = list_backlogs(session)
    waiting = sum(one.waiting for one in backlogs)
    oldest = max((one.oldest_seconds for one in backlogs), default=0.0)
    return [
        (_("等待处理的回调"), waiting, waiting > 0 and oldest > SLOW_SECONDS),
        (_("最早的已等（秒）"), round(oldest), oldest > SLOW_SECONDS),
        (_("处理失败的回调"), fates.get("dead", 0), fates.get("dead", 0) > 0),
        (_("读不懂的回调"), fates.get("unreadable", 0), fates.get("unreadable", 0) > 0),
        *[
            (_("对账时暂缓的员工，见“同步”"), held, True)
            for held in [len(list_held(session))]
            if held
        ],
    ]


PAGE = Page(
    name="overview",
    title=N_("总览"),
    permission="overview",
    load=load,
    parts={"growth": Part("overview", load_growth)},
)
